"""A shared state that is away, comes back, or refuses: what waits, what is written then, and who is told."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import threading
import uuid
from dataclasses import replace

import pytest

from tests.stores.cast import asker, sayer, sharing, spender
from tests.stores.servers import RedisServer
from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    BackendEvent,
    ConversationFailed,
    CorruptEntry,
    Rejected,
    SharedState,
    StateAddress,
    StoreAway,
    StoreRefused,
    XPipeError,
)
from xpipe_nb.notebook.feed import Feed
from xpipe_nb.stores import writer
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.mirror import Mirror
from xpipe_nb.stores.store import Figures


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
            assert "Redis" in Feed(organism).snapshot()["organism"]["store"], "a view that is opened only now says so"
            with pytest.raises(StoreAway):
                state.conversations()
            waiting = await organism.inject(Count(10), to="spender")
            ready = asyncio.ensure_future(organism.pump.conversations.mirror.ready())
            assert waiting.state == "active" and not ready.done()
            server.start()
            await told["back"].wait()
            assert "store" not in Feed(organism).snapshot()["organism"]
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


def test_a_state_server_of_its_own_that_dies_is_replaced():
    """Nobody else would start it again, and work for workers would wait for ever; it is filled again, as a Redis is."""

    async def story():
        async with sharing(sayer, backend=StateAddress("manager")) as organism:
            conversation = await organism.inject(Say("x"), to="sayer")
            await conversation
            state, mirror = organism.shared_state, organism.pump.conversations.mirror
            before = state.conversation(conversation.id)
            first = mirror._server
            os.kill(first.pid, signal.SIGKILL)
            await (await organism.inject(Say("y"), to="sayer"))
            await mirror.written()
            await eventually(lambda: len(state.conversations()) == 2)
            assert replace(state.conversation(conversation.id), changed=before.changed) == before
            assert (mirror._server.pid == first.pid, mirror._server.address) == (False, first.address)

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
