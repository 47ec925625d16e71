"""What all workers do, for whoever looks on: told when it changes, measured once a second, and neither for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xpipe_nb.events import WorkersEvent, WorkerState

if TYPE_CHECKING:
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.workers.condition import PoolCondition

__all__ = ["Watch", "WorkerList"]

PAUSE = 0.1
"""Seconds between two events at least."""

SECOND = 1.0
"""Seconds between two measurements."""


class WorkerList(list[WorkerState]):
    """The worker processes as they are now; `kill(pid)` ends one of them.

    Args:
        workers: What each does.
        kill: Ends one, given what is said of that, and says whether there was one.
        condition: How their pool is: its size, how they are started, how many died, and of what the last one.

    Example:
        ```python
        for worker in organism.workers:
            print(worker.pid, worker.state, worker.listener)
        organism.workers.kill(organism.workers[0].pid)
        ```
    """

    def __init__(
        self,
        workers: Iterable[WorkerState] = (),
        kill: Callable[[int, str], bool] = lambda _pid, _how: False,
        condition: PoolCondition | None = None,
    ) -> None:
        super().__init__(workers)
        self._kill, self.condition = kill, condition

    def kill(self, pid: int, *, source: str = "organism.workers.kill()") -> bool:
        """End a worker at once; what it works on counts as crashed, and is tried again if its listener says so.

        Args:
            pid: Its process id.
            source: Where somebody did it; the error of what it worked on says `was killed from …`.

        Returns:
            Whether there is a worker of that id.
        """
        return self._kill(pid, f"was killed from {source}")


class Watch:
    """Publishes what workers do.

    Args:
        look: Gives what each does.
        bus: Where it is published.
    """

    def __init__(self, look: Callable[[], tuple[WorkerState, ...]], bus: EventBus) -> None:
        self._look, self._bus = look, bus
        self._planned: asyncio.TimerHandle | None = None
        self._processes: dict[int, Any] = {}
        self._measured: dict[int, tuple[float, int]] = {}
        self._measured_at = 0.0
        self._told: tuple[WorkerState, ...] = ()

    def changed(self) -> None:
        """Something has changed; tell it a moment later, with all that changes meanwhile."""
        if self._bus.heard and (self._planned is None or self._planned.when() > _now() + PAUSE):
            self._plan(PAUSE)

    def _plan(self, seconds: float) -> None:
        self.stop()
        self._planned = asyncio.get_running_loop().call_later(seconds, self._tell)

    def stop(self) -> None:
        """Tell no more."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None

    def _tell(self) -> None:
        self._planned = None
        if not self._bus.heard:
            return
        workers = self.measured()
        if workers or self._told:
            self._bus.publish(WorkersEvent(workers))
        self._told = workers
        if workers:
            self._plan(SECOND)

    def measured(self) -> tuple[WorkerState, ...]:
        """Give what each worker does, with its processor and memory as they were within the last second."""
        workers = self._look()
        if workers and _now() - self._measured_at >= SECOND:
            self._measured_at = _now()
            self._measure({worker.pid for worker in workers if worker.pid})
        return tuple(
            replace(worker, cpu=known[0], memory=known[1]) if (known := self._measured.get(worker.pid)) else worker
            for worker in workers
        )

    def _measure(self, pids: set[int]) -> None:
        import psutil  # only where somebody looks

        self._processes = {pid: self._processes.get(pid) for pid in pids}
        self._measured = {}
        for pid, known in list(self._processes.items()):
            try:
                process = known or psutil.Process(pid)
                self._processes[pid] = process
                self._measured[pid] = process.cpu_percent(), process.memory_info().rss
            except psutil.Error:  # it has just ended
                continue


def _now() -> float:
    return asyncio.get_running_loop().time()
