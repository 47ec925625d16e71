"""Start, stop, settle, pause, and how many may run at once."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    ConversationFailed,
    HandlerMetadata,
    Limits,
    ListenerConfig,
    MessageReceivedEvent,
    Rejected,
    ThreadEvent,
    XPipeError,
    send,
)


async def echo(message: Say) -> Told:
    return Told(message.text)


class Gatekeeper:
    """A handler that waits until it is let go, and knows who is inside."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.most = 0
        self.gate = asyncio.Event()

    async def handle(self, message: Ask) -> Told:
        self.inside.append(message.text)
        self.most = max(self.most, len(self.inside))
        await self.gate.wait()
        self.inside.remove(message.text)
        return Told(message.text)


def test_an_organism_that_does_not_run_says_so() -> None:
    """Before the start and after the stop `inject` is an error in one sentence."""

    async def story() -> None:
        organism = an_organism(echo)
        with pytest.raises(XPipeError, match=r"story is not running \(new\); start it first"):
            await organism.inject(Say("x"))
        await organism.start()
        await organism.stop()
        await organism.stop()
        with pytest.raises(XPipeError, match=r"story is not running \(stopped\); start a new one"):
            await organism.inject(Say("x"))

    run(story())


def test_stop_lets_what_is_there_end() -> None:
    """`stop` refuses new work and drains; the conversations that were open get their replies."""

    async def story() -> None:
        keeper = Gatekeeper()
        organism = await an_organism(ListenerConfig(name="keeper", handler=keeper.handle)).start()
        conversations = [await organism.inject(Ask(str(n))) for n in range(3)]
        await eventually(lambda: len(keeper.inside) == 3)
        stopping = asyncio.create_task(organism.stop())
        await eventually(lambda: organism.state == "stopping")
        with pytest.raises(XPipeError, match="stopping"):
            await organism.inject(Ask("late"))
        keeper.gate.set()
        await stopping
        assert [await each for each in conversations] == [[Told("0")], [Told("1")], [Told("2")]]

    run(story())


def test_stop_ends_what_does_not_end_by_itself() -> None:
    """After the grace what is left is cancelled; `stop` returns within grace + 1 s and nothing waits for ever."""

    async def story() -> None:
        keeper = Gatekeeper()
        organism = await an_organism(
            ListenerConfig(name="keeper", handler=keeper.handle), max_concurrent_handlers=2
        ).start()
        conversations = [await organism.inject(Ask(str(n))) for n in range(5)]
        await eventually(lambda: len(keeper.inside) == 2)
        began = time.monotonic()
        await organism.stop(grace=0.05)
        assert time.monotonic() - began < 10  # the handlers would never end
        for conversation in conversations:
            with pytest.raises(ConversationFailed, match="the organism was stopped"):
                await conversation
        assert [letter.reason for letter in organism.dead_letters] == ["closed"] * 5
        assert {task.get_name() for task in asyncio.all_tasks()} & {"xpipe-worker", "xpipe-story"} == set()

    run(story())


def test_stop_returns_although_a_handler_swallows_its_cancellation() -> None:
    """A handler that will not be cancelled does not keep `stop` from returning."""

    async def story() -> None:
        let_go = False

        async def immortal(message: Ask) -> None:
            while not let_go:
                try:
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    continue

        organism = await an_organism(immortal).start()
        await organism.inject(Ask("x"))
        began = time.monotonic()
        await organism.stop(grace=0.01)
        assert time.monotonic() - began < 10
        let_go = True
        await eventually(lambda: len(asyncio.all_tasks()) == 2, turns=100_000)

    run(story())


def test_a_cancelled_run_cleans_up_and_is_cancelled() -> None:
    """A cancelled `run()` re-raises after cleaning up."""

    async def story() -> None:
        keeper = Gatekeeper()
        organism = an_organism(ListenerConfig(name="keeper", handler=keeper.handle))
        running = asyncio.create_task(organism.pump.run())
        await asyncio.sleep(0)
        conversation = await organism.inject(Ask("x"))
        await eventually(lambda: keeper.inside == ["x"])
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (conversation.state, organism.state) == ("killed", "stopped")

    run(story())


def test_settle_waits_until_nothing_is_in_flight() -> None:
    """`settle` returns a report once every conversation has ended."""

    async def story() -> None:
        keeper = Gatekeeper()
        async with an_organism(ListenerConfig(name="keeper", handler=keeper.handle)) as organism:
            assert (await organism.settle()).conversations == 0
            for n in range(3):
                await organism.inject(Ask(str(n)))
            settling = asyncio.create_task(organism.settle())
            await eventually(lambda: len(keeper.inside) == 3)
            assert not settling.done()
            keeper.gate.set()
            report = await settling
            assert (report.conversations, report.open, report.dead_letters, report.paused) == (3, (), 0, False)

    run(story())


