"""Organisms that share their state: what others see of it, and what becomes of it while the store is away."""

from __future__ import annotations

import asyncio
import pickle
import shutil
import subprocess
import sys
import threading
import uuid
from dataclasses import replace

import pytest

from tests.stores.servers import RedisServer
from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import ROOT, eventually, run
from xpipe_nb import (
    BackendEvent,
    BudgetExhausted,
    ConversationFailed,
    CorruptEntry,
    Limits,
    ListenerConfig,
    Organism,
    Rejected,
    SharedState,
    StateAddress,
    StoreAway,
    StoreRefused,
    XPipeError,
    send,
)
from xpipe_nb.stores import writer
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.mirror import Mirror
from xpipe_nb.stores.store import Figures


async def asker(message: Ask | Told, meta) -> Told | object:
    """Has somebody else answer, twice."""
    first = await meta.call(Say(f"{message.text} 1"), to="sayer")
    second = await meta.call(Say(f"{message.text} 2"), to="sayer")
    return Told(f"{first.text}, {second.text}")


async def sayer(message: Say) -> Told:
    """Answers."""
    if "fail" in message.text:
        raise ValueError("no")
    return Told(message.text.upper())


async def spender(message: Count, meta) -> Told:
    """Spends as many tokens as it is told."""
    async with meta.tokens(message.n) as spent:
        spent.prompt = message.n
    return Told(f"{message.n} spent")


def sharing(*listeners, backend, **settings) -> Organism:
    return an_organism(*listeners, backend=backend, **settings)


@pytest.fixture(params=["memory", "manager", "redis"])
def backend(request):
    """A backend as an organism is given it; the state server may hold what other tests have written."""
    if request.param == "memory":
        return StateAddress()
    if request.param == "manager":
        return request.getfixturevalue("state_server").address
    return request.getfixturevalue("redis_server").address(f"share-{uuid.uuid4()}:", authkey=b"sealed")


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


# ---- a store that is away, or refuses


def test_a_store_that_is_not_there_stops_the_start():
    """One sentence says where nobody answers; the organism does not run without what it was to write to."""

    async def story():
        organism = an_organism(sayer, backend="redis://127.0.0.1:1")
        with pytest.raises(XPipeError, match="shares its state once it runs; start it first"):
            organism.shared_state
        with pytest.raises(StoreAway, match=r"Redis at 127\.0\.0\.1:1: it does not answer"):
            await organism.start()
        assert organism.state == "new"
        with pytest.raises(StoreAway):
            await organism.pump.run()

    run(story())


def test_a_wrong_authkey_stops_the_start(state_server):
    """The one who serves there is another one: no second server is started, and nothing runs."""

    async def story():
        address = replace(state_server.address, authkey=b"guessed")
        with pytest.raises(StoreRefused, match="it has another authkey"):
            await an_organism(sayer, backend=address).start()

    run(story())


def test_organisms_share_a_server_at_an_address(state_server):
    """Who finds a server at the address uses it, and leaves it alone at the end."""

    async def story():
        async with sharing(sayer, backend=state_server.address) as organism:
            conversation = await organism.inject(Say("here"), to="sayer")
            await conversation
        with SharedState.open(state_server.address, payloads=[Told]) as state:
            assert [slot.payload for slot in state.history(conversation.id)] == [Told("HERE")]

    run(story())


def test_nothing_is_lost_while_redis_is_away(tmp_path, monkeypatch):
    """What happens meanwhile is written once it is back, once each and in order; events tell of both."""
    monkeypatch.setattr(writer, "LONGEST_DELAY", 0.1)
    server = RedisServer(tmp_path)
    recorder = Recorder()

    async def story():
        told = {"away": asyncio.Event(), "back": asyncio.Event()}
        async with sharing(asker, sayer, spender, backend=server.address()) as organism:
            organism.subscribe(recorder)
            organism.subscribe(lambda event: told[event.state].set() if isinstance(event, BackendEvent) else None)
            before = await organism.inject(Ask("before"), to="asker")
            await before
            state = organism.shared_state
            assert state.conversation(before.id).state == "done"
            server.stop()
            meanwhile = [await organism.inject(Ask(f"meanwhile {each}"), to="asker") for each in range(5)]
            assert [(await each)[0].text for each in meanwhile][4] == "MEANWHILE 4 1, MEANWHILE 4 2"
            await told["away"].wait()
            with pytest.raises(StoreAway):
                state.conversations()
            waiting = await organism.inject(Count(10), to="spender")
            ready = asyncio.ensure_future(organism.pump.conversations.mirror.ready())
            assert waiting.state == "active" and not ready.done()
            server.start()
            await told["back"].wait()
            await ready
            assert await waiting == [Told("10 spent")]
            for conversation in [before, *meanwhile]:
                assert state.conversation(conversation.id).state == "done"
                text = state.history(conversation.id)[0].payload.text
                assert text == conversation.reply.text
                asked, *said = [each for each in state.threads(conversation.id) if each.depth]
                assert [len(state.history(each.id)) for each in (asked, *said)] == [1, 1, 1]
            assert state.budget(waiting.id).usage().used == 10
        [away, back] = recorder.of(BackendEvent)
        assert away.where == back.where == f"Redis at 127.0.0.1:{server.port}/0"
        assert (away.state, back.state, back.error) == ("away", "back", "")
        assert away.waiting > 0 and "does not answer" in away.error

    try:
        run(story())
    finally:
        server.stop()


