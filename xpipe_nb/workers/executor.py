"""Where a handler runs: the one protocol of all executors, and that of processes that take jobs by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.workers.jobs import Answer, Job
    from xpipe_nb.workers.reports import Ending, Report

__all__ = ["Executor", "Hear", "Workers"]


class Executor(Protocol):
    """Runs handlers in one way: `inline`, in a `thread`, in a `process`, on `dask`.

    A listener's `executor` names one; an organism makes each of them once, when it is first needed.
    """

    async def run(self, turn: Turn) -> None:
        """Call the turn's handler and hand on what it gives (`turn.services.conclude` and `reply`).

        Cancelling this ends the handler, as far as that can be done there: a process is killed, a thread left behind.

        Raises:
            BaseException: Whatever the handler raises; an `XPipeError` for what went wrong around it.
        """

    async def stop(self) -> None:
        """End whatever was started for it; nothing is left behind."""


Hear: TypeAlias = "Callable[[Report, Callable[[Answer], None]], None]"
"""Is told of each report at once, on the organism's loop; an `Asked` is answered by the second argument, later."""


class Workers(Protocol):
    """Processes that take jobs by value: `Remote` is an `Executor` on top of any of them."""

    @property
    def is_free(self) -> bool:
        """A job given now is begun at once."""

    async def work(self, job: Job, hear: Hear) -> Ending:
        """Have a job done by a worker, and wait for it.

        All reports of the job are heard before this returns. Cancelling this ends the job: its worker is killed, or
        left behind where it cannot be.

        Args:
            job: The job.
            hear: Is told of what happens meanwhile; `Started` is the first.

        Raises:
            WorkerDied: The worker is no more; the job may have been begun.
            XPipeError: There is nobody who could do it.
        """

    async def stop(self) -> None:
        """End all workers; a job that is not done is cancelled."""
