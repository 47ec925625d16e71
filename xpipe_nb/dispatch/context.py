"""Layer: a handler runs in the context of its conversation, so that prints and context variables go where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Generator
    from contextvars import Context

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["InContext", "in_context"]


class InContext:
    """Awaits a coroutine in the current task, but with another context.

    A task of its own would do the same (`create_task(..., context=...)`) for several turns of the loop more.

    Args:
        context: The context to run in.
        coroutine: What to run.
    """

    __slots__ = ("_context", "_coroutine")

    def __init__(self, context: Context, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._context, self._coroutine = context, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        run, step, value = self._context.run, self._coroutine.send, None
        while True:
            try:
                waited_for = run(step, value)
            except StopIteration as stop:
                return stop.value
            try:
                value = yield waited_for
                step = self._coroutine.send
            except BaseException as error:  # noqa: BLE001 - handed on into the coroutine, whatever it is
                value, step = error, self._coroutine.throw


def in_context(turn: Turn, proceed: Callable[[Turn], Awaitable[Any]]) -> Awaitable[Any]:
    """Run what follows in the conversation's context."""
    context = turn.frame.conversation.context
    if context is None:
        return proceed(turn)
    return InContext(context, proceed(turn))  # type: ignore[arg-type]
