"""Organisms that share their state: what others see of it, and how budgets are spent together."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from tests.stores.cast import asker, sayer, sharing, spender
from tests.stories.cast import Ask, Count, Say, Told, an_organism
from tests.support import ROOT, run
from xpipe_nb import (
    BudgetExhausted,
    ConfigError,
    ConversationFailed,
    Limits,
    ListenerConfig,
    SharedState,
    StateAddress,
    XPipeError,
    send,
)


def test_all_that_happens_can_be_read(backend):
    """Conversations, their threads, what arrived in them and what came back stand there as they are here."""

    async def story():
        histories = {}

        async def keeper(message: Say, meta) -> Told:
            histories[meta.thread_id] = [(slot.from_id, slot.payload, slot.time) for slot in meta.history]
            return Told(message.text.upper())

        sayer_again = ListenerConfig(name="sayer", handler=keeper)
        async with sharing(asker, sayer_again, backend=backend) as organism:
            organism.shared_state  # where nothing is named, it is kept from here on
            conversation = await organism.inject(Ask("hi"), to="asker")
            assert await conversation == [Told("HI 1, HI 2")]
            state = organism.shared_state
            [record] = [each for each in state.conversations() if each.id == conversation.id]
            assert (record.id, record.organism, record.number, record.port) == (conversation.id, "story", 1, "console")
            assert (record.state, record.participants) == ("done", ("console", "asker", "sayer"))
            assert (record.messages, record.error) == (conversation.messages, "")
            assert state.conversation(conversation.id) == record
            threads = state.threads(conversation.id)
            assert [(each.listener, each.depth, each.state) for each in threads] == [
                ("console", 0, "open"),
                ("asker", 1, "open"),
                ("sayer", 2, "closed"),
                ("sayer", 2, "closed"),
            ]
            assert [each.id for each in threads] == [frame.thread_id for frame in conversation.frames]
            assert threads[2].parent == threads[1].id and state.thread(threads[2].id) == threads[2]
            for thread in threads[2:]:
                read = [(slot.from_id, slot.payload, slot.time) for slot in state.history(thread.id)]
                assert read == histories[thread.id]
            assert [slot.payload for slot in state.history(conversation.id)] == [Told("HI 1, HI 2")]

    run(story())


def test_what_fails_is_marked_and_told(backend):
    """A message whose turn failed keeps its slot, the error reaches the root, and the record says why."""

    async def story():
        async with sharing(asker, sayer, backend=backend) as organism:
            state = organism.shared_state
            conversation = await organism.inject(Say("fail"), to="sayer")
            with pytest.raises(ConversationFailed):
                await conversation
            [slot] = state.history(conversation.frames[1].thread_id)
            assert slot.failed and slot.payload == Say("fail")
            [mail] = state.history(conversation.id)
            assert (mail.from_id, mail.payload.code) == ("system", "handler")
            record = state.conversation(conversation.id)
            assert record.state == "failed" and "ValueError: no" in record.error

    run(story())


def test_a_state_that_is_first_looked_at_late_has_what_is_remembered():
    """Where no backend is named, nothing is written before the first look; then what is known is there at once."""

    async def story():
        async with an_organism(asker, sayer, spender, max_tokens_per_thread=100) as organism:
            assert await organism.ask(Count(30), to="spender") == Told("30 spent")
            assert await organism.ask(Ask("hi"), to="asker") == Told("HI 1, HI 2")
            assert organism.pump.conversations.mirror is None
            state = organism.shared_state
            first, second = state.conversations()
            assert [each.state for each in (first, second)] == ["done", "done"]
            assert state.budget(first.id).usage().used == 30
            assert [slot.payload for slot in state.history(second.id)] == [Told("HI 1, HI 2")]
            asked = state.threads(second.id)[1]
            assert [slot.payload for slot in state.history(asked.id)] == [Ask("hi")]
            with pytest.raises(ConversationFailed, match="80 tokens, 70 of 100 are left"):
                await (await organism.inject(Count(80), to="spender", conversation=organism.conversation(1)))
            with pytest.raises(ConversationFailed, match="130 tokens, 100 of 100 are left"):
                await (await organism.inject(Count(130), to="spender", conversation=organism.conversation(2)))
            assert organism.state_address == StateAddress()
            with pytest.raises(XPipeError, match=r"own process only; backend: \{type: manager\} shares it"):
                SharedState.open(organism.state_address)

    run(story())


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        ([None], {}, "url: got NoneType; expected redis://host:port/number, or manager://host:port"),
        ([Say], {}, "url: got type; expected redis://"),
        (["redis:hush@h"], {}, "url: this is no URL; expected redis://"),
        (["redis://h/1"], {"authkey": 5}, "authkey: got int; expected bytes or a text"),
        (["redis://h/1"], {"prefix": 5, "ttl": -1}, "prefix: got 5; expected a text\nttl: got -1; expected a whole"),
        (["redis://h/1"], {"payloads": Say}, "expected a list of payload classes: [Say]"),
    ],
)
def test_an_address_or_setting_of_no_use_is_said_and_nothing_is_opened(arguments, settings, said):
    """Each with what was expected; no secret is repeated."""
    with pytest.raises(ConfigError) as caught:
        SharedState.open(*arguments, **settings)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_history_in_the_store_forgets_as_the_frame_does(backend):
    """`limits.max_history` counts there, too."""

    async def story():
        listener = ListenerConfig(name="again", handler=counting, agent=True, peers=["again"])
        async with sharing(listener, backend=backend, limits=Limits(max_history=3)) as organism:
            state = organism.shared_state
            conversation = await organism.inject(Count(6), to="again")
            await conversation
            kept = state.history(conversation.frames[1].thread_id)
            assert [(slot.index, slot.payload.n, slot.is_self_call) for slot in kept] == [
                (4, 2, True),
                (5, 1, True),
                (6, 0, True),
            ]

    run(story())


async def counting(message: Count, meta):
    """Sends itself the next lower number."""
    return send(Count(message.n - 1), to="again") if message.n else Told("done")


READER = """
import pickle, sys
from xpipe_nb import SharedState, payload

