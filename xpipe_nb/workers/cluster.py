"""Dask as workers: a cluster that is there already, or one of this machine's own processes."""

from __future__ import annotations

import asyncio
import logging
import pickle
import uuid
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import WorkerDied, XPipeError
from xpipe_nb.wording import counted
from xpipe_nb.workers import on_dask
from xpipe_nb.workers.launching import interrupts_blocked

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

    from xpipe_nb.workers.executor import Hear
    from xpipe_nb.workers.jobs import Answer, Job
    from xpipe_nb.workers.reports import Ending, Report

__all__ = ["Cluster", "opened"]

ANSWER = 5.0
"""Seconds that a scheduler has to answer."""

log = logging.getLogger(__name__)

WAIT = 30.0
"""Seconds until a cluster without any worker is given up."""

PATIENCE = 10.0
"""Seconds that reports may come after the result, by another way."""

KNOWN = 4_096
"""Of how many functions in workers it is remembered that they are there."""

_CONFIG = {"distributed.admin.low-level-log-length": 200, "distributed.comm.timeouts.connect": "10s"}
"""What a scheduler of ours keeps of what went through it."""


def opened(address: str | None, size: int) -> Cluster:
    """Connect to a cluster, or start one; this takes a second or two and blocks.

    Args:
        address: The scheduler's, as `tcp://host:8786`; `None` for a cluster of this machine's own.
        size: How many workers that one has.

    Raises:
        XPipeError: Nobody answers there, or it cannot be started.
    """
    from multiprocessing import resource_tracker

    import dask
    from distributed import Client, LocalCluster

    local: LocalCluster | None = None
    resource_tracker.ensure_running()  # the thread that starts it has its signals unblocked afterwards
    try:
        # The Stop button interrupts all processes of the kernel's group, and would end a cluster of our own.
        with dask.config.set(_CONFIG), interrupts_blocked():
            if address is None:
                local = LocalCluster(
                    n_workers=size,
                    threads_per_worker=1,
                    processes=True,
                    memory_limit=None,
                    dashboard_address="127.0.0.1:0",
                    # Whoever can reach a scheduler can run anything there, and a loopback port is everybody's here.
                    security=True,
                    silence_logs=logging.CRITICAL,
                )
            return Cluster(Client(address or local, timeout=ANSWER, set_as_default=False), local)
    except Exception as error:
        if local is not None:
            local.close()
        what = "A Dask cluster cannot be started here" if address is None else f"No Dask scheduler answers at {address}"
        raise XPipeError(f"{what}: {str(error) or type(error).__name__}") from error


class _Run:
    """A job on its way.

    Args:
        job: The job.
        hear: Is told of its reports, on the loop that is given here.
        loop: The organism's.
    """

    def __init__(self, job: Job, hear: Hear, loop: asyncio.AbstractEventLoop) -> None:
        self.job, self._hear, self._loop = job, hear, loop
        self.key = f"{job.listener}-{uuid.uuid4().hex}"
        self.address: str | None = None
        self.heard = 0
        self.is_told = asyncio.Event()
        self.is_gone = asyncio.Event()
        self.how = ""

    def hear(self, report: Report, cluster: Cluster) -> None:
        """Tell a report."""
        with suppress(RuntimeError):  # the organism's loop is closed
            self._loop.call_soon_threadsafe(self._hear, report, partial(cluster.answer, self))

    def end(self, how: str) -> None:
        """Its worker is no more."""
        self.how = self.how or how
        self.is_gone.set()