def test_a_paused_organism_accepts_and_waits() -> None:
    """Injections are accepted while paused and wait; `settle` lists them; `step` lets one handler start."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pause()
            conversations = [await organism.inject(Say(str(n))) for n in range(3)]
            report = await organism.settle()
            assert (report.paused, report.open) == (True, (1, 2, 3))
            organism.step()
            assert await conversations[0] == [Told("0")]
            assert [each.state for each in conversations] == ["done", "active", "active"]
            organism.resume()
            assert [await each for each in conversations[1:]] == [[Told("1")], [Told("2")]]

    run(story())


def test_no_more_handlers_run_than_have_places() -> None:
    """`max_concurrent_handlers` bounds what runs, in all."""

    async def story() -> None:
        keeper = Gatekeeper()
        config = ListenerConfig(name="keeper", handler=keeper.handle)
        async with an_organism(config, max_concurrent_handlers=3) as organism:
            conversations = [await organism.inject(Ask(str(n))) for n in range(10)]
            await eventually(lambda: len(keeper.inside) == 3)
            keeper.gate.set()
            assert len([await each for each in conversations]) == 10
            assert keeper.most == 3

    run(story())


@pytest.mark.parametrize("settings", [{"agent": True}, {"concurrency": 5}])
def test_a_busy_listener_blocks_nobody_else(settings: dict[str, Any]) -> None:
    """40 messages wait at the gate of a listener that hangs; the others keep all the places."""

    async def story() -> None:
        keeper = Gatekeeper()
        config = ListenerConfig(name="keeper", handler=keeper.handle, **settings)
        async with an_organism(config, echo, max_concurrent_handlers=6, max_concurrent_per_agent=5) as organism:
            hung = [await organism.inject(Ask(str(n))) for n in range(40)]
            await eventually(lambda: len(keeper.inside) == 5)
            for n in range(100):
                assert await organism.ask(Say(str(n)), to="echo") == Told(str(n))
            assert keeper.most == 5
            keeper.gate.set()
            assert sorted([(await each)[0].text for each in hung], key=int) == [str(n) for n in range(40)]

    run(story())


def test_ten_thousand_wait_in_the_inbox_and_leave_at_once() -> None:
    """20 handlers hang, 9,980 messages wait; a cancel takes them all away and counts every one."""

    async def story() -> None:
        keeper = Gatekeeper()

        async def boss(message: Count) -> list[Any]:
            return [send(Ask(str(n)), to="keeper") for n in range(message.n)]

        config = ListenerConfig(name="keeper", handler=keeper.handle)
        limits = Limits(max_messages=20_000, max_dead_letters=20_000)
        async with an_organism(config, boss, limits=limits) as organism:
            conversation = await organism.inject(Count(10_000), to="boss")
            await eventually(lambda: len(keeper.inside) == 20, turns=100_000)
            assert len(organism.pump.inbox) == 9_980
            await conversation.cancel()
            assert len(organism.pump.inbox) == 0
            assert organism.dead_letters.total == 10_000, "20 at work and 9,980 queued"
            assert len(organism.dead_letters) == 41, "the first 20 queued ones have letters of their own"
            assert organism.dead_letters[-1].detail == "#1 was ended; so were 9,960 of its messages in all"
            assert (await organism.settle()).open == ()

    run(story())


def test_conversations_are_served_in_turn() -> None:
    """Breadth-first: a conversation with much to do does not keep a small one waiting."""

    async def story() -> None:
        order: list[str] = []

        async def boss(message: Count) -> list[Any]:
            return [send(Say(f"big {n}"), to="worker") for n in range(message.n)]

        async def worker(message: Say) -> None:
            order.append(message.text)

        async with an_organism(boss, worker, max_concurrent_handlers=1) as organism:
            organism.pause()
            big = await organism.inject(Count(100), to="boss")
            organism.step()
            await eventually(lambda: len(organism.pump.inbox) == 100)
            small = await organism.inject(Say("small"), to="worker")
            organism.resume()
            await small
            await big
        assert order.index("small") <= 2
        assert [each for each in order if each != "small"] == [f"big {n}" for n in range(100)]

    run(story())


def test_messages_of_one_frame_are_handled_in_order_one_at_a_time() -> None:
    """A frame never handles two messages at once."""

    async def story() -> None:
        inside = 0
        order: list[str] = []

        async def boss(message: Count | Told) -> Any:
            nonlocal inside
            if isinstance(message, Count):
                return [send(Say(str(n)), to="echo") for n in range(message.n)]
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1
            order.append(message.text)
            return None

        async with an_organism(boss, echo) as organism:
            await (await organism.inject(Count(30), to="boss"))
        assert order == [str(n) for n in range(30)]

    run(story())


def test_inject_waits_while_too_many_conversations_are_open() -> None:
    """`max_concurrent_pipelines` bounds the open conversations; with `nowait` the next one is refused."""

    async def story() -> None:
        keeper = Gatekeeper()
        config = ListenerConfig(name="keeper", handler=keeper.handle)
        async with an_organism(config, max_concurrent_pipelines=2) as organism:
            first = [await organism.inject(Ask(str(n))) for n in range(2)]
            with pytest.raises(Rejected) as refusal:
                await organism.inject(Ask("impatient"), nowait=True)
            assert refusal.value.reason == "busy"
            third = asyncio.create_task(organism.inject(Ask("2")))
            await eventually(lambda: len(keeper.inside) == 2)
            assert not third.done()
            keeper.gate.set()
            assert [await each for each in (*first, await third)] == [[Told("0")], [Told("1")], [Told("2")]]

    run(story())


def test_who_waits_for_a_place_is_sent_away_by_a_stop() -> None:
    """An injector that waits for a place hears of the stop; it does not wait for ever."""

    async def story() -> None:
        keeper = Gatekeeper()
        config = ListenerConfig(name="keeper", handler=keeper.handle)
        organism = await an_organism(config, max_concurrent_pipelines=1).start()
        await organism.inject(Ask("0"))
        waiting = [asyncio.create_task(organism.inject(Ask(str(n)))) for n in range(3)]
        await eventually(lambda: organism.pump.conversations.waiting == 3)
        await organism.stop(grace=0.01)
        for each in waiting:
            with pytest.raises(XPipeError, match="story was stopped"):
                await each

    run(story())


def test_injections_by_handlers_never_wait_for_a_place() -> None:
    """A pump cannot deadlock itself: what its own handlers inject is always admitted."""

    async def story() -> None:
        async def nested(message: Count) -> Told:
            if message.n == 0:
                return Told("bottom")
            return await organism.ask(Count(message.n - 1), to="nested")  # type: ignore[no-any-return]

        async with an_organism(nested, max_concurrent_pipelines=1) as organism:
            assert await organism.ask(Count(10), to="nested") == Told("bottom")

    run(story())


def test_a_conversation_tells_its_life_once() -> None:
    """`ThreadEvent`s: created, active, completed; one set for each conversation, with the root's thread id."""

    async def bad(message: Ask) -> None:
        raise ValueError

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(echo, bad) as organism:
            organism.subscribe(recorder)
            good = await organism.inject(Say("x"))
            await good
            failing = await organism.inject(Ask("x"))
            with pytest.raises(ConversationFailed):
                await failing
        seen = [(event.thread_id, event.status) for event in recorder.of(ThreadEvent)]
        assert seen == [
            *[(good.id, status) for status in ("created", "active", "completed")],
            *[(failing.id, status) for status in ("created", "active", "error")],
        ]
        assert recorder.of(ThreadEvent)[2].participants == ("console", "echo")
        assert recorder.states("bad") == ["processing", "error"]

    run(story())


