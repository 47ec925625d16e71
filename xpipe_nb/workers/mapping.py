"""One function over many items, in worker processes, without an organism: `xp.map(fit, items)`."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import inspect
import itertools
import math
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from xpipe_nb.errors import CannotTravel, WorkerDied, XPipeError
from xpipe_nb.listeners.signature import form_of
from xpipe_nb.workers.capture import logger_levels
from xpipe_nb.workers.culprits import culprit
from xpipe_nb.workers.failures import raised
from xpipe_nb.workers.inside import function_name
from xpipe_nb.workers.jobs import Answer, Job
from xpipe_nb.workers.onlookers import watchers
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.parcels import Packed, Parcels
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.remote import reflect
from xpipe_nb.workers.reports import Failed, Report, Started
from xpipe_nb.workers.sizing import default_size

__all__ = ["Batch", "CannotMap", "map"]

POISON = 2
"""How many workers one item may cost."""


class CannotMap(XPipeError, TypeError, ValueError):
    """`xp.map` was called with something that it cannot use; it says what, and what it expects."""


class Batch:
    """What `xp.map` works on: the items, how many are done, and in the end the results, when it is awaited.

    Args:
        function: What is called.
        items: Its arguments.
        timeout: Seconds that one call may take; `None` for as long as it likes.
        at_once: How many of them are worked on at once.
    """

    def __init__(
        self, function: Callable[[Any], Any], items: Iterable[Any], timeout: float | None, at_once: int | None
    ) -> None:
        self.name = function_name(function)
        _check(function, items, timeout, at_once)
        self.items, self.timeout, self.at_once = list(items), timeout, at_once
        self.function, self.form = function, form_of(function)
        if self.form in ("generator", "async-generator"):
            raise CannotMap(f"{self.name} is a generator; xp.map calls a function that returns its result")
        self.done = 0
        self.future: Future[list[Any]] = Future()
        self._told: list[Callable[[int, int], None]] = []
        self._context = contextvars.copy_context()
        self._here: Callable[[Callable[[], None]], None] = lambda work: work()

    @property
    def total(self) -> int:
        """How many items there are."""
        return len(self.items)

    def subscribe(self, callback: Callable[[int, int], None]) -> None:
        """Have a function told how many items are done, of how many, each time another one is.

        Args:
            callback: Called where `xp.map` was: in its thread, and in its context.
        """
        self._told.append(callback)

    def cancel(self) -> None:
        """Stop; what runs is killed."""
        self.future.cancel()

    def do_here(self, work: Callable[..., None], *arguments: Any) -> None:
        """Have something done where `xp.map` was called; from any thread."""
        self._here(lambda: self._context.run(work, *arguments))

    def one_more(self) -> None:
        """One more item is done."""
        self.done += 1
        done = self.done
        for callback in self._told:
            self.do_here(callback, done, self.total)

    # ---- waiting for it

    def begin(self) -> Any:
        """Begin, and wait if no event loop runs here; else give itself, which can be awaited."""
        for watcher in watchers:
            watcher(self)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._wait_here()

        def soon(work: Callable[[], None]) -> None:
            loop.call_soon_threadsafe(work)

        self._here = soon
        _SHARED.submit(self)
        return self

    def _wait_here(self) -> list[Any]:
        """Do meanwhile what is to be done here."""
        todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._here = todo.put
        self.future.add_done_callback(lambda _future: todo.put(None))
        _SHARED.submit(self)
        try:
            while (work := todo.get()) is not None:
                work()
        except BaseException:
            self.cancel()
            raise
        return self.future.result()

    def __await__(self) -> Generator[Any, None, list[Any]]:
        return (yield from asyncio.wrap_future(self.future).__await__())

    def __iter__(self) -> Iterator[Any]:
        raise CannotMap(f"an event loop runs here, so write: await xp.map({self.name}, …)")

    def __repr__(self) -> str:
        return f"xp.map of {self.name}: {self.done} of {self.total} done; await it for the results"


def _check(function: Any, items: Any, timeout: Any, at_once: Any) -> None:
    """Refuse, with `CannotMap`, what would fail later, in the middle of ours."""
    if not callable(function):
        raise CannotMap(f"xp.map expects a function and then its items; got {function!r:.80} as the function")
    if not isinstance(items, Iterable):
        raise CannotMap(f"xp.map expects a list of items, or something else to go through; got {items!r:.80}")
    if timeout is not None and not _is_above_zero(timeout, int | float):
        raise CannotMap(f"timeout is {timeout!r:.80}; expected seconds, more than 0, or None for no limit")
    if at_once is not None and not _is_above_zero(at_once, int):
        raise CannotMap(f"workers is {at_once!r:.80}; expected a whole number from 1, or None")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions in C do not say
        return
    try:
        signature.bind(None)
    except TypeError as error:
        raise CannotMap(f"xp.map calls {function_name(function)} with one item at a time, but: {error}") from None


def _is_above_zero(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value > 0 and math.isfinite(value)


def map(  # noqa: A001 - what it is, over many processes
    function: Callable[[Any], Any],
    items: Iterable[Any],
    *,
    progress: Callable[[int, int], None] | None = None,
    timeout: float | None = None,
    workers: int | None = None,
) -> Any:
    """Call a function with each of many items, in worker processes; give the results in the order of the items.

    Function, items and results travel by value, so that anything will do that is defined in a cell. A worker that dies
    costs nothing but the time of its item, which another one does; an item that costs two workers ends the whole.
    A module is imported once in each worker, as everywhere: a warm worker does not see that it was changed since.

    Args:
        function: Called with one item; a coroutine function is awaited.
        items: What it is called with.
        progress: Told how many are done, of how many, each time another one is.
        timeout: Seconds that one call may take.
        workers: How many processes work at once, from 1; default: the processors that this process may use, at most four.

    Returns:
        The list of results. Where an event loop runs, as in a notebook, something to be awaited for it.

    Raises:
        CannotMap: An argument is of no use; nothing was started. It is a `TypeError` and a `ValueError`.
        Exception: The first that the function raises; the other calls are given up.
        CannotTravel: Something cannot be sent to another process.
        TimeoutError: A call took too long.
        WorkerDied: An item has cost two workers.

    Example:
        ```python
        squares = xp.map(lambda n: n * n, range(10))                    # in a script
        fits = await xp.map(fit, series, progress=print)                # in a notebook
        ```
    """
    batch = Batch(function, items, timeout, workers)
    if progress is not None:
        batch.subscribe(progress)
    return batch.begin()


class _Shared:
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

    def submit(self, batch: Batch) -> None:
        """Begin with a batch; the function is packed here and now."""
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
                atexit.register(self._end)
                threading.Thread(target=self._loop.run_forever, name="xpipe-map", daemon=True).start()
            return self._loop

    def _end(self) -> None:
        """End the workers with the process, and not a moment later."""
        if self._loop is not None and self._pool is not None:
            with suppress(TimeoutError):  # they end with this process in any case
                asyncio.run_coroutine_threadsafe(self._pool.stop(), self._loop).result(2)

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


_SHARED = _Shared()
"""The one of this process."""


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
