"""Daemon threads for handlers that are plain functions.

`concurrent.futures` will not do: its threads are joined when the interpreter exits, so one handler that never ends
would keep a finished program alive.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

__all__ = ["DaemonThreads"]

Result = TypeVar("Result")
IDLE_SECONDS = 30.0


class _Job:
    __slots__ = ("context", "function", "future", "late", "loop")

    def __init__(self, function: Callable[[], Any], context: Context, late: Callable[[Any], None]) -> None:
        self.function, self.context, self.late = function, context, late
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()

    def run(self) -> None:
        result, error = None, None
        try:
            result = self.context.run(self.function)
        except BaseException as caught:  # noqa: BLE001 - whatever it is, it belongs to the one who waits
            error = RuntimeError("the handler raised StopIteration") if isinstance(caught, StopIteration) else caught
        try:
            self.loop.call_soon_threadsafe(self._finish, result, error)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            return

    def _finish(self, result: Any, error: BaseException | None) -> None:
        if self.future.done():
            self.late(result if error is None else error)
        elif error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class DaemonThreads:
    """Threads that are made when needed, used again while warm, and never waited for; no two have the same name.

    Example:
        >>> import asyncio, contextvars
        >>> threads = DaemonThreads()
        >>> async def main():
        ...     return await threads.run(lambda: 6 * 7, contextvars.copy_context())
        >>> asyncio.run(main())
        42
    """

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[_Job | None]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._alive = 0
        self.abandoned = 0

    @property
    def at_work(self) -> int:
        """How many functions are running."""
        with self._lock:
            return self._alive - len(self._idle)

    async def run(
        self, function: Callable[[], Result], context: Context, late: Callable[[Any], None] = lambda _result: None
    ) -> Result:
        """Run a function in a thread and in a context.

        Args:
            function: What to run.
            context: The context it runs in; it must not be entered elsewhere at the same time.
            late: Gets the result if the caller was cancelled before it was there.

        Raises:
            BaseException: Whatever the function raises.
        """

        def came_late(result: Any) -> None:
            self.abandoned -= 1
            late(result)

        job = _Job(function, context, came_late)
        self._start(job)
        try:
            return await job.future  # type: ignore[no-any-return]
        except asyncio.CancelledError:
            if job.future.cancelled():
                self.abandoned += 1
            raise

    def close(self) -> None:
        """End the threads that are idle, and each that still works when its function returns."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            self._alive -= len(idle)
        for jobs in idle:
            jobs.put(None)

    def _start(self, job: _Job) -> None:
        with self._lock:
            jobs = self._idle.pop() if self._idle else None
            self._alive += jobs is None
        if jobs is None:
            jobs = SimpleQueue()
            name = f"xpipe-handler-{next(self._numbers)}"
            threading.Thread(target=self._work, args=(jobs,), name=name, daemon=True).start()
        jobs.put(job)

    def _work(self, jobs: SimpleQueue[_Job | None]) -> None:
        while True:
            try:
                job = jobs.get(timeout=IDLE_SECONDS)
            except Empty:
                with self._lock:
                    if jobs in self._idle:
                        self._idle.remove(jobs)
                        self._alive -= 1
                        return
                continue  # a job is just being put
            if job is None:
                return
            job.run()
            del job
            with self._lock:
                if self._closed:
                    self._alive -= 1
                    return
                self._idle.append(jobs)
