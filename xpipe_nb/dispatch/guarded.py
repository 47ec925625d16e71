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
        if turn.abandoned:
            raise TurnOver
        return result
    except asyncio.CancelledError:
        if turn.services.stopping and not turn.over:
            raise
        if turn.over:
            raise TurnOver from None
        raise TurnFailed("handler", f"{turn.listener.name} was cancelled, but not by the pump") from None
    except TurnOver:
        raise
    except TurnFailed:
        if turn.abandoned:  # told long ago
            raise TurnOver from None
        raise
    except CallFailed as error:
        raise TurnFailed(error.code, f"{turn.listener.name} did not catch: {error}") from error
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        raise TurnFailed("handler", describe(turn, error)) from error
    finally:
        task = turn.task
        if task is not None and task.cancelling() and not turn.services.stopping:
            while task.uncancel():
                pass


def describe(turn: Turn, error: BaseException) -> str:
    """Say what a handler raised, and where in its own code."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if turn.listener.source and step.filename == turn.listener.source.file]
    place = f", line {own[-1].lineno}: {own[-1].line}" if own else ""
    text = f": {error}" if str(error) else ""
    return f"{turn.listener.name} raised {type(error).__name__}{text}{place}"