class Cluster:
    """A Dask cluster that does jobs; all that belongs to Dask happens on the loop of its client, in a thread.

    Args:
        client: The client.
        local: The cluster, if it is ours to end.
    """

    def __init__(self, client: Client, local: LocalCluster | None) -> None:
        self._client, self._local = client, local
        self._loop: asyncio.AbstractEventLoop = client.loop.asyncio_loop
        self._runs: dict[str, _Run] = {}
        self._known: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._topic = str(client.id)  # which the scheduler forgets when the client is gone
        self.places: int = sum(client.nthreads().values())
        client.subscribe_topic(self._topic, self._told)
        client.subscribe_topic("all", self._changed)

    @property
    def is_free(self) -> bool:
        """A job given now is begun at once, as far as others leave places free."""
        return len(self._runs) < self.places

    @property
    def is_open(self) -> bool:
        """The scheduler can be reached."""
        return bool(self._client.status == "running")

    async def perform(self, job: Job, hear: Hear) -> Ending:
        """Have a job done, from the organism's loop; see `Workers.work`."""
        run = _Run(job, hear, asyncio.get_running_loop())
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._perform(run), self._loop))

    def answer(self, run: _Run, given: Answer) -> None:
        """Send the pump's answer to a worker; from any thread."""
        asyncio.run_coroutine_threadsafe(self._answer(run, given), self._loop)

    def close(self) -> None:
        """Let go of the cluster, and end it if it is ours; this blocks."""
        with suppress(Exception):  # it may be gone already
            self._client.unsubscribe_topic("all")
            self._client.unsubscribe_topic(self._topic)
        with suppress(Exception):
            self._client.close(timeout=5)
        if self._local is not None:
            with suppress(Exception):
                self._local.close(timeout=5)

    # ---- from here on: the client's loop

    async def _perform(self, run: _Run) -> Ending:
        self._runs[run.key] = run
        function = replace(run.job.function, data=b"", sources={})
        data = pickle.dumps(replace(run.job, function=function))
        future = self._client.submit(
            on_dask.perform, run.key, self._topic, on_dask.VERSIONS, data, key=run.key, pure=False, retries=0
        )
        work, gone = asyncio.ensure_future(_result(future)), asyncio.ensure_future(run.is_gone.wait())
        try:
            while not work.done() and not gone.done():
                await asyncio.wait([work, gone], timeout=WAIT, return_when=asyncio.FIRST_COMPLETED)
                await self._check_workers(run)
            return await self._ending(run, work)
        finally:
            del self._runs[run.key]
            gone.cancel()
            if not work.done() or work.cancelled():
                work.cancel()
                self._later(_quietly(self._client.cancel([future], force=True)))
            future.release()

    async def _ending(self, run: _Run, work: asyncio.Future[bytes]) -> Ending:
        if run.how:
            raise WorkerDied(run.job.listener, run.how)
        end = pickle.loads(work.result())  # noqa: S301 - it comes from the cluster that runs our code
        match end:
            case on_dask.Ended(ending=ending, reports=reports):
                await self._all_heard(run, reports)
                return ending
            case on_dask.Died(how=how, pid=pid):
                raise WorkerDied(run.job.listener, how, pid)
        raise XPipeError(f"{run.job.listener} cannot run on Dask: {end.why}")

    async def _check_workers(self, run: _Run) -> None:
        """See to it that there is somebody who could begin it."""
        if run.address is None and not run.is_gone.is_set() and not await self._client.nthreads():
            raise XPipeError(f"{run.job.listener} cannot run on Dask: the cluster has no workers")

    async def _all_heard(self, run: _Run, reports: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while run.heard < reports:
                    run.is_told.clear()
                    await run.is_told.wait()
        except TimeoutError:
            missing = counted(reports - run.heard, "report")
            log.warning("%s: %s from its Dask worker got lost on the way", run.job.listener, missing)

    def _told(self, event: tuple[float, Any]) -> None:
        """Hand on a report, or let a task begin that has begun to wait for that."""
        message = event[1]
        if not isinstance(message, list | tuple) or (run := self._runs.get(message[0])) is None:
            return
        report = pickle.loads(message[2])  # noqa: S301 - as above
        if isinstance(report, on_dask.Begun):
            self._begun(run, report.address)
            return
        run.heard += 1
        run.is_told.set()
        run.hear(report, self)

    def _begun(self, run: _Run, address: str) -> None:
        if run.address is not None:  # Dask begins a task again when its worker is gone; we do not
            run.end(_GONE)
            return
        run.address = address
        run.heard += 1
        self._later(self._let_go(run, address))

    async def _answer(self, run: _Run, given: Answer) -> None:
        with suppress(Exception):  # if that worker is gone, so is whoever has asked
            await self._client.run(on_dask.answer, run.key, given, workers=[run.address])

    async def _let_go(self, run: _Run, address: str) -> None:
        function = run.job.function
        mark = address, function.hash
        if len(self._known) > KNOWN:
            self._known.clear()
        try:
            for parcel in [None, function] if mark in self._known else [function]:
                answers = await self._client.run(on_dask.let_go, run.key, function.hash, parcel, workers=[address])
                self._known.add(mark)
                if all(answers.values()):
                    return
        except Exception as error:  # noqa: BLE001 - of whatever kind: that worker cannot be reached
            run.end(f"cannot be reached ({type(error).__name__})")

    def _changed(self, event: tuple[float, Any]) -> None:
        """Something became of the cluster's workers."""
        message = event[1]
        if not isinstance(message, dict) or message.get("action") not in ("add-worker", "remove-worker"):
            return
        self._later(self._count())
        if message["action"] == "remove-worker":
            for run in list(self._runs.values()):
                if run.address == message.get("worker"):
                    run.end(_GONE)

    async def _count(self) -> None:
        with suppress(Exception):  # the scheduler is just going
            self.places = sum((await self._client.nthreads()).values())

    def _later(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_GONE = "is gone, and with it the Dask worker that it belonged to"


async def _result(future: Any) -> bytes:
    """Wait for what a task gives.

    Raises:
        XPipeError: Dask has not even begun it, or has lost it.
    """
    try:
        data: bytes = await future
    except ModuleNotFoundError as error:
        raise XPipeError(f"The Dask workers have no module {error.name}: install the same xpipe_nb there") from error
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise XPipeError("Dask has dropped the task: its scheduler is gone, or somebody has cancelled it") from None
    except Exception as error:
        raise XPipeError(f"Dask could not run the task: {type(error).__name__}: {error}") from error
    return data


async def _quietly(work: Any) -> None:
    """Wait for what is of no consequence if it fails: whoever it was for is gone."""
    with suppress(Exception):
        await work
