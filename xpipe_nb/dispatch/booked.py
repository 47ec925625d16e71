"""Layer, where there are hooks: they learn of a message before its handler runs, and of what became of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.guarded import describe
from xpipe_nb.dispatch.turn import TurnFailed, TurnOver

if TYPE_CHECKING:
    from xpipe_nb.dispatch.around import Layer, Perform
    from xpipe_nb.dispatch.hooks import Hooks
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["booked"]


def booked(hooks: Hooks) -> Layer:
    """Make the layer that tells the hooks."""

    async def layer(proceed: Perform, turn: Turn) -> Any:
        entries = await hooks.intent(turn)
        await hooks.tell(entries, "on_dispatched")
        try:
            result = await proceed(turn)
        except BaseException as error:
            # In a task of its own: this one may be being cancelled.
            hooks.tell_later(entries, "on_failed", _cause(turn, error))
            raise
        await hooks.tell(entries, "on_acknowledged")
        return result

    return layer


def _cause(turn: Turn, error: BaseException) -> str:
    if isinstance(error, TurnFailed):
        return error.detail
    if isinstance(error, asyncio.CancelledError | TurnOver):
        return f"{turn.listener.name} was ended while it worked"
    return describe(turn, error)
