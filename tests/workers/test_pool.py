"""The pool of worker processes by itself: who is killed, and that it never waits for what nobody reads."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from tests.support import run
from xpipe_nb.errors import WorkerDied
from xpipe_nb.workers.jobs import Job
from xpipe_nb.workers.packing import pack
from xpipe_nb.workers.parcels import Parcels
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.reports import Done

PARCEL = Parcels().pack(lambda _: os.getpid()).parcel


def job(number: int, listener: str = "pid") -> Job:
    """A job of a moment."""
    return Job(number, listener, "plain", False, PARCEL, pack(None))


def hear(*_report: Any) -> None:
    """Nobody listens to it."""


def test_giving_up_a_job_that_is_done_kills_nobody_elses_worker() -> None:
    """Its worker may have begun with the next one before its own end has been taken note of."""

    async def tell() -> None:
        pool = WorkerPool(1)
        first = asyncio.ensure_future(pool.work(job(1, "first"), hear))
        second = asyncio.ensure_future(pool.work(job(2, "second"), hear))

        def changed() -> None:
            if any(worker.listener == "second" for worker in pool.workers):
                first.cancel()

        pool.changed = changed
        assert isinstance(await second, Done)
        assert first.cancelled()
        await pool.stop()

    run(tell())


def test_the_job_of_a_worker_that_is_killed_by_hand_goes_to_no_other() -> None:
    """Also when it was killed in the moment in which it was given the job, and has not begun."""

    async def tell() -> None:
        pool = WorkerPool(1)

        def changed() -> None:
            for worker in pool.workers:
                if worker.state == "busy":
                    assert pool.kill(worker.pid, "was killed by hand")

        pool.changed = changed
        with pytest.raises(WorkerDied):
            await pool.work(job(1), hear)
        pool.changed = lambda: None
        assert isinstance(await pool.work(job(2), hear), Done)
        await pool.stop()

    run(tell())


def test_workers_come_and_go_although_nobody_asks_how_they_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of their ends would fill the socket it comes by; here that takes a few of them, else some hundred."""
    pairs = socket.socketpair

    def small() -> tuple[socket.socket, socket.socket]:
        ends = pairs()
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # the system makes it its least
        return ends

    monkeypatch.setattr(socket, "socketpair", small)

    async def tell() -> None:
        pool = WorkerPool(1, max_tasks_per_child=1)
        async with asyncio.timeout(100):
            for number in range(30):
                assert isinstance(await pool.work(job(number), hear), Done)
        await pool.stop()

    run(tell())
