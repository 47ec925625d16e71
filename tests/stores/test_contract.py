"""What every backend promises, tried with each of them: a Redis and a state server that really run."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import uuid

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import ROOT
from xpipe_nb.stores.shared import open_store
from xpipe_nb.stores.store import Figures, Open, Put, PutSlot


def conversation(key, text):
    return Put("conversation", key, "", text)


def test_nothing_is_there_at_first(store, fresh):
    """What nobody has written is none, or empty."""
    assert store.record("conversation", fresh) is None
    assert store.records("thread", fresh) == []
    assert store.slots(fresh) == []
    assert store.figures(fresh) is None
    store.ping()


def test_records_replace_themselves_and_keep_their_place(store, fresh):
    """A group lists its records in the order in which they came, each as it was written last."""
    first, second = f"{fresh}-1", f"{fresh}-2"
    store.write(
        [Put("thread", first, fresh, "one"), Put("thread", second, fresh, "zwei ▸ ü"), conversation(fresh, "c")]
    )
    store.write([Put("thread", first, fresh, "one again")])
    assert store.record("thread", first) == b"one again"
    assert store.records("thread", fresh) == [(first, b"one again"), (second, "zwei ▸ ü".encode())]
    assert (fresh, b"c") in store.records("conversation", "")
    assert store.record("conversation", first) is None


def test_a_history_keeps_the_newest_slots_once_each(store, fresh):
    """A slot that is written twice is there once; the oldest go where there are too many."""
    slots = [PutSlot(fresh, "c", index, f"slot {index}", 3) for index in range(12)]
    for batch in (slots[:5], slots[3:], slots[10:]):
        store.write(batch)
    assert store.slots(fresh) == [(9, b"slot 9"), (10, b"slot 10"), (11, b"slot 11")]


def test_an_account_is_opened_once(store, fresh):
    """A second opening changes nothing, whatever limit it names."""
    store.write([Open(fresh, 100)])
    store.write([Open(fresh, 7)])
    assert store.figures(fresh) == Figures(100)
    assert store.reserve(fresh, "t", 60, 7) == (True, Figures(100, reserved=60))
    store.write([Open(fresh, None)])
    assert store.figures(fresh) == Figures(100, reserved=60)


def test_a_ticket_counts_once(store, fresh):
    """A question that is asked again, because its answer was lost, changes nothing more."""
    for _ in range(3):
        assert store.reserve(fresh, "t", 60, 100) == (True, Figures(100, reserved=60))
    assert store.reserve(fresh, "u", 60, 100) == (False, Figures(100, reserved=60))
    for _ in range(3):
        assert store.settle(fresh, "t", 30, 10) == Figures(100, 30, 10, 0, 1)
    assert store.settle(fresh, "never", 5, 5) == Figures(100, 30, 10, 0, 1)


def test_nothing_spent_gives_the_reservation_back(store, fresh):
    """A reservation that was not used is no request."""
    store.reserve(fresh, "t", 100, 100)
    assert store.settle(fresh, "t", 0, 0) == Figures(100)
    assert store.reserve(fresh, "none", 0, 100) == (True, Figures(100))
    assert store.settle(fresh, "none", 0, 0) == Figures(100)
    assert store.reserve(fresh, "u", 100, 100)[0]


def test_another_limit_counts_at_once(store, fresh):
    """A limit may be raised, taken away, or be below what is spent."""
    assert not store.reserve(fresh, "t", 20, 10)[0]
    assert store.change_limit(fresh, 30) == Figures(30)
    assert store.reserve(fresh, "t", 20, 10)[0]
    assert store.change_limit(fresh, 5) == Figures(5, reserved=20)
    assert not store.reserve(fresh, "u", 0, None)[0]
    assert store.change_limit(fresh, None) == Figures(None, reserved=20)
    assert store.reserve(fresh, "u", 10**12, None)[0]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(0, 5), st.integers(0, 60)),
        st.tuples(st.just("settle"), st.integers(0, 5), st.integers(0, 60)),
        st.tuples(st.just("limit"), st.integers(0, 120)),
    ),
    max_size=25,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=steps)
def test_accounts_obey_a_plain_model(store, steps):
    """Whatever is reserved, settled and changed in whatever order, the figures are those of simple sums."""
    name = f"model-{uuid.uuid4()}"
    limit, held, spent, requests = 100, {}, 0, 0
    store.write([Open(name, limit)])
    for word, *numbers in steps:
        if word == "reserve":
            ticket, tokens = numbers
            fits = ticket in held or spent + sum(held.values()) + tokens <= limit
            assert store.reserve(name, str(ticket), tokens, 100)[0] is fits
            if fits:
                held.setdefault(ticket, tokens)
        elif word == "settle":
            ticket, tokens = numbers
            if held.pop(ticket, None) is not None:
                spent, requests = spent + tokens, requests + (tokens > 0)
            store.settle(name, str(ticket), tokens, 0)
        else:
            limit = numbers[0]
            store.change_limit(name, limit)
        assert store.figures(name) == Figures(limit, spent, 0, sum(held.values()), requests)


def test_threads_together_never_pass_the_limit(store, fresh):
    """Of 4 threads that take 1 token 60 times each, exactly as many get one as there are."""
    granted = []

    def take(number):
        granted.extend(store.reserve(fresh, f"{number}-{each}", 1, 100)[0] for each in range(60))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (len(granted), sum(granted)) == (240, 100)
    assert store.figures(fresh) == Figures(100, reserved=100)


amounts = st.lists(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=12), min_size=2, max_size=4)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(limit=st.integers(0, 200), amounts=amounts)
def test_whoever_spends_at_once_keeps_to_the_limit(address, limit, amounts):
    """Clients reserve and settle over connections of their own: only what is settled above its own reservation can take
    an account above its limit, by just so much, and nothing stays set aside.
    """
    name, spent, over = str(uuid.uuid4()), [], []

    def spend(client, wishes):
        store = open_store(address)
        for number, (tokens, used) in enumerate(wishes):
            ticket = f"{client}-{number}"
            if store.reserve(name, ticket, tokens, limit)[0]:
                spent.append(used)
                over.append(max(0, used - tokens))
                store.settle(name, ticket, used, 0)
        store.close()

    threads = [threading.Thread(target=spend, args=each) for each in enumerate(amounts)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    store = open_store(address)
    now = store.change_limit(name, limit)  # which opens it, if nobody has
    store.close()
    assert (now.limit, now.used, now.reserved) == (limit, sum(spent), 0)
    assert now.used <= limit + sum(over)


SPENDER = """
import pickle, sys
from xpipe_nb import BudgetExhausted, SharedState

address, name = pickle.loads(sys.stdin.buffer.read())
spent = 0
with SharedState.open(address) as state:
    budget = state.budget(name, limit=150)
    for number in range(100):
        try:
            ticket = budget.reserve(3)
        except BudgetExhausted:
            continue
        used = budget.settle(ticket, prompt=1 + number % 3).prompt
        assert used <= 150
        spent += 1 + number % 3
print(spent)
"""


def test_processes_together_never_pass_the_limit(address, fresh):
    """Two processes reserve and settle at the same time; what each has spent adds up to what the account says."""
    command = [sys.executable, "-c", SPENDER]
    given = {"cwd": ROOT, "env": {**os.environ, "PYTHONPATH": str(ROOT)}}
    spenders = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **given) for _ in range(2)]
    for each in spenders:
        each.stdin.write(pickle.dumps((address, fresh)))
        each.stdin.close()
    spent = [int(each.stdout.read()) for each in spenders]
    assert [each.wait() for each in spenders] == [0, 0]
    for each in spenders:
        each.stdout.close()
    store = open_store(address)
    now = store.figures(fresh)
    store.close()
    assert (now.used, now.reserved) == (sum(spent), 0)
    assert 147 <= now.used <= 150
