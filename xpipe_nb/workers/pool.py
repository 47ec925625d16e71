"""Worker processes of our own, each with its own connection, so that the death of one is an affair of one job only."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed, WorkerDied, XPipeError
from xpipe_nb.workers.condition import PoolCondition, how_it_ended
from xpipe_nb.workers.failures import failed
from xpipe_nb.workers.jobs import Answer
from xpipe_nb.workers.launching import launcher
from xpipe_nb.workers.process import Leave, Missing, Ready
from xpipe_nb.workers.reports import Asked, Done, Ending, Failed, Held, Report, Started
from xpipe_nb.workers.worker import Errand, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.events import WorkerState
    from xpipe_nb.workers.executor import Hear
    from xpipe_nb.workers.jobs import Job

__all__ = ["IDLE", "WorkerPool"]

log = logging.getLogger(__name__)

IDLE = 60.0
"""Seconds after which a worker that has nothing to do ends."""

GRACE = 0.5
"""Seconds that workers have to end by themselves when the pool stops."""

TRIES = 3
"""How many workers in a row may fail to start before those who wait are told so."""

_WAITING = ("call", "call_all", "reserve")
"""What a handler may ask for that can take long: its worker does not count meanwhile."""


class WorkerPool:
    """Up to so many processes that work at once; they are started when they are needed.

    A worker whose handler waits in a call does not count, so that what it waits for can be worked on.

    Args:
        size: How many may work at once.
        start_method: `forkserver` or `spawn`.
        max_tasks_per_child: After how many jobs a worker is replaced by a fresh one; `None` for never.
        max_waiting: How many handlers of workers may wait in calls at once.
        idle: Seconds after which a worker that has nothing to do ends.
    """

    def __init__(
        self,
        size: int,
        *,
        start_method: str = "forkserver",
        max_tasks_per_child: int | None = None,
        max_waiting: int = 64,
        idle: float = IDLE,
    ) -> None:
        self.size, self._max_tasks, self._max_waiting = size, max_tasks_per_child, max_waiting
        self._idle_seconds = idle
        self.changed: Callable[[], None] = lambda: None  # is told whenever a worker begins, ends, comes or goes
        self._start_method, self._launcher = start_method, launcher(start_method)
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []  # the one used last is used next, so that the others may go
        self._queue: deque[Errand] = deque()
        self._returning: deque[tuple[Worker, Answer]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._failures = 0
        self._died, self._last_failure = 0, ""
        self._looking: asyncio.TimerHandle | None = None
        self._is_stopped = False

    # ---- jobs

    @property
    def is_free(self) -> bool:
        """A job given now is begun at once."""
        return bool(self._idle) and not self._queue and self._at_work < self.size

    async def work(self, job: Job, hear: Hear) -> Ending:
        """Have a job done by a worker, and wait for it; see `Workers`."""
        if self._is_stopped:
            raise XPipeError("the worker processes were stopped")
        errand = Errand(job, hear)
        self._queue.append(errand)
        self._go_on()
        try:
            return await errand.ending
        except asyncio.CancelledError:
            self._give_up(errand)
            raise

    def _give_up(self, errand: Errand) -> None:
        if errand.worker is not None and errand.worker.errand is errand:  # it may have another one by now
            errand.worker.is_leaving = True
            errand.worker.kill()
        elif errand in self._queue:
            self._queue.remove(errand)

    @property
    def _at_work(self) -> int:
        return sum(worker.errand is not None and not worker.calls for worker in self._workers)

    def _go_on(self) -> None:
        """Let whoever has waited longest go on: first those who have their answer, then jobs that are not begun."""
        free = self.size - self._at_work
        while self._returning and free > 0:
            worker, answer = self._returning.popleft()
            if not worker.is_gone and worker.errand is not None:
                free -= worker.calls == 1
                self._return(worker, answer)
        while self._queue and self._idle and free > 0:
            errand = self._queue.popleft()
            if not errand.ending.done():
                free -= 1
                self._idle.pop().give(errand)
        needed = min(len(self._queue), free) - sum(worker.state == "starting" for worker in self._workers)
        for _ in range(needed):
            self._start()
        self.changed()

    # ---- workers come

    def _start(self) -> None:
        worker = Worker(self._received, self._lost)
        self._workers.add(worker)
        task = asyncio.get_running_loop().create_task(self._started(worker), name="xpipe-worker-starts")
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _started(self, worker: Worker) -> None:
        try:
            await worker.start(self._launcher)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must learn of it
            log.warning("a worker process could not be started: %s", error)
            self._workers.discard(worker)
            self._start_failed(f"the system refuses them ({error})")

    def _start_failed(self, why: str) -> None:
        self._failures += 1
        self._last_failure = f"no worker could be started: {why}"
        if self._failures < TRIES:
            self._go_on()
            return
        self._failures = 0
        waiting, self._queue = self._queue, deque()
        for errand in waiting:
            if not errand.ending.done():
                errand.ending.set_exception(XPipeError(f"no worker process can be started: {why}"))

    def _received(self, worker: Worker, message: Any) -> None:
        match message:
            case Ready():
                self._failures = 0
                worker.is_ready(message)
                self._idle.append(worker)
                self._look_later()
                self._go_on()
            case Missing():
                worker.give_again()
            case Leave():  # what it has imported was changed since; its job goes to a fresh one
                worker.is_leaving = True
                self._take_back(worker)
                self._go_on()
            case Done() | Failed():
                self._ended(worker, message)
            case _ if worker.errand is not None:
                self._told(worker, worker.errand, message)

    def _told(self, worker: Worker, errand: Errand, report: Any) -> None:
        if isinstance(report, Started):
            errand.is_begun = True
        waits = isinstance(report, Asked) and report.door in _WAITING
        if waits:
            if sum(each.calls > 0 for each in self._workers) >= self._max_waiting and not worker.calls:
                text = f"{self._max_waiting} handlers in worker processes wait in calls already (limits.max_depth)"
                worker.answer(Answer(report.number, error=failed(CallFailed("hops", text)).error))
                return
            worker.calls += 1
            self._go_on()
        self._hear(errand, report, lambda answer: self._answered(worker, errand, answer, waits=waits))

    def _hear(self, errand: Errand, report: Report, answer: Callable[[Answer], None] = lambda _answer: None) -> None:
        try:
            errand.hear(report, answer)
        except Exception:  # where it is printed or logged is a person's own, and may be closed
            log.exception("what a worker has told could not be told here")

    def _answered(self, worker: Worker, errand: Errand, answer: Answer, *, waits: bool) -> None:
        if worker.errand is not errand:
            return
        if not waits:
            worker.answer(answer)
            return
        self._returning.append((worker, answer))
        self._go_on()
        if worker.calls and not worker.is_held and any(each is worker for each, _ in self._returning):
            worker.is_held = True
            self._hear(errand, Held())

    def _return(self, worker: Worker, answer: Answer) -> None:
        worker.calls -= 1
        worker.answer(answer)
        if worker.is_held and worker.errand is not None:
            worker.is_held = False
            self._hear(worker.errand, Started(str(worker.pid)))

    def _ended(self, worker: Worker, ending: Ending) -> None:
        errand = worker.errand
        worker.is_done()
        if errand is not None and not errand.ending.done():
            errand.ending.set_result(ending)
        if self._max_tasks is not None and worker.tasks >= self._max_tasks:
            worker.leave()
        else:
            self._idle.append(worker)
        self._go_on()

    # ---- workers go

    def _lost(self, worker: Worker) -> None:
        worker.is_gone = True
        self._workers.discard(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        errand = self._take_back(worker)
        if worker.pid and (errand is not None or not worker.is_leaving):
            asyncio.get_running_loop().create_task(self._tell_death(worker, errand))
        elif not worker.pid and not self._is_stopped:
            self._start_failed("they end while they start; what they said is in the output of this process")
        if not self._is_stopped:
            self._go_on()

    def _take_back(self, worker: Worker) -> Errand | None:
        """Let what a worker has not begun be done by another one; give what it has begun."""
        errand, worker.errand = worker.errand, None
        if errand is None or errand.is_begun or errand.ending.done():
            return errand
        errand.worker = None
        self._queue.appendleft(errand)
        return None

    async def _tell_death(self, worker: Worker, errand: Errand | None) -> None:
        """Say of what a worker died; whoever has started it knows a moment later than its connection shows it."""
        found: list[int] = []

        def knows() -> bool:
            status = self._launcher.status(worker.pid)
            found.extend([] if status is None else [status])
            return status is not None

        await _comes_true(knows, 0.2)
        how = worker.killed or how_it_ended(found[0] if found else None)
        if not worker.is_leaving:
            self._died += 1
            busy = "" if errand is None else f" while it worked for {errand.job.listener}"
            self._last_failure = f"worker {worker.pid} {how}{busy}"
        if errand is not None and not errand.ending.done():
            errand.ending.set_exception(WorkerDied(errand.job.listener, how, worker.pid))

    def _look_later(self) -> None:
        if self._looking is None and not self._is_stopped:
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(self._idle_seconds / 4, self._look)

    def _look(self) -> None:
        """Let those go that have had nothing to do for long; with the last of them goes all that was started."""
        self._looking = None
        now = monotonic()
        for worker in [each for each in self._idle if now - each.since >= self._idle_seconds]:
            self._idle.remove(worker)
            worker.leave()
            self._workers.discard(worker)
            self.changed()
        if self._workers:
            self._look_later()
        else:
            self._launcher.close()

    def kill(self, pid: int, how: str) -> bool:
        """End a worker at once, whatever it does; say whether there was one.

        Whoever does so means its job, too, also if the process has not yet told that it has begun: that job is not given
        to another worker.

        Args:
            pid: Its process id.
            how: What is said of whatever it worked on, in a clause.
        """
        for worker in self._workers:
            if worker.pid == pid and pid:
                if worker.errand is not None:
                    worker.errand.is_begun = True
                worker.kill(how)
                return True
        return False

    async def stop(self) -> None:
        """End all workers; those that are busy at once, the others by themselves."""
        self._is_stopped = True
        if self._looking is not None:
            self._looking.cancel()
        queue, self._queue = self._queue, deque()
        for errand in queue:
            errand.ending.cancel()
        if self._starting:
            await asyncio.wait(self._starting)
        for worker in list(self._workers):
            if worker.errand is not None:
                worker.kill()
            worker.leave()
        await _comes_true(lambda: not self._workers, GRACE)
        for worker in list(self._workers):
            worker.kill()
            worker.cut()
        self._launcher.close()
        if not await _comes_true(self._launcher.is_gone, 4 * GRACE):
            self._launcher.is_gone(kill=True)

    def disown(self) -> None:
        """Let go, in a fork, of what belongs to the process above: its workers end when nobody has the other end."""
        for worker in self._workers:
            worker.disown()
        self._launcher.disown()

    @property
    def condition(self) -> PoolCondition:
        """How it is as a whole."""
        return PoolCondition(self.size, self._start_method, self._died, self._last_failure)

    @property
    def workers(self) -> tuple[WorkerState, ...]:
        """What each worker does, in the order of their process ids."""
        return tuple(sorted((worker.look() for worker in list(self._workers)), key=lambda each: each.pid))


async def _comes_true(claim: Callable[[], bool], seconds: float) -> bool:
    """Wait for what other processes do; say whether they did it in time."""
    until = monotonic() + seconds
    while not claim():
        if monotonic() >= until:
            return False
        await asyncio.sleep(0.005)
    return True