def test_a_redis_that_comes_back_empty_is_filled_again(tmp_path, monkeypatch):
    """The organism is the truth: what it remembers is written once more, with what was spent."""
    monkeypatch.setattr(writer, "LONGEST_DELAY", 0.1)
    server = RedisServer(tmp_path)

    async def story():
        async with sharing(asker, sayer, spender, backend=server.address(), max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Ask("hi"), to="asker")
            await conversation
            await (await organism.inject(Count(60), to="spender", conversation=conversation))
            state = organism.shared_state

            def seen():
                threads = state.threads(conversation.id)
                said = [[slot.payload for slot in state.history(each.id)] for each in threads if each.state == "open"]
                return [each.listener for each in threads], said, state.budget(conversation.id).usage()

            before = seen()
            away = asyncio.Event()
            organism.subscribe(lambda event: away.set() if isinstance(event, BackendEvent) else None)
            server.stop()
            await (await organism.inject(Say("x"), to="sayer"))
            await away.wait()
            for each in tmp_path.iterdir():
                shutil.rmtree(each)
            server.start()
            while not state.conversations()[1:]:
                await asyncio.sleep(0)
            assert seen() == before
            with pytest.raises(ConversationFailed, match="50 tokens, 40 of 100 are left"):
                await (await organism.inject(Count(50), to="spender", conversation=conversation))

    try:
        run(story())
    finally:
        server.stop()


def test_no_conversation_is_begun_while_too_much_waits(tmp_path, monkeypatch):
    """Injections wait, or are refused at once where that is asked for, until the store has caught up."""
    monkeypatch.setattr(writer, "LONGEST_DELAY", 0.1)
    monkeypatch.setattr(writer, "BEHIND", 5)
    server = RedisServer(tmp_path)

    async def story():
        async with sharing(sayer, backend=server.address()) as organism:
            server.stop()
            first = await organism.inject(Say("first"), to="sayer")
            await first
            with pytest.raises(Rejected, match="too much waits to be written to Redis at"):
                await organism.inject(Say("now"), to="sayer", nowait=True)
            before = organism.pump.conversations.mirror.waiting
            waiting = asyncio.ensure_future(organism.inject(Say("second"), to="sayer"))
            await eventually(lambda: organism.pump.conversations.mirror.waiting > before)
            assert not waiting.done() and len(organism.conversations) == 1
            server.start()
            assert await (await waiting) == [Told("SECOND")]
            assert [each.state for each in organism.shared_state.conversations()] == ["done", "done"]

    try:
        run(story())
    finally:
        server.stop()


class Faulty:
    """A store whose n-th call is lost: before it is done, or after, when the answer is on its way."""

    def __init__(self, lost: int, *, done: bool) -> None:
        self._store, self._lost, self._done, self.calls = MemoryStore(), lost, done, 0
        self.where, self.prefix = "a store with faults", ""

    def __getattr__(self, name):
        action = getattr(self._store, name)

        def call(*arguments):
            self.calls += 1
            is_lost = self.calls == self._lost
            if is_lost and not self._done:
                raise StoreAway(self.where, "lost before")
            answer = action(*arguments)
            if is_lost:
                raise StoreAway(self.where, "lost after")
            return answer

        return call


