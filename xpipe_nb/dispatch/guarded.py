"""Layer: whatever a handler raises becomes a `TurnFailed`; this is the one place that catches everything.

`SystemExit`, `KeyboardInterrupt` and every other `BaseException` are caught here too, inside the worker's own frames:
once they reach asyncio's task machinery they end the loop, or the worker.
"""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed, TurnOver
from xpipe_nb.errors import CallFailed, WorkerDied
from xpipe_nb.wording import one_line_of

if TYPE_CHECKING:
    from xpipe_nb.dispatch.around import Perform
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["describe", "guarded"]


async def guarded(proceed: Perform, turn: Turn) -> Any:
    """Turn everything that goes wrong in a handler into a `TurnFailed`."""
    try:
        result = await proceed(turn)
    except asyncio.CancelledError:
        if turn.services.stopping and not turn.over:
            raise
        raise _cancelled(turn) from None
    except (TurnOver, TurnFailed) as ended:
        raise (TurnOver() if turn.abandoned else ended) from None  # of an abandoned turn all was told long ago
    except BaseException as error:
        if isinstance(error, GeneratorExit) and asyncio._get_running_loop() is None:  # noqa: SLF001 - may ask, not raise
            raise  # the loop is gone, and the garbage collector closes what is left of us
        cause = _root(error)
        code = cause.code if isinstance(cause, CallFailed) else "handler"
        raise TurnFailed(code, describe(turn, cause)) from error
    else:
        if turn.abandoned:
            raise TurnOver
        return result


def _cancelled(turn: Turn) -> TurnOver | TurnFailed:
    if turn.over:
        return TurnOver()
    return TurnFailed("handler", f"{turn.listener.name} was cancelled, but not by the pump")


def _root(error: BaseException) -> BaseException:
    """The one error in a group of one, as a task group raises it."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def describe(turn: Turn, error: BaseException) -> str:
    """Say what a handler raised, and where in its own code; a worker process that ended was raised by nobody."""
    steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if turn.listener.source and step.filename == turn.listener.source.file]
    if isinstance(error, WorkerDied) and not own:
        return str(error)
    place = f", {turn.services.place_of(own[-1].filename, own[-1].lineno)}: {own[-1].line}" if own else ""
    return f"{turn.listener.name} raised {type(error).__name__}{_text(error)}{place}"


def _text(error: BaseException) -> str:
    try:
        text = one_line_of(str(error))
    except Exception as worse:  # noqa: BLE001 - it is the person's own `__str__`
        return f" (its text cannot be shown: {type(worse).__name__})"
    return f": {text}" if text else ""
