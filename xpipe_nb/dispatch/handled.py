"""The innermost step: the handler's call, where its listener says that it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xpipe_nb.dispatch.around import Perform
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.listeners import Listener
    from xpipe_nb.workers.executors import Executors

__all__ = ["handled"]


def handled(executors: Executors) -> Callable[[Listener], Perform]:
    """Make what gives the step that calls the handler of a listener."""

    def step_of(listener: Listener) -> Perform:
        executor = executors.known.get(listener.executor)
        return in_time if executor is None else executor.run

    def in_time(turn: Turn) -> Awaitable[Any]:  # one that has a price is made when it is needed, or cannot be
        return executors.of(turn.listener.executor).run(turn)

    return step_of
