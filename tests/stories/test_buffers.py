"""Buffers: many items to one listener at once through `system.buffer`, through the whole pump."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import DeliveryError, ListenerConfig, MessageDroppedEvent, PayloadError, SendRefusedEvent, send
from xpipe_nb.primitives import BufferComplete, BufferDispatched, BufferError, BufferStart  # noqa: A004 - its name
from xpipe_nb.primitives.buffer import AT_ONCE


async def loud(message: Say) -> Told:
    return Told(message.text.upper())


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def says(text: str) -> list[Say]:
    """One `Say` for each letter."""
    return [Say(letter) for letter in text]


def test_results_come_in_the_order_of_the_items() -> None:
    """Items end in the opposite order; their answers stand in the items' order, and each had a frame of its own."""

    async def story() -> None:
        gates = {letter: asyncio.Event() for letter in "abc"}

        async def slow(message: Say) -> Told:
            await gates[message.text].wait()
            before = {"c": "b", "b": "a"}.get(message.text)
            if before:
                gates[before].set()
            return Told(message.text.upper())

        async with an_organism(slow) as organism:
            conversation = await organism.inject(BufferStart("slow", says("abc")))
            await eventually(lambda: organism.running("slow") == 3)
            gates["c"].set()
            (done,) = await conversation
            assert done == BufferComplete("1.1", 3, 3, [Told("A"), Told("B"), Told("C")])
            chains = [frame.chain[1:] for frame in conversation.frames if frame.listener == "slow"]
            assert chains == [["system.buffer", "slow"]] * 3

    run(story())


def test_a_large_one_is_bounded_and_needs_one_place_only() -> None:
    """Of many items a bounded number is under way at once, and one place for handlers is enough for all of them."""

    async def story() -> None:
        waiting: list[int] = []

        async def count(message: Say) -> Told:
            await asyncio.sleep(0)
            waiting.append(len(organism.pump.inbox))
            return Told(message.text)

        async with an_organism(count, max_concurrent_handlers=1) as organism:
            items = [Say(str(each)) for each in range(3 * AT_ONCE)]
            done = await organism.ask(BufferStart("count", items))
            assert done.results == [Told(item.text) for item in items]
            assert max(waiting) == AT_ONCE - 1

    run(story())


def test_no_items_are_an_error() -> None:
    """An empty list of items is refused by the buffer itself."""

    async def story() -> None:
        async with an_organism(loud) as organism:
            assert await organism.ask(BufferStart("loud", [])) == BufferError("1.1", "there are no items")

    run(story())


def test_an_item_that_does_not_fit_means_that_nothing_is_sent() -> None:
    """The item is told by its place, from 0, and both classes are named."""
    heard: list[str] = []

    async def ear(message: Say) -> Told:
        heard.append(message.text)
        return Told("x")

    async def story() -> None:
        async with an_organism(ear) as organism:
            error = await organism.ask(BufferStart("ear", [Say("a"), Told("b"), Say("c")]))
            assert error == BufferError("1.1", "item 1: ear takes Say, not Told")
        assert heard == []

    run(story())


def test_an_item_that_fails_leaves_its_place_to_an_error() -> None:
    """The other answers are there; the count tells how many, and the failure has its dead letter."""

    async def picky(message: Say) -> Told:
        if message.text == "b":
            raise ValueError("boom")
        return Told(message.text)

    async def story() -> None:
        async with an_organism(picky) as organism:
            done = await organism.ask(BufferStart("picky", says("abc")))
            assert (done.total, done.successful) == (3, 2)
            first, failed, last = done.results
            assert (first, last) == (Told("a"), Told("c"))
            assert isinstance(failed, DeliveryError)
            assert failed.code == "handler"
            assert "boom" not in failed.message
            assert "boom" in organism.dead_letters[0].detail

    run(story())


def test_at_the_deadline_what_is_there_is_given() -> None:
    """Partial results keep their places; what was not there is cancelled and counts as a timeout."""

    async def story() -> None:
        ended: list[str] = []

        async def some(message: Say) -> Told:
            if message.text == "b":
                try:
                    await asyncio.Event().wait()
                finally:
                    ended.append("b")
            return Told(message.text)

        async with an_organism(some) as organism:
            done = await organism.ask(BufferStart("some", says("abc"), deadline=0.5))
            assert (done.total, done.successful) == (3, 2)
            assert done.results[0] == Told("a")
            assert done.results[2] == Told("c")
            assert done.results[1].code == "timeout"
            await organism.settle()
            assert ended == ["b"]
            assert organism.pump.scheduler.running == 0

    run(story())


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_deadline_is_more_than_nothing(seconds: float) -> None:
    """A deadline of no time at all is refused by its class."""
    with pytest.raises(PayloadError, match="deadline"):
        BufferStart("loud", says("a"), deadline=seconds).to_xml()  # type: ignore[attr-defined]


