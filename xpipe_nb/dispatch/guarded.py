"""Layer: whatever a handler raises becomes a `TurnFailed`; this is the one place that catches everything.

`SystemExit` and `KeyboardInterrupt` are caught here too, inside the worker's own frames: once they reach asyncio's
task machinery they end the loop.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed, TurnOver
from xpipe_nb.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["describe", "guarded"]


async def guarded(turn: Turn, proceed: Callable[[Turn], Awaitable[Any]]) -> Any:
    """Turn everything that goes wrong in a handler into a `TurnFailed`."""
    try:
        result = await proceed(turn)
    except asyncio.CancelledError:
        if turn.services.stopping and not turn.over:
            raise
        raise _cancelled(turn) from None
    except (TurnOver, TurnFailed) as ended:
        raise (TurnOver() if turn.abandoned else ended) from None  # of an abandoned turn all was told long ago
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        code = error.code if isinstance(error, CallFailed) else "handler"
        raise TurnFailed(code, describe(turn, error)) from error
    else:
        if turn.abandoned:
            raise TurnOver
        return result
    finally:
        if turn.task is not None and not turn.services.stopping:
            _forget_cancellation(turn.task)


def _cancelled(turn: Turn) -> TurnOver | TurnFailed:
    if turn.over:
        return TurnOver()
    return TurnFailed("handler", f"{turn.listener.name} was cancelled, but not by the pump")


def _forget_cancellation(task: asyncio.Task[Any]) -> None:
    """The worker's task lives on: to its next handler it must look as if nobody had ever cancelled it."""
    while task.cancelling():
        task.uncancel()


def describe(turn: Turn, error: BaseException) -> str:
    """Say what a handler raised, and where in its own code."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if turn.listener.source and step.filename == turn.listener.source.file]
    place = f", line {own[-1].lineno}: {own[-1].line}" if own else ""
    text = f": {error}" if str(error) else ""
    return f"{turn.listener.name} raised {type(error).__name__}{text}{place}"
