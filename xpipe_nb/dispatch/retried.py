"""Layer, where a listener has retries: a handler that raised or did not end in time is called again, as often as its listener says.

A wrong return is not tried again, for it would be wrong again; neither is a turn that has sent something already, for
its receivers would get it twice.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.guarded import describe
from xpipe_nb.dispatch.turn import TurnFailed, TurnOver
from xpipe_nb.errors import CallFailed
from xpipe_nb.events import RetryEvent

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.dispatch.around import Layer, Perform
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["backoff", "retried"]

FIRST, LONGEST = 0.1, 30.0
"""Seconds before the second attempt, and at most before any."""


def backoff(attempt: int) -> float:
    """Give the seconds to wait after an attempt: twice as long after each, within a half and one and a half of that.

    Args:
        attempt: How many attempts there were, from 1.

    Example:
        >>> 0.05 <= backoff(1) <= 0.15
        True
    """
    return min(LONGEST, FIRST * 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.5)  # noqa: S311 - it keeps no secret


def retried(bus: EventBus, delay: Callable[[int], float] = backoff) -> Layer:
    """Make the layer that calls a handler again.

    Args:
        bus: Where each further attempt is told.
        delay: Gives the seconds to wait after an attempt.
    """

    async def layer(proceed: Perform, turn: Turn) -> Any:
        while True:
            try:
                return await proceed(turn)
            except BaseException as error:
                if turn.attempt > turn.listener.retries or not _is_worth_another(turn, error):
                    raise
                seconds = delay(turn.attempt)
                if bus.heard:
                    bus.publish(_event(turn, error, seconds))
            await _rested(turn, seconds)

    return layer


def _is_worth_another(turn: Turn, error: BaseException) -> bool:
    if turn.sent or turn.over or turn.abandoned:
        return False
    if isinstance(error, TurnFailed):
        return error.code == "timeout"
    if isinstance(error, CallFailed) and error.code == "budget":  # it would be used up the next time, too
        return False
    return not isinstance(error, asyncio.CancelledError | TurnOver | GeneratorExit)


def _event(turn: Turn, error: BaseException, seconds: float) -> RetryEvent:
    detail = error.detail if isinstance(error, TurnFailed) else describe(turn, error)
    frame = turn.frame
    return RetryEvent(frame.thread_id, frame.listener, turn.attempt + 1, seconds, detail, frame.conversation.number)


async def _rested(turn: Turn, seconds: float) -> None:
    """Wait without holding a place, then make the turn ready to begin again, with a fresh copy of its message."""
    task = turn.task
    while task is not None and task.cancelling():  # the timeout was told by a cancellation, which is over now
        task.uncancel()
    turn.expired = False
    loop = asyncio.get_running_loop()
    rested: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, _wake, rested)
    try:
        await turn.services.stand_by(rested)
    finally:
        timer.cancel()
    turn.attempt += 1
    if (slot := turn.frame.latest) is not None:
        turn.delivery.payload = slot.payload


def _wake(rested: asyncio.Future[None]) -> None:
    if not rested.done():
        rested.set_result(None)