def test_a_finished_conversation_can_be_continued() -> None:
    """`conversation=` continues it: its frames keep their memory, and a second completion is announced."""

    async def counts(message: Say, meta: HandlerMetadata) -> Told:
        return Told(f"{len(meta.history)}: {message.text}")

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(counts) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Say("a"))
            assert await conversation == [Told("1: a")]
            assert await organism.inject(Say("b"), conversation=conversation) is conversation
            assert await conversation == [Told("1: a"), Told("2: b")]
            assert conversation.reply == Told("2: b")
            with pytest.raises(Rejected, match="was begun by console"):
                await organism.inject(Say("c"), conversation=conversation, from_id="other")
        statuses = [event.status for event in recorder.of(ThreadEvent)]
        assert statuses == ["created", "active", "completed", "active", "completed"]

    run(story())


def test_an_idle_conversation_expires() -> None:
    """`idle_ttl` bounds for how long a finished conversation may be continued."""

    async def story() -> None:
        async with an_organism(echo, limits=Limits(idle_ttl=0.0)) as organism:
            conversation = await organism.inject(Say("a"))
            await conversation
            await asyncio.sleep(0.001)
            with pytest.raises(Rejected, match="idle_ttl"):
                await organism.inject(Say("b"), conversation=conversation)

    run(story())


