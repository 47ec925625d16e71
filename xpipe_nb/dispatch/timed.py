"""Layer, where a listener has a timeout: a handler has so many seconds of its own; time that it waits in a call does not count."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed

if TYPE_CHECKING:
    from xpipe_nb.dispatch.around import Layer, Perform
    from xpipe_nb.dispatch.deadlines import Deadlines
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["timed"]


def timed(deadlines: Deadlines) -> Layer:
    """Make the layer that cancels a handler whose time is over."""

    async def layer(proceed: Perform, turn: Turn) -> Any:
        seconds = turn.listener.timeout
        assert seconds is not None  # for the type checker: the layer stands nowhere else
        deadlines.watch(turn, seconds)
        try:
            result = await proceed(turn)
        except asyncio.CancelledError:
            if not turn.expired:
                raise
            raise _timed_out(turn, seconds) from None
        finally:
            deadlines.forget(turn)
        if turn.expired:  # it swallowed the cancellation and went on
            raise _timed_out(turn, seconds)
        return result

    return layer


def _timed_out(turn: Turn, seconds: float) -> TurnFailed:
    return TurnFailed("timeout", f"{turn.listener.name} did not end within {seconds:g} s (its timeout)")
