"""Where messages wait for the stream, and the source that feeds it.

Three queues, because they may be read at different times. Answers for a waiting call or for the injector need no
place to be handed over, so they always go first. Injections are few (their number is bounded where they come in)
and are always read, so that an injector learns at once whether its message can be taken. All other work is read
only while a handler could start, and stays here, in order and countable, while none can.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

from aiostream import operator

from xpipe_nb.messages import NOTE, RESPOND

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence, Sized

    from xpipe_nb.frames import Frame
    from xpipe_nb.messages import Raw, Send
    from xpipe_nb.scheduling import Queue

__all__ = ["Inbox", "incoming"]

WORKER = "xpipe-worker"
"""The name of the tasks that read the stream."""

_STAND = (RESPOND, NOTE)
"""What is not void when its frame has answered: an earlier answer, and what the pump itself says to the frame."""
SLICE = 0.001
"""Seconds after which a busy pump lets the loop turn (twice: a timer needs two turns to fire)."""


class Inbox:
    """All that is queued for the stream.

    Args:
        has_place: Says whether a handler could start now.
        arrived: Is told of everything that is put in, so that somebody reads it.
        work: The queue of all that needs a handler.
        ran_dry: Is told whenever nothing is left that may be read.
    """

    def __init__(
        self,
        has_place: Callable[[], bool],
        arrived: Callable[[], None],
        work: Queue[Send],
        ran_dry: Callable[[], None],
    ) -> None:
        self._has_place = has_place
        self._arrived, self._ran_dry = arrived, ran_dry
        self._answers: deque[Send] = deque()
        self._injections: deque[Raw] = deque()
        self._work = work
        self._made: deque[Any] = deque()
        self._sleeper: asyncio.Future[None] | None = None
        self.beyond: Sized = ()  # what is inside a person's operators, if there are any
        self.halted = False  # the stream ends: the pump does, or its stages were changed

    def __len__(self) -> int:
        return len(self._answers) + len(self._injections) + len(self._work) + len(self._made) + len(self.beyond)

    @property
    def readable(self) -> bool:
        """Something in here may be read now."""
        some = self._made or self._answers or self._injections or self.beyond
        return bool(some or (self._work.size and self._has_place()))

    def put_answer(self, send: Send) -> None:
        """Queue what needs no place."""
        self._answers.append(send)
        self.wake()

    def put_injection(self, raw: Raw) -> None:
        """Queue what came from outside."""
        self._injections.append(raw)
        self.wake()

    def put_work(self, send: Send) -> None:
        """Queue what needs a handler."""
        self._work.push(send.frame.conversation, send)
        self.wake()

    def remove(self, conversation: Any) -> list[Send]:
        """Take out all that a conversation has queued."""
        removed = self._work.remove(conversation)
        mine = [send for send in self._answers if send.frame.conversation is conversation]
        if mine:
            self._answers = deque(send for send in self._answers if send.frame.conversation is not conversation)
        return [*removed, *mine]

    def remove_void(self, frame: Frame) -> list[Send]:
        """Take out what a frame sent before it answered."""
        return self._work.remove_if(
            frame.conversation,
            lambda send: send.frame is frame and send.epoch != frame.epoch and send.kind not in _STAND,
        )

    def clear(self) -> list[Any]:
        """Take out everything, and end the stream."""
        self.halted = True
        left: list[Any] = [*self._made, *self._answers, *self._injections, *self._work]
        self._made.clear()
        self._answers.clear()
        self._injections.clear()
        self._work.clear()
        return left

    def take(self) -> Send | Raw | None:
        """Take the next item that may be read now."""
        if self._answers:
            return self._answers.popleft()
        if self._injections:
            return self._injections.popleft()
        if self._work.size and self._has_place():
            return self._work.pop()
        return None

    def keep(self, made: Iterable[Any]) -> None:
        """Keep what the stages have made of one item, but nobody has read yet."""
        self._made.extend(made)
        self.wake()

    def take_made(self) -> Any:
        """Take what was kept, if there is any."""
        if not self._made:
            return None
        self._arrived()  # somebody may wait until this is read
        return self._made.popleft()

    @property
    def has_made(self) -> bool:
        """Somebody has still to read what the stages have made."""
        return bool(self._made)

    def halt(self) -> None:
        """Have the stream end, so that another one can be built."""
        self.halted = True
        self.wake()

    def go_on(self, again: Iterable[Any]) -> None:
        """Feed a new stream: first with what the old one had read, but nobody got."""
        self.halted = False
        self._injections.extendleft(reversed([*self._made, *again]))
        self._made.clear()

    def wake(self) -> None:
        """Something changed: have it read."""
        if self._sleeper is None:
            self._arrived()
        elif not self._sleeper.done():
            self._sleeper.set_result(None)

    async def wait(self) -> None:
        """Sleep until something changes."""
        self._sleeper = asyncio.get_running_loop().create_future()
        self._ran_dry()
        try:
            await self._sleeper
        finally:
            self._sleeper = None


@operator
async def incoming(inbox: Inbox, first: Callable[[Any], Sequence[Any]]) -> AsyncIterator[Any]:
    """The source of the stream: what the first stages make of all that may be read, for ever.

    It lets the loop turn once a millisecond. The plain stages that follow it are fused into it, because to pass an
    item from one operator to the next costs as much as most stages do.
    """
    until = perf_counter() + SLICE
    while not inbox.halted:
        made = inbox.take_made()
        if made is None:
            item = inbox.take()
            if item is None:
                await _undisturbed(inbox, inbox.wait())
                until = perf_counter() + SLICE
                continue
            results = first(item)
            if not results:
                continue
            made = results[0]
            if len(results) > 1:  # the reader may be long with the first one; others can read on here
                inbox.keep(results[1:])
        yield made
        if perf_counter() > until:
            await _undisturbed(inbox, _two_turns())
            until = perf_counter() + SLICE


async def _two_turns() -> None:
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def _undisturbed(inbox: Inbox, wait: Coroutine[Any, Any, None]) -> None:
    """Wait, and outlive a cancellation that a handler has left behind: it would end the stream for all."""
    try:
        await wait
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if inbox.halted or task is None or task.get_name() != WORKER:  # an operator's own task ends when it is told to
            raise
        while task.cancelling():
            task.uncancel()
