"""The worker processes that all calls of `xp.map` in this process share."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import logging
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CannotTravel, WorkerDied, XPipeError
from xpipe_nb.workers.capture import logger_levels
from xpipe_nb.workers.culprits import culprit
from xpipe_nb.workers.failures import raised
from xpipe_nb.workers.jobs import Answer, Job
from xpipe_nb.workers.onlookers import watchers
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.parcels import Packed, Parcels
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.remote import reflect
from xpipe_nb.workers.reports import Failed, Report, Started
from xpipe_nb.workers.sizing import default_size
from xpipe_nb.workers.watching import WorkerList

if TYPE_CHECKING:
    from xpipe_nb.workers.mapping import Batch

__all__ = ["SHARED", "SharedPool"]

log = logging.getLogger(__name__)

POISON = 2
"""How many workers one item may cost."""


class SharedPool:
    """The pool that all batches of this process use, on an event loop of its own in a daemon thread.

    It outlives the loop that a batch was begun on, so that the workers are still warm for the next one; those that have
    nothing to do for a minute end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pool: WorkerPool | None = None
        self._parcels = Parcels()
        self._numbers = itertools.count(1)
        self._open: set[Batch] = set()
        self._inherited: list[Any] = []

    def submit(self, batch: Batch) -> None:
        """Begin with a batch; the function is packed here and now."""
        self._open.add(batch)
        batch.future.add_done_callback(lambda _future: self._open.discard(batch))
        try:
            function = self._parcels.pack(batch.function, (), batch.name)
        except CannotTravel as error:
            batch.future.set_exception(error)
            return
        asyncio.run_coroutine_threadsafe(self._carry(batch, function), self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                atexit.register(self.end)
                threading.Thread(target=self._loop.run_forever, name="xpipe-map", daemon=True).start()
            return self._loop

    def end(self) -> None:
        """End the workers with the process, and not a moment later; what nobody has waited for is said."""
        for batch in list(self._open):
            if not batch.is_awaited:
                log.warning(
                    "xp.map of %s ends with this process, %d of %d done: nobody has awaited it",
                    batch.name,
                    batch.done,
                    batch.total,
                )
        if self._loop is not None and self._pool is not None:
            with suppress(TimeoutError):  # they end with this process in any case
                asyncio.run_coroutine_threadsafe(self._pool.stop(), self._loop).result(2)

    def look(self) -> WorkerList | None:
        """Give what its workers do; `None` if there was no need of any."""
        pool = self._pool
        return None if pool is None else WorkerList(pool.workers, pool.kill, pool.condition)

    def begin_anew(self) -> None:
        """Forget, in a fork, what only the process above has: a fork has not its threads, and its workers are its own."""
        if self._pool is not None:
            self._pool.disown()
        # They are kept: what is collected closes itself, and with it what the process above still uses.
        self._inherited.append((self._loop, self._pool, self._open))
        self._lock, self._loop, self._pool = threading.Lock(), None, None
        self._parcels, self._open = Parcels(), set()
        atexit.unregister(self.end)
        watchers.clear()  # what they draw in is the process above's, too

    async def _carry(self, batch: Batch, function: Packed) -> None:
        loop = asyncio.get_running_loop()
        if self._pool is None:
            self._pool = WorkerPool(default_size())
        self._pool.size = max(default_size(), batch.at_once or 0)
        results: list[Any] = [None] * batch.total
        numbers = iter(range(batch.total))
        hands = [loop.create_task(self._work(batch, function, numbers, results)) for _ in range(self._hands(batch))]
        batch.future.add_done_callback(lambda _future: loop.call_soon_threadsafe(_cancel, hands))
        try:
            await asyncio.gather(*hands)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the one who waits
            _settle(batch.future, error=error)
        else:
            _settle(batch.future, results)

    def _hands(self, batch: Batch) -> int:
        """Say how many items are on their way at once: so many that no worker has to wait for its next one."""
        assert self._pool is not None  # for the type checker
        return min(batch.total, batch.at_once or 2 * self._pool.size)

    async def _work(self, batch: Batch, function: Packed, numbers: Iterable[int], results: list[Any]) -> None:
        for number in numbers:
            results[number] = await self._one(batch, function, number)
            batch.one_more()

    async def _one(self, batch: Batch, function: Packed, number: int) -> Any:
        assert self._pool is not None  # for the type checker
        job = self._job(batch, function, number)
        for attempt in itertools.count(1):
            watch = _Watch(batch)
            try:
                ending = await self._pool.work(job, watch.hear)
            except WorkerDied:
                if attempt == POISON:
                    raise
                continue
            except asyncio.CancelledError:
                if not watch.is_late:
                    raise
                text = f"{batch.name} did not end within {batch.timeout:g} s (item {number})"
                raise TimeoutError(text) from None
            finally:
                watch.end()
            if isinstance(ending, Failed):
                error = raised(ending)
                error.add_note(f"(item {number} of xp.map: {batch.items[number]!r:.200})")
                raise error
            try:
                return unpack(ending.result)
            except Exception as error:
                why = f"it cannot be read here ({type(error).__name__}: {error})"
                raise CannotTravel(batch.name, f"the result of item {number}", why) from error
        raise XPipeError("unreachable")

    def _job(self, batch: Batch, function: Packed, number: int) -> Job:
        item = batch.items[number]
        try:
            data = pack(item, function.classes)
        except Exception as error:
            what, why = culprit(item, error, f"item {number}")
            raise CannotTravel(batch.name, what, why) from error
        return Job(next(self._numbers), batch.name, batch.form, False, function.parcel, data, levels=logger_levels())


class _Watch:
    """What is done while a worker has an item."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None
        self.is_late = False

    def hear(self, report: Report, _answer: Callable[[Answer], None]) -> None:
        if not isinstance(report, Started):
            self._batch.do_here(reflect, report)
        elif self._batch.timeout is not None:
            self._timer = asyncio.get_running_loop().call_later(self._batch.timeout, self._expire)

    def _expire(self) -> None:
        self.is_late = True
        if self._task is not None:
            self._task.cancel()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _settle(future: Future[list[Any]], results: list[Any] | None = None, error: BaseException | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(results or [])
    elif isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)


SHARED = SharedPool()
"""The one of this process; a fork of it begins with an empty one."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SHARED.begin_anew)
