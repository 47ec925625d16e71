"""The innermost step: the handler's call, where its listener says that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.workers.executors import Executors

__all__ = ["handled"]


def handled(executors: Executors) -> Callable[[Turn], Awaitable[Any]]:
    """Make the step that calls handlers."""
    find, known = executors.of, executors.known

    def invoke(turn: Turn) -> Awaitable[None]:
        name = turn.listener.executor
        executor = known.get(name)
        return (find(name) if executor is None else executor).run(turn)

    return invoke