def test_what_is_remembered_is_bounded() -> None:
    """Finished conversations and dead letters are kept up to a bound; the count goes on."""

    async def story() -> None:
        async with an_organism(echo, limits=Limits(max_finished=3, max_dead_letters=2)) as organism:
            for n in range(6):
                await organism.ask(Say(str(n)))
                with pytest.raises(Rejected):
                    await organism.inject(Ask("x"))
            assert [each.number for each in organism.conversations] == [4, 5, 6]
            assert (len(organism.dead_letters), organism.dead_letters.total) == (2, 6)

    run(story())


def test_subscribers_get_each_event_in_order_and_harm_nobody() -> None:
    """A subscriber that raises, and one that must be awaited, get everything in order."""

    async def story() -> None:
        recorder, slow = Recorder(), Recorder()

        def raises(event: Any) -> None:
            raise ValueError

        async def awaited(event: Any) -> None:
            await asyncio.sleep(0)
            slow(event)

        async with an_organism(echo) as organism:
            for subscriber in (raises, awaited, recorder):
                organism.subscribe(subscriber)
            for n in range(20):
                await organism.ask(Say(str(n)))
            await eventually(lambda: len(slow.events) == len(recorder.events))
            assert slow.events == recorder.events
            texts = [event.payload.text for event in recorder.of(MessageReceivedEvent) if event.to_id == "echo"]
            assert texts == [str(n) for n in range(20)]

    run(story())


def test_an_unsubscribed_callback_hears_no_more() -> None:
    """`subscribe` gives the function that ends the subscription."""

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(echo) as organism:
            unsubscribe = organism.subscribe(recorder)
            await organism.ask(Say("x"))
            await asyncio.sleep(0)
            heard = len(recorder.events)
            unsubscribe()
            unsubscribe()
            await organism.ask(Say("y"))
            assert 0 < heard == len(recorder.events)

    run(story())


def test_a_busy_pump_lets_the_loop_turn() -> None:
    """A pump that is never out of work still lets timers fire within milliseconds."""

    async def story() -> None:
        async def loops(message: Count) -> Any:
            return send(Count(message.n + 1), to="loops") if message.n < 20_000 else None

        late: list[float] = []

        async def watch() -> None:
            while True:
                due = time.perf_counter() + 0.001
                await asyncio.sleep(0.001)
                late.append(time.perf_counter() - due)

        async with an_organism(loops, limits=Limits(max_messages=100_000)) as organism:
            watcher = asyncio.create_task(watch())
            await (await organism.inject(Count(0)))
            watcher.cancel()
        assert len(late) > 20
        assert sorted(late)[len(late) // 2] < 0.05

    run(story())


def test_handlers_run_in_the_context_of_their_injection() -> None:
    """A context variable set before `inject` is seen by every handler of that conversation, and by no other."""
    from contextvars import ContextVar

    who: ContextVar[str] = ContextVar("who", default="nobody")
    seen: list[tuple[str, str]] = []

    async def boss(message: Ask) -> Any:
        seen.append((message.text, who.get()))
        await asyncio.sleep(0)
        return send(Say(message.text), to="worker")

    def worker(message: Say) -> None:
        seen.append((message.text, who.get()))

    async def story() -> None:
        async with an_organism(boss, worker) as organism:

            async def one(name: str) -> None:
                who.set(name)
                await (await organism.inject(Ask(name), to="boss"))

            await asyncio.gather(one("ann"), one("ben"))
            assert who.get() == "nobody"

    run(story())
    assert sorted(seen) == [("ann", "ann"), ("ann", "ann"), ("ben", "ben"), ("ben", "ben")]


def test_a_kept_conversation_does_not_keep_its_organism() -> None:
    """A conversation that a cell or a list still holds keeps neither the pump nor its listeners alive."""

    async def story() -> tuple[weakref.ref[Any], Any]:
        async with an_organism(echo) as organism:
            conversation = await organism.inject(Say("x"))
            await conversation
        return weakref.ref(organism.pump), conversation

    pump, conversation = run(story())
    gc.collect()
    assert pump() is None
    assert (conversation.replies, conversation.organism_name) == ([Told("x")], "story")
    assert len(conversation.frames[1].thread_id) == 36
