"""One function over many items, in worker processes, without an organism: `xp.map(fit, items)`."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import math
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.listeners.signature import form_of
from xpipe_nb.workers.inside import function_name
from xpipe_nb.workers.onlookers import watchers
from xpipe_nb.workers.shared_pool import SHARED

__all__ = ["Batch", "CannotMap", "map"]

log = logging.getLogger(__name__)


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
        self.is_awaited = False
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
            try:
                loop.call_soon_threadsafe(work)
            except RuntimeError:  # that loop is closed, so nobody can be told there
                work()

        self._here = soon
        # Two turns of the loop: who gathers several, or makes a task of it, awaits it one turn later.
        self.future.add_done_callback(lambda _future: soon(lambda: soon(self._tell_failure)))
        SHARED.submit(self)
        return self

    def _tell_failure(self) -> None:
        """Say that it has failed, if nobody waits who would be told."""
        if not self.is_awaited and not self.future.cancelled() and (error := self.future.exception()) is not None:
            words = "; ".join([f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            self._context.run(log.error, "xp.map of %s failed, and nobody awaits it: %s", self.name, words)

    def _wait_here(self) -> list[Any]:
        """Do meanwhile what is to be done here."""
        self.is_awaited = True
        todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._here = todo.put
        self.future.add_done_callback(lambda _future: todo.put(None))
        SHARED.submit(self)
        try:
            while (work := todo.get()) is not None:
                work()
        except BaseException:
            self.cancel()
            raise
        return self.future.result()

    def __await__(self) -> Generator[Any, None, list[Any]]:
        self.is_awaited = True
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
    A worker imports modules from their files. Once the file of one that it has imported is another, a fresh worker takes
    its place, so that what runs is what the file says now, whether or not the module was reloaded here as well; what was
    put into a module by hand does not travel. Installed packages are imported once, as everywhere.

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