@payload
class Told:
    text: str

address, conversation = pickle.loads(sys.stdin.buffer.read())
with SharedState.open(address, payloads=[Told]) as state:
    [record] = [each for each in state.conversations() if each.id == conversation]
    with state.budget(conversation).tokens(25) as spent:
        spent.completion = 20
    replies = [slot.payload.text for slot in state.history(conversation)]
    print(record.state, replies, state.budget(conversation).usage().remaining)
"""


@pytest.mark.parametrize("kind", ["manager", "redis"])
def test_another_process_reads_and_spends(kind, request):
    """A process that was given the address reads the same, and what it spends is counted here."""
    backend = StateAddress("manager")
    if kind == "redis":
        backend = request.getfixturevalue("redis_server").address(f"other-{uuid.uuid4()}:", authkey=b"sealed")

    async def story():
        async with sharing(spender, backend=backend, max_tokens_per_thread=100) as organism:
            first = await organism.inject(Count(50), to="spender")
            await first
            await asyncio.to_thread(organism.shared_state.conversations)  # all is written
            work = pickle.dumps((organism.state_address, first.id))
            read = await asyncio.to_thread(in_another_process, READER, work)
            assert read == "done ['50 spent'] 30\n"
            more = await organism.inject(Count(40), to="spender", conversation=first)
            with pytest.raises(ConversationFailed, match="spender needs 40 tokens, 30 of 100 are left"):
                await more
            usage = organism.budgets.usage(first)
            assert (usage.used, usage.elsewhere, usage.remaining) == (50, 20, 30)
            await (await organism.inject(Count(30), to="spender", conversation=first))
            assert organism.shared_state.budget(first.id).usage().used == 100

    run(story())


def in_another_process(program: str, given: bytes) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=given,
        capture_output=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    return (done.stdout + done.stderr).decode()


def test_a_limit_that_was_raised_elsewhere_counts_here(backend):
    """Whoever shares the account may raise it; the next handler that needs more finds it raised."""

    async def story():
        async with sharing(spender, backend=backend, max_tokens_per_thread=50) as organism:
            budget = organism.shared_state.budget
            conversation = await organism.inject(Count(40), to="spender")
            await conversation
            assert budget(conversation.id).raise_limit(200).limit == 200
            await (await organism.inject(Count(100), to="spender", conversation=conversation))
            organism.budgets.raise_limit(conversation, 300)
            assert budget(conversation.id).usage()[:2] == (300, 140)
            with pytest.raises(ValueError, match="may spend 300 tokens already"):
                budget(conversation.id).raise_limit(300)

    run(story())


def test_a_limit_of_a_reload_counts_in_the_store(backend):
    """Also for conversations that have not spent anything yet; the store and the organism agree."""

    async def story():
        async with sharing(spender, sayer, backend=backend, max_tokens_per_thread=50) as organism:
            state = organism.shared_state
            conversation = await organism.inject(Say("x"), to="sayer")
            await conversation
            for limit, spent in ((80, 70), (90, 20)):
                config = replace(organism.config, max_tokens_per_thread=limit)
                config.listeners = [spender, sayer]
                assert (await organism.reload(config)).success
                await (await organism.inject(Count(spent), to="spender", conversation=conversation))
                assert state.budget(conversation.id).usage().limit == limit
            with pytest.raises(ConversationFailed, match="needs 1 tokens, 0 of 90 are left"):
                await (await organism.inject(Count(1), to="spender", conversation=conversation))

    run(story())


def test_a_budget_of_any_name_is_shared_by_conversations(backend):
    """Handlers of different conversations spend from one account that they name; `meta.shared_state` leads to it."""
    team = f"team-{uuid.uuid4()}"

    def plain(message: Count, meta) -> Told:
        try:
            with meta.shared_state.budget(team, limit=100).tokens(message.n) as spent:
                spent.prompt = message.n
        except BudgetExhausted as error:
            return Told(error.text)
        return Told("spent")

    async def story():
        async with sharing(plain, backend=backend) as organism:
            answers = [(await organism.ask(Count(each), to="plain")).text for each in (60, 50, 40)]
            assert answers == ["spent", f"{team} needs 50 tokens, 40 of 100 are left", "spent"]
            assert organism.shared_state.budget(team).usage().remaining == 0
            with pytest.raises(ValueError, match="whole number of tokens"):
                organism.shared_state.budget(team).reserve(-1)

    run(story())


def test_a_budget_is_never_passed_by_handlers_at_once(backend):
    """Conversations whose handlers reserve together get what there is, and the store agrees to the token."""

    async def greedy(message: Count, meta) -> Told:
        try:
            async with meta.tokens(30) as spent:
                await asyncio.sleep(0)
                spent.prompt = 20
        except BudgetExhausted:
            return Told("none")
        return Told("some")

    async def crowd(message: Ask, meta) -> Told:
        answers = await asyncio.gather(*(meta.call(Count(each), to="greedy") for each in range(12)))
        return Told(str(sum(each.text == "some" for each in answers)))

    async def story():
        async with sharing(greedy, crowd, backend=backend, max_tokens_per_thread=100) as organism:
            state = organism.shared_state
            conversation = await organism.inject(Ask("x"), to="crowd")
            [told] = await conversation
            now, own = state.budget(conversation.id).usage(), organism.budgets.usage(conversation)
            assert (now.used, now.reserved) == (own.used, own.reserved) == (20 * int(told.text), 0)
            assert 3 <= int(told.text) <= 5

    run(story())
