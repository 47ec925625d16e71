"""Layer: a handler runs in the context of its conversation, so that prints and context variables go where it began."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

    from xpipe_nb.dispatch.around import Perform
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["in_context"]


@types.coroutine
def in_context(proceed: Perform, turn: Turn) -> Generator[Any, Any, Any]:
    """Run what follows in the conversation's context, in the task that is at work.

    A task of its own would do the same (`create_task(..., context=...)`) for several turns of the loop more.
    """
    coroutine: Any = proceed(turn)
    context = turn.frame.conversation.context
    if context is None:
        return (yield from coroutine)
    run, step, value = context.run, coroutine.send, None
    while True:
        try:
            waited_for = run(step, value)
        except StopIteration as stop:
            return stop.value
        try:
            value = yield waited_for
            step = coroutine.send
        except BaseException as error:  # noqa: BLE001 - handed on into the coroutine, whatever it is
            value, step = error, coroutine.throw