def test_without_collecting_each_answer_comes_by_itself() -> None:
    """The sender hears at once that the items are on their way; it sent them, so their answers come to it."""

    async def story() -> None:
        async with an_organism(loud) as organism:
            conversation = await organism.inject(BufferStart("loud", says("ab"), collect=False))
            replies = await conversation
            assert BufferDispatched("1.1", 2) in replies
            assert [reply.text for reply in replies if isinstance(reply, Told)] == ["A", "B"]

    run(story())


def test_a_note_that_its_receiver_does_not_take_is_left_out_with_an_event() -> None:
    """An agent that accepts the answers, but not `BufferDispatched`, works on undisturbed."""

    async def story() -> None:
        texts: list[str] = []

        async def agent(message: Ask | Told) -> Any:
            if isinstance(message, Ask):
                return send(BufferStart("loud", says("ab"), collect=False), to="system.buffer")
            texts.append(message.text)
            return message if len(texts) == 2 else None

        recorder = Recorder()
        async with an_organism(loud, named("agent", agent, agent=True, peers=["loud", "system.buffer"])) as organism:
            organism.subscribe(recorder)
            assert await organism.ask(Ask("go"), to="agent") == Told("B")
            assert list(organism.dead_letters) == []
        (dropped,) = recorder.of(MessageDroppedEvent)
        assert (dropped.to_id, dropped.payload) == ("agent", BufferDispatched("1.2", 2))
        assert texts == ["A", "B"]

    run(story())


@pytest.mark.parametrize("collect", [True, False])
@pytest.mark.parametrize("target", ["secret", "not-there"])
def test_an_agent_cannot_reach_what_its_peers_forbid(target: str, collect: bool) -> None:
    """A forbidden target and a missing one read alike to the agent; the person finds the cause."""
    heard: list[str] = []

    async def secret(message: Say) -> Told:
        heard.append(message.text)
        return Told("x")

    async def agent(message: Ask | BufferError) -> Any:
        if isinstance(message, BufferError):
            return Told(message.error)
        return send(BufferStart(target, says("a"), collect), to="system.buffer")

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(secret, named("agent", agent, agent=True, peers=["system.buffer"])) as organism:
            organism.subscribe(recorder)
            told = await organism.ask(Ask("go"), to="agent")
        assert told.text.startswith("The message could not be delivered.")
        assert [event.reason for event in recorder.of(SendRefusedEvent)] == [
            "peers" if target == "secret" else "unknown"
        ]
        assert heard == []

    run(story())


def test_a_cancelled_one_ends_with_its_items() -> None:
    """Cancelling the conversation cancels every item that runs; no place and no task is left over."""

    async def story() -> None:
        async def hang(message: Say) -> Told:
            await asyncio.Event().wait()
            return Told("never")

        async with an_organism(hang) as organism:
            conversation = await organism.inject(BufferStart("hang", says("abcdef")))
            await eventually(lambda: organism.running("hang") == 6)
            await conversation.cancel()
            await organism.settle()
            assert organism.pump.scheduler.running == 0
            assert [task for task in asyncio.all_tasks() if "_ask" in repr(task)] == []

    run(story())


def test_it_goes_on_through_a_reload() -> None:
    """A buffer that runs while listeners are swapped collects old and new answers."""

    async def story() -> None:
        gate = asyncio.Event()

        async def old(message: Say) -> Told:
            await gate.wait()
            return Told(f"old {message.text}")

        async def new(message: Say) -> Told:
            return Told(f"new {message.text}")

        async with an_organism(named("target", old, concurrency=1)) as organism:
            conversation = await organism.inject(BufferStart("target", says("ab")))
            await eventually(lambda: organism.running("target") == 1)
            assert (await organism.reload([named("target", new, concurrency=1)])).success
            gate.set()
            (done,) = await conversation
            assert done.results == [Told("old a"), Told("new b")]

    run(story())
