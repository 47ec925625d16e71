"""What of us runs in a Dask worker: each job in a process below it, which can be killed without the worker's death.

A task of Dask cannot be stopped once it runs. So the task only looks after the job: it has a pool of our own worker
processes do it, hands on what they tell, and ends it when Dask does not want it any more.
"""

from __future__ import annotations

import asyncio
import pickle
import sys
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from xpipe_nb._version import __version__
from xpipe_nb.errors import WorkerDied, XPipeError
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.reports import Asked

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Worker

    from xpipe_nb.workers.jobs import Answer, Job, Parcel
    from xpipe_nb.workers.reports import Ending, Report

__all__ = ["VERSIONS", "Begun", "Died", "Ended", "Refused", "answer", "let_go", "perform"]

VERSIONS = (__version__, ".".join(map(str, sys.version_info[:2])))
"""Of what both sides must have the same: this package, and Python."""

LOOK = 0.1
"""Seconds between two looks whether a job is still wanted."""

KEPT = 64
"""Functions that a worker keeps."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A task has begun, and waits to be let go: whoever gave it must know where it runs, and that it runs once.

    Args:
        address: The Dask worker's.
    """

    address: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The job has come to an end.

    Args:
        ending: How.
        reports: How many reports there were.
    """

    ending: Ending
    reports: int


@dataclass(frozen=True, slots=True)
class Died:
    """The process of the job is no more; see `WorkerDied`."""

    how: str
    pid: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The job cannot be done here.

    Args:
        why: In a sentence.
    """

    why: str


class _Errand:
    """A job in this worker.

    Args:
        worker: The Dask worker.
        topic: Under which topic Dask carries what is told.
        key: The task's.
    """

    def __init__(self, worker: Worker, topic: str, key: str) -> None:
        self._worker, self._topic, self.key = worker, topic, key
        self.is_let_go = asyncio.Event()
        self.parcel: Parcel | None = None
        self.reports = 0
        self.answers: dict[int, Callable[[Answer], None]] = {}
        self._began_at = monotonic()
        self._is_long = False

    def tell(self, report: Report | Begun) -> None:
        """Send a report; they arrive in their order."""
        self._worker.log_event(self._topic, [self.key, self.reports, pickle.dumps(report)])
        self.reports += 1

    def hear(self, report: Report, give: Callable[[Answer], None]) -> None:
        """Hand on what the process tells."""
        if isinstance(report, Asked):
            self.answers[report.number] = give
            self._leave_place()
        self.tell(report)

    def _leave_place(self) -> None:
        """Let Dask begin another task here: this one may wait for just that."""
        from distributed.worker_state_machine import SecedeEvent

        if not self._is_long:
            self._is_long = True
            event = SecedeEvent(
                key=self.key, compute_duration=monotonic() - self._began_at, stimulus_id=f"secede-{self.key}"
            )
            self._worker.handle_stimulus(event)

    @property
    def is_wanted(self) -> bool:
        """Somebody still waits for the result, as far as Dask knows."""
        task = self._worker.state.tasks.get(self.key)
        return task is not None and task.state in ("executing", "long-running")


_ERRANDS: dict[str, _Errand] = {}
"""The jobs in this process, by the keys of their tasks; answers come by way of it."""

_POOLS: dict[str, WorkerPool] = {}
"""The worker processes below each Dask worker of this process, by its address."""

_PARCELS: OrderedDict[str, Parcel] = OrderedDict()
"""The functions that were sent here, the newest last."""


async def perform(key: str, topic: str, versions: tuple[str, str], data: bytes) -> bytes:
    """Look after one job; the task of Dask.

    Args:
        key: The task's.
        topic: Under which topic reports are sent.
        versions: Those of the side that sends it.
        data: The job, pickled, without its function.

    Returns:
        An `Ended`, `Died` or `Refused`, pickled.
    """
    from distributed.worker import get_worker

    if tuple(versions) != VERSIONS:
        here, there = (f"xpipe_nb {each[0]} on Python {each[1]}" for each in (VERSIONS, versions))
        return pickle.dumps(Refused(f"the Dask worker has {here}, and the notebook {there}; both must have the same"))
    worker = get_worker()
    errand = _ERRANDS[key] = _Errand(worker, topic, key)
    try:
        errand.tell(Begun(worker.address))
        while not errand.is_let_go.is_set() and errand.is_wanted:
            with suppress(TimeoutError):
                await asyncio.wait_for(errand.is_let_go.wait(), LOOK)
        if errand.parcel is None:
            return pickle.dumps(Refused("nobody waits for it any more"))
        job: Job = pickle.loads(data)  # noqa: S301 - whoever may give Dask tasks may run anything here
        return pickle.dumps(await _done(worker, errand, replace(job, function=errand.parcel)))
    finally:
        del _ERRANDS[key]


async def _done(worker: Worker, errand: _Errand, job: Job) -> Ended | Died | Refused:
    """Have the job done in a process that ends with it when nobody wants it any more."""
    pool = _POOLS.get(worker.address)
    if pool is None:
        pool = _POOLS[worker.address] = WorkerPool(worker.state.nthreads)
    work = asyncio.ensure_future(pool.work(job, errand.hear))
    while not work.done():
        await asyncio.wait([work], timeout=LOOK)
        if not errand.is_wanted:
            work.cancel()
    try:
        ending = work.result()
    except WorkerDied as died:
        return Died(died.how, died.pid)
    except XPipeError as error:
        return Refused(str(error))
    except asyncio.CancelledError:
        return Refused("nobody waits for it any more")
    return Ended(ending, errand.reports)


async def let_go(key: str, function: str, parcel: Parcel | None) -> bool:
    """Let a job begin.

    Args:
        key: The task's.
        function: The hash of its function.
        parcel: The function, if it was not sent here before.

    Returns:
        Whether the function is here.
    """
    parcel = parcel or _PARCELS.pop(function, None)
    if parcel is None:
        return False
    _PARCELS[function] = parcel
    while len(_PARCELS) > KEPT:
        _PARCELS.popitem(last=False)
    if (errand := _ERRANDS.get(key)) is not None:
        errand.parcel = parcel
        errand.is_let_go.set()
    return True


async def answer(key: str, given: Answer) -> None:
    """Hand the pump's answer to the handler that waits for it."""
    errand = _ERRANDS.get(key)
    give: Any = None if errand is None else errand.answers.pop(given.number, None)
    if give is not None:
        give(given)