@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_whichever_call_is_lost_nothing_is_lost_and_nothing_twice(monkeypatch, done):
    """The connection breaks at each call in turn, before and after it was done; the state in the end is the same."""
    monkeypatch.setattr(writer, "FIRST_DELAY", 0.0001)
    monkeypatch.setattr(writer, "BATCH", 3)

    async def story(lost):
        async with an_organism(asker, sayer, spender, max_tokens_per_thread=100) as organism:
            store, pump = Faulty(lost, done=done), organism.pump
            pump.conversations.mirror = Mirror(
                "story", StateAddress(), store, pump.directory, pump.bus, pump.conversations
            )
            first = await organism.inject(Ask("hi"), to="asker")
            await first
            for tokens in (60, 60, 40):
                spending = await organism.inject(Count(tokens), to="spender", conversation=None if tokens else first)
                await spending
            organism.budgets.raise_limit(spending, 500)
            await (await organism.inject(Count(300), to="spender", conversation=spending))
            state = organism.shared_state
            state.conversations()  # all is written
            seen = []
            for record in state.conversations():
                threads = state.threads(record.id)
                said = [[slot.payload for slot in state.history(each.id)] for each in threads]
                seen.append((record.state, record.messages, [(each.listener, each.state) for each in threads], said))
            await pump.conversations.mirror.written()
            return store.calls, [*seen, state.budget(spending.id).usage()]

    def calls_and_state(lost):
        return run(story(lost))

    calls, usual = calls_and_state(0)
    assert usual[-1] == Figures(500, 340, 0, 0, 2)
    for lost in range(1, calls // 2):
        assert calls_and_state(lost)[1] == usual


def test_who_waits_for_a_redis_that_refuses_gets_an_error(tmp_path):
    """A password that was changed ends the conversations that need the store, in one sentence, and the others go on."""
    server = RedisServer(tmp_path)
    recorder = Recorder()

    async def story():
        async with sharing(sayer, spender, backend=server.address()) as organism:
            organism.subscribe(recorder)
            await organism.ask(Say("x"), to="sayer")
            with server.client() as client:
                client.config_set("requirepass", "changed")
                client.execute_command("AUTH", "changed")
                client.client_kill_filter(_type="normal", skipme=True)
            conversation = await organism.inject(Count(10), to="spender")
            with pytest.raises(ConversationFailed, match=f"Redis at 127.0.0.1:{server.port}/0: .*password"):
                await conversation
            assert await organism.ask(Say("x"), to="sayer") == Told("X")
            with pytest.raises(StoreRefused):
                await organism.pump.conversations.mirror.ready()
        assert [event.state for event in recorder.of(BackendEvent)][-2:] == ["refused", "away"]
        assert "the organism ended before" in recorder.of(BackendEvent)[-1].error

    try:
        run(story())
    finally:
        server.stop()


def test_an_entry_that_somebody_broke_is_told_and_the_rest_goes_on(redis_server):
    """A key of another type is left alone, an event names it, and what comes after it is written."""
    address = redis_server.address(f"broken-{uuid.uuid4()}:")
    recorder = Recorder()

    async def story():
        async with sharing(sayer, spender, backend=address) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Say("x"), to="sayer")
            await conversation
            state = organism.shared_state
            state.conversations()
            key = f"{address.prefix}history:{conversation.id}"
            with redis_server.client() as client:
                client.delete(key)
                client.set(key, "x")
            await (await organism.inject(Say("y"), to="sayer", conversation=conversation))
            with pytest.raises(CorruptEntry, match=key):
                state.history(conversation.id)
            assert len(state.history(conversation.frames[1].thread_id)) == 2
            with redis_server.client() as client:
                client.set(f"{address.prefix}budget:{conversation.id}", "x")
            more = await organism.inject(Count(1), to="spender", conversation=conversation)
            with pytest.raises(ConversationFailed, match=f"{address.prefix}budget:{conversation.id} is refused"):
                await more
        told = [event for event in recorder.of(BackendEvent) if event.state == "corrupt"]
        assert told and key in told[0].error

    run(story())


def test_an_organism_leaves_no_thread_and_no_server():
    """What was started for the state ends with the organism."""

    async def story():
        async with sharing(sayer, backend=StateAddress("manager")) as organism:
            await organism.ask(Say("x"), to="sayer")
            server = organism.pump.conversations.mirror._server
            assert server._process.poll() is None
        assert server._process.poll() is not None
        assert "xpipe-state" not in [thread.name for thread in threading.enumerate()]

    run(story())
