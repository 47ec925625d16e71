"""Context: what a frame remembers of the messages that arrived in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import run
from xpipe_nb import (
    ConversationFailed,
    HandlerMetadata,
    HistoryCutEvent,
    Limits,
    ListenerConfig,
    Slot,
    send,
    slot_to_handler_metadata,
)


async def echo(message: Say) -> Told:
    return Told(message.text)


def counter(seen: list[Any]) -> Any:
    """An agent that sends itself a `Count` until it is at zero, and notes its history at each turn."""

    async def agent(message: Count, meta: HandlerMetadata) -> Any:
        seen.append((meta.history, meta.thread_id))
        return send(Count(message.n - 1), to="agent") if message.n else Told("done")

    return ListenerConfig(name="agent", handler=agent, agent=True)


def test_a_slot_tells_all_about_its_message() -> None:
    """Payload, sender, receiver, place, time, type, the agent's own name, and whether it sent it to itself."""
    seen: list[tuple[tuple[Slot, ...], str]] = []

    async def story() -> None:
        before = datetime.now(UTC)
        async with an_organism(counter(seen)) as organism:
            await organism.ask(Count(1), to="agent")
        first, second = seen[-1][0]
        assert (first.payload, first.payload_type) == (Count(1), "Count")
        assert (first.from_id, first.to_id, first.own_name, first.is_self_call) == ("console", "agent", "agent", False)
        assert (second.payload, second.from_id, second.is_self_call) == (Count(0), "agent", True)
        assert [(each.index, each.failed) for each in (first, second)] == [(0, False), (1, False)]
        assert before - timedelta(seconds=1) <= first.time <= second.time <= datetime.now(UTC)
        assert first.thread_id == second.thread_id == seen[0][1]
        assert second.previous is first

    run(story())


def test_a_slot_cannot_be_changed() -> None:
    """Not the slot, nor what was remembered by way of the payload that it gives."""
    seen: list[tuple[tuple[Slot, ...], str]] = []

    async def story() -> None:
        async with an_organism(counter(seen)) as organism:
            await organism.ask(Count(0), to="agent")
        (slot,) = seen[0][0]
        for name in ("from_id", "index", "failed", "payload", "time", "something_new"):
            with pytest.raises(AttributeError):
                setattr(slot, name, "x")
        with pytest.raises(AttributeError):
            del slot.from_id
        slot.payload.n = 7
        assert slot.payload == Count(0)

    run(story())


def test_a_slot_gives_the_metadata_of_its_message() -> None:
    """`slot_to_handler_metadata` is what the handler was told then."""
    seen: list[tuple[tuple[Slot, ...], str]] = []

    async def story() -> None:
        async with an_organism(counter(seen), echo) as organism:
            await organism.ask(Count(1), to="agent")
        meta = slot_to_handler_metadata(seen[-1][0][1])
        assert (meta.thread_id, meta.from_id, meta.own_name, meta.is_self_call) == (seen[0][1], "agent", "agent", True)

    run(story())


def test_a_plain_listener_has_no_own_name_in_its_slots() -> None:
    """Only agents are told who they are."""
    slots: list[Slot] = []

    async def plain(message: Say, meta: HandlerMetadata) -> None:
        slots.extend(meta.history)

    async def story() -> None:
        async with an_organism(plain) as organism:
            await (await organism.inject(Say("x"), to="plain"))

    run(story())
    assert [each.own_name for each in slots] == [None]


def test_a_failed_turn_keeps_its_message_marked() -> None:
    """What could not be handled was received all the same."""
    slots: list[Slot] = []

    async def broken(message: Say, meta: HandlerMetadata) -> None:
        slots.extend(meta.history)
        assert not slots[0].failed  # not yet
        raise ValueError("no")

    async def story() -> None:
        async with an_organism(ListenerConfig(name="broken", handler=broken)) as organism:
            with pytest.raises(ConversationFailed):
                await organism.ask(Say("x"), to="broken")

    run(story())
    assert [(each.payload, each.failed) for each in slots] == [(Say("x"), True)]


def test_a_retried_message_is_remembered_once() -> None:
    """A slot stands for a message, not for an attempt."""
    lengths: list[int] = []

    async def shaky(message: Say, meta: HandlerMetadata) -> Told:
        lengths.append(len(meta.history))
        if meta.attempt == 1:
            raise OSError
        return Told("ok")

    async def story() -> None:
        async with an_organism(ListenerConfig(name="shaky", handler=shaky, retries=1)) as organism:
            assert await organism.ask(Say("x"), to="shaky") == Told("ok")

    run(story())
    assert lengths == [1, 1]


@pytest.mark.parametrize("most", [1, 3, 10])
def test_the_oldest_are_forgotten_and_it_is_said_once(most: int) -> None:
    """A frame keeps the newest `max_history` slots; an event says so once, the first index counts the rest."""
    seen: list[tuple[tuple[Slot, ...], str]] = []
    recorder = Recorder()

    async def story() -> None:
        async with an_organism(counter(seen), limits=Limits(max_history=most)) as organism:
            organism.subscribe(recorder)
            await organism.ask(Count(19), to="agent")

    run(story())
    assert [len(history) for history, _ in seen] == [min(turn, most) for turn in range(1, 21)]
    last = seen[-1][0]
    assert [each.index for each in last] == list(range(20 - most, 20))
    assert (last[0].previous, last[0].payload) == (None, Count(most - 1))
    (event,) = recorder.of(HistoryCutEvent)
    assert (event.agent_name, event.kept, event.conversation) == ("agent", most, 1)
    assert event.thread_id == seen[0][1]


def test_what_fits_is_never_forgotten() -> None:
    """Exactly as many as are kept: no event."""
    seen: list[tuple[tuple[Slot, ...], str]] = []
    recorder = Recorder()

    async def story() -> None:
        async with an_organism(counter(seen), limits=Limits(max_history=5)) as organism:
            organism.subscribe(recorder)
            await organism.ask(Count(4), to="agent")

    run(story())
    assert [each.index for each in seen[-1][0]] == [0, 1, 2, 3, 4]
    assert recorder.of(HistoryCutEvent) == []


def test_each_frame_has_a_history_of_its_own() -> None:
    """Two callers of one listener never see each other's messages there."""
    histories: list[list[str]] = []

    async def keeper(message: Say, meta: HandlerMetadata) -> Told:
        histories.append([slot.payload.text for slot in meta.history])
        return Told(message.text)

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        for text in "ab":
            await meta.call(Say(text), to="keeper")
        return Told("done")

    async def story() -> None:
        async with an_organism(keeper, boss) as organism:
            await organism.ask(Ask("go"), to="boss")
            await organism.ask(Say("c"), to="keeper")

    run(story())
    assert histories == [["a"], ["b"], ["c"]]
