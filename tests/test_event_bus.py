"""Subscribers: each event, in order, through a bounded queue of its own, and never in the way of a message."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories.cast import Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import LogEvent, MessageReceivedEvent
from xpipe_nb.dispatch.event_bus import QUEUE_LENGTH, EventBus, Subscription


async def echo(message: Say) -> Told:
    return Told(message.text)


def numbered(number: int) -> LogEvent:
    return LogEvent("thread", "echo", str(number))


@given(st.lists(st.integers(1, 7), max_size=12), st.integers(1, 10))
def test_the_oldest_events_go_first_and_are_counted(bursts: list[int], length: int) -> None:
    """What a subscriber gets is in order and without gaps at its end; what it did not get is counted."""

    async def story() -> None:
        got: list[int] = []
        subscription = Subscription(lambda event: got.append(int(event.text)), lambda _: None, length)  # type: ignore[attr-defined]
        number = 0
        for burst in bursts:
            subscription.put(tuple(numbered(number + n) for n in range(burst)))
            number += burst
        await eventually(lambda: not subscription.busy)
        assert got == list(range(number))[max(0, number - length) :]
        assert subscription.dropped == number - len(got)

    run(story())


def test_a_subscriber_that_hangs_holds_up_nobody() -> None:
    """A callback that never comes back: messages flow, others get every event, and what it missed is counted."""

    async def story() -> None:
        let_go = asyncio.Event()
        hung: list[Any] = []
        others: list[Any] = []

        async def hangs(event: Any) -> None:
            hung.append(event)
            await let_go.wait()

        async with an_organism(echo) as organism:
            subscription, quick = organism.subscribe(hangs), organism.subscribe(others.append)
            assert await organism.ask(Say("x")) == Told("x")
            for number in range(QUEUE_LENGTH + 5):
                organism.pump.bus.publish(numbered(number))
                if number % 1000 == 0:
                    await asyncio.sleep(0)
            await eventually(lambda: not quick.busy)
            assert len(hung) == 1
            assert subscription.dropped == len(others) - 1 - QUEUE_LENGTH
            assert organism.pump.bus.dropped >= subscription.dropped
            let_go.set()
            await eventually(lambda: not subscription.busy, turns=100_000)
            assert hung[1:] == others[-QUEUE_LENGTH:]

    run(story())


def test_a_stop_waits_for_subscribers_only_a_moment() -> None:
    """What a slow subscriber has not got by then is counted; one that hangs is cancelled, and no task is left."""

    async def story() -> None:
        async def hangs(event: Any) -> None:
            await asyncio.Event().wait()

        before = asyncio.all_tasks()
        async with an_organism(echo) as organism:
            subscription = organism.subscribe(hangs)
            await organism.ask(Say("x"))
        assert subscription.dropped > 0
        await eventually(lambda: asyncio.all_tasks() == before)

    run(story())


def test_a_stop_hands_over_what_still_waits() -> None:
    """A subscriber that keeps up gets everything to the end, the last state included, also if it has to be awaited."""

    async def story() -> None:
        got: list[Any] = []

        async def careful(event: Any) -> None:
            await asyncio.sleep(0)
            got.append(event)

        async with an_organism(echo) as organism:
            subscription = organism.subscribe(careful)
            await organism.ask(Say("x"))
        assert got[-1].state == "stopped"
        assert subscription.dropped == 0

    run(story())


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), asyncio.CancelledError()])
@pytest.mark.parametrize("awaited", [False, True])
def test_raising_harms_nobody(caplog: pytest.LogCaptureFixture, error: BaseException, *, awaited: bool) -> None:
    """A callback that raises is logged and gets the next event; messages and other subscribers notice nothing."""

    async def story() -> None:
        calls: list[Any] = []
        others: list[Any] = []

        def raises(event: Any) -> None:
            calls.append(event)
            raise error

        async def raises_later(event: Any) -> None:
            raises(event)

        async with an_organism(echo) as organism:
            organism.subscribe(raises_later if awaited else raises)
            organism.subscribe(others.append)
            assert await organism.ask(Say("x")) == Told("x")
        assert calls == others
        assert len(calls) > 5

    with caplog.at_level(logging.CRITICAL + 1, logger="xpipe_nb"):
        run(story())


def test_an_ended_subscription_gets_what_was_published_before() -> None:
    """Unsubscribing, by the handle or by the callback, takes nothing away that happened before; twice does no harm."""

    async def story() -> None:
        bus = EventBus()
        got: list[Any] = []
        first = bus.subscribe(got.append)
        bus.publish(numbered(1))
        first()
        first()
        assert not bus.heard
        bus.publish(numbered(2))
        bus.subscribe(got.append)
        bus.publish(numbered(3))
        bus.unsubscribe(got.append)
        assert not bus.heard
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [event.text for event in got] == ["1", "3"]

    run(story())


def test_a_callback_may_inject() -> None:
    """A subscriber is outside: it may inject, and await what comes of it."""

    async def story() -> None:
        replies: list[Any] = []

        async with an_organism(echo, max_concurrent_pipelines=1) as organism:

            async def once(event: Any) -> None:
                if isinstance(event, MessageReceivedEvent) and not replies:
                    replies.append("asked")
                    replies.append(await organism.ask(Say("again")))

            organism.subscribe(once)
            await organism.ask(Say("x"))
            await eventually(lambda: len(replies) == 2)
            assert replies[1] == Told("again")

    run(story())
