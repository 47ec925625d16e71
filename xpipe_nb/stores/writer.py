"""One thread that does what an organism asks of its store, in order; where the store is away, it waits and tries again.

The organism's loop never waits for the store: it leaves work in a queue. Nothing of that is given up before it is done
or the organism ends, so that whatever happened while the store was away is in it once it is back.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from xpipe_nb.errors import CorruptEntry, StoreAway, StoreError, StoreRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xpipe_nb.stores.store import Change, Store

__all__ = ["BEHIND", "Writer"]

log = logging.getLogger(__name__)

BATCH = 500
"""How many pieces of work are written at once."""

BEHIND = 10_000
"""From how many waiting pieces of work on no new conversation is begun."""

FIRST_DELAY, LONGEST_DELAY = 0.05, 5.0
"""Seconds between two tries: doubled each time, from the first to the longest, and shortened at random."""

Result = TypeVar("Result")


class _Asked:
    """Something that is asked of the store; what is merely booked has nobody who waits for the answer."""

    __slots__ = ("action", "answer")

    def __init__(self, action: Callable[[Store], Any], answer: Future[Any] | None) -> None:
        self.action, self.answer = action, answer

    def fail(self, error: Exception) -> None:
        """Tell whoever waits that there will be no answer."""
        if self.answer is not None and (self.answer.running() or self.answer.set_running_or_notify_cancel()):
            self.answer.set_exception(error)


_Written: TypeAlias = "Callable[[], Sequence[Change]]"


class Writer:
    """Writes to one store.

    Args:
        store: The store; the writer closes it.
        told: Is called in the writer's thread with a state (`away`, `back`, `refused`, `corrupt`), the sentence of
            what happened, and how much waits.
    """

    def __init__(self, store: Store, told: Callable[[str, str, int], None]) -> None:
        self._store, self._told = store, told
        self._queue: deque[_Written | _Asked] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._at_work = 0
        self._delay = 0.0
        self._failures = 0
        self._hurry = self._stopping = self._stopped = False
        self.trouble: StoreError | None = None

    @property
    def waiting(self) -> int:
        """How much waits to be done."""
        return len(self._queue) + self._at_work

    @property
    def is_behind(self) -> bool:
        """So much waits that nothing new should be begun."""
        return self.waiting > BEHIND

    # ---- from the loop

    def put(self, written: _Written) -> None:
        """Have changes written; they are made in the writer's thread."""
        self._add(written)

    def book(self, action: Callable[[Store], Any]) -> None:
        """Have something done, after all that was put before, whose answer nobody needs."""
        self._add(_Asked(action, None))

    async def ask(self, action: Callable[[Store], Result]) -> Result:
        """Have something done, after all that was put before, and wait for the answer, however long the store is away.

        Raises:
            StoreRefused: The store answers, but not to us.
            CorruptEntry: What stands there is not ours.
            StoreAway: The organism was stopped before the store came back.
        """
        if isinstance(self.trouble, StoreRefused):
            raise self.trouble
        answer: Future[Result] = Future()
        self._add(_Asked(action, answer))
        return await asyncio.wrap_future(answer)

    def _add(self, work: _Written | _Asked) -> None:
        with self._changed:
            if self._stopping:
                if isinstance(work, _Asked):
                    work.fail(self._over())
                return
            self._queue.append(work)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="xpipe-state", daemon=True)
                self._thread.start()
            elif not self._at_work:
                self._changed.notify_all()

    def _over(self) -> StoreAway:
        return StoreAway(self._store.where, "the organism was stopped")

    def catch_up(self, seconds: float) -> None:
        """Wait in this thread, for some seconds at most, until all is done that was put before.

        Raises:
            StoreError: The store is away, or refuses us, at this moment.
        """
        with self._changed:
            before, self._hurry = self._failures, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self.waiting or self._failures > before, seconds)
            self._hurry = False
            if self.waiting and self.trouble is not None:
                raise self.trouble

    async def close(self, seconds: float) -> int:
        """Write what waits, as long as `seconds` last, then let go of the store.

        Returns:
            How much was left unwritten.
        """
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        thread = self._thread
        if thread is not None:
            await asyncio.to_thread(thread.join, seconds)
        with self._changed:
            self._stopped = True
            left, rest = self.waiting, list(self._queue)
            self._queue.clear()
            self._changed.notify_all()
        for work in rest:
            if isinstance(work, _Asked):
                work.fail(self._over())
        if thread is not None:
            await asyncio.to_thread(thread.join, seconds)
        self._store.close()
        return left

    # ---- in the thread

    def _work(self) -> None:
        while work := self._next():
            try:
                self._do(work)
            except Exception:  # a fault of ours at one piece of work must not stop all that comes after it
                log.exception("something could not be written to the shared state")

    def _next(self) -> list[Any]:
        """Wait for work: the changes at the head of the queue, or the one thing that is asked there."""
        with self._changed:
            self._at_work = 0
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._queue or self._stopping)
            work: list[Any] = []
            while self._queue and len(work) < BATCH and not (work and isinstance(self._queue[0], _Asked)):
                work.append(self._queue.popleft())
                if isinstance(work[0], _Asked):
                    break
            self._at_work = len(work)
            return work

    def _do(self, work: list[Any]) -> None:
        first = work[0]
        if not isinstance(first, _Asked):
            self._write([change for written in work for change in written()])
            return
        if first.answer is not None and not first.answer.set_running_or_notify_cancel():
            return  # who asked is gone
        try:
            result = self._persist(first.action, patient=first.answer is None)
        except StoreError as error:
            first.fail(error)
            if first.answer is None and not self._stopped:
                self._tell("corrupt", error)
        except Exception as error:
            first.fail(error)
            raise
        else:
            if first.answer is not None:
                first.answer.set_result(result)

    def _write(self, changes: list[Change]) -> None:
        try:
            self._persist(lambda store: store.write(changes))
        except CorruptEntry as error:
            if len(changes) == 1:
                self._tell("corrupt", error)
                return
            for change in changes:
                self._write([change])
        except StoreError as error:
            if not self._stopped:  # then what is left has been counted
                self._tell("corrupt", error)

    def _persist(self, action: Callable[[Store], Any], *, patient: bool = True) -> Any:
        """Do it, however often it takes; the impatient do not wait for a store that refuses them."""
        while True:
            try:
                result = action(self._store)
            except StoreAway as error:
                self._in_trouble("away", error)
            except StoreRefused as error:
                self._in_trouble("refused", error)
                if not patient:
                    raise
            else:
                self._well()
                return result
            self._wait()

    def _wait(self) -> None:
        """Wait before the next try.

        Raises:
            StoreAway: The organism has ended.
        """
        self._delay = min(LONGEST_DELAY, 2 * self._delay or FIRST_DELAY)
        with self._changed:
            seconds = self._delay * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            self._changed.wait_for(lambda: self._stopped or self._hurry, seconds)
            self._hurry = False
            if self._stopped:
                raise self._over()

    def _in_trouble(self, state: str, error: StoreError) -> None:
        is_new = type(self.trouble) is not type(error)
        with self._changed:
            self.trouble, self._failures = error, self._failures + 1
            self._changed.notify_all()
            asked = [work for work in self._queue if isinstance(work, _Asked) and work.answer is not None]
            if state == "refused":  # to wait for an answer would not help them; what is to be written stays
                self._queue = deque(work for work in self._queue if work not in asked)
        if state == "refused":
            for each in asked:
                each.fail(error)
        if is_new:
            self._tell(state, error)

    def _well(self) -> None:
        if self.trouble is not None:
            self.trouble, self._delay = None, 0.0
            self._told("back", "", self.waiting)

    def _tell(self, state: str, error: StoreError) -> None:
        log.warning("%s", error)
        self._told(state, str(error), self.waiting)
