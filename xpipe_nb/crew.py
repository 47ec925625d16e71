"""The workers at the end of the stream: they take turns at reading it.

Whoever reads a message also handles it, so that a hop needs neither a hand-over nor a turn of the loop. Only when a
handler really waits does another worker read on: one callback per turn of the loop notices that the reader is away.

The invariant: while something can be read or started, a worker is awake or a look is scheduled. Whatever makes
something readable or startable (a message, a free place, a resume) therefore ends in `stir`.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import perf_counter
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import Turn, TurnFailed, TurnOver
from xpipe_nb.inbox import WORKER
from xpipe_nb.scheduling import Resumption

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Container

    from xpipe_nb.directory import Directory
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.inbox import Inbox
    from xpipe_nb.messages import Delivery
    from xpipe_nb.scheduling import Scheduler
    from xpipe_nb.services import Services

__all__ = ["Crew"]

log = logging.getLogger(__name__)
PATIENCE = 0.4
"""Seconds that a cancelled handler has to clean up when the pump stops."""
SLICE = 0.001
"""Seconds after which a worker that never waits lets the loop turn."""
_NOBODY = object()
"""Stands in the reader's place while there is no stream to read."""

SPARE = 32
"""How many idle workers are kept for the next rush."""


class Crew:
    """The workers of one pump.

    Args:
        directory: Who is there.
        exchange: Where messages change hands.
        scheduler: Who starts next.
        services: What handlers may ask.
        perform: The layers and the handler's call, composed.
    """

    inbox: Inbox

    def __init__(
        self,
        directory: Directory,
        exchange: Exchange,
        scheduler: Scheduler,
        services: Services,
        perform: Callable[[Turn], Awaitable[Any]],
    ) -> None:
        self._directory, self._exchange, self._scheduler = directory, exchange, scheduler
        self._services, self.perform = services, perform
        self._streamer: AsyncIterator[Delivery]
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._reader: asyncio.Task[None] | object | None = None
        self._leaving: asyncio.Task[None] | None = None
        self._away = False  # the reader is busy with a handler
        self._watched = False
        self._turns = 0
        self._turn_of: dict[asyncio.Task[None], Turn] = {}
        self._broke: Callable[[BaseException], None]

    def start(self, streamer: AsyncIterator[Delivery], broke: Callable[[BaseException], None]) -> None:
        """Begin to read.

        Args:
            streamer: The end of the stream.
            broke: Is told when the stream ends or raises; `start` has to be called again with a new one.
        """
        self._streamer, self._broke = streamer, broke
        self._reader, self._away = None, False
        self._spawn()

    def hold(self) -> None:
        """Let nobody read any more until `start`: the stream is no more, or will soon be another one."""
        if isinstance(self._reader, asyncio.Task) and not self._away:
            self._leaving = self._reader
        self._reader, self._away = _NOBODY, False

    async def leave(self) -> None:
        """Wait until whoever reads has left the stream."""
        self.hold()
        reader, self._leaving = self._leaving, None
        if reader is not None and not reader.done():
            reader.cancel()
            _, left = await asyncio.wait([reader], timeout=PATIENCE)
            if left:
                log.warning("an operator would not be cancelled")

    def turn_now(self) -> Turn | None:
        """Give the turn whose handler asks, if it asks from the handler's own task."""
        task = asyncio.current_task()
        return None if task is None else self._turn_of.get(task)

    def is_at_work(self, resting: Container[Any]) -> bool:
        """Say whether a handler has not ended yet, be it that it waits in a call, or is being cancelled.

        Args:
            resting: Conversations that wait for a person; their handlers do not count, nor do those left behind.
        """
        return any(
            turn.task is not None and not turn.abandoned and turn.frame.conversation not in resting
            for turn in self._turn_of.values()
        )

    async def stop(self) -> None:
        """Cancel every worker; one whose handler swallows that is not waited for longer than a moment."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            _, left = await asyncio.wait(workers, timeout=PATIENCE)
            if left:
                names = sorted({self._turn_of[worker].listener.name for worker in left if worker in self._turn_of})
                log.warning("left behind, because they would not be cancelled: %s", ", ".join(names))

    # ---- whose turn it is to read

    def stir(self) -> None:
        """Something can be read or started: see to it that somebody does, when the loop next turns."""
        if not self._watched:
            self._watched = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._watched = False
        if not (self._workers and (self.inbox.readable or self._scheduler.can_start())):
            return
        if self._away:
            self._reader, self._away = None, False
        if self._reader is None or self._scheduler.can_start():
            self._call_another()

    def _call_another(self) -> None:
        while self._idle:
            sleeper = self._idle.pop()
            if not sleeper.done():
                sleeper.set_result(None)
                return
        self._spawn()

    def _spawn(self) -> None:
        worker = asyncio.get_running_loop().create_task(self._work(), name=WORKER)
        self._workers.add(worker)
        worker.add_done_callback(self._gone)

    def _gone(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
        self._turn_of.pop(worker, None)
        if self._reader is worker:
            self._reader, self._away = None, False
        if self._services.stopping:
            return
        if not worker.cancelled() and worker.exception() is not None:
            log.error("a worker broke", exc_info=worker.exception())
        if self._reader is None and not self._idle:
            self._spawn()
        self.stir()

    # ---- one worker

    async def _work(self) -> None:
        me = asyncio.current_task()
        assert me is not None  # for the type checker: this coroutine is a task's
        delivery = self._scheduler.take()
        until = perf_counter() + SLICE
        while not self._services.stopping:
            if delivery is None:
                delivery = await self._next(me)
                if delivery is None:
                    return
            if not self._watched:
                self.stir()  # while this worker is busy, another one may have to read or start what is left
            if delivery.generation == self._directory.generation or self._exchange.renewed(delivery):
                await self._serve(delivery, me)
            if not self._scheduler.can_start():
                delivery = None
                continue
            if perf_counter() > until:
                await asyncio.sleep(0)  # before it takes the next one: what was taken has to be started at once
                until = perf_counter() + SLICE
            delivery = self._scheduler.take()

    async def _next(self, me: asyncio.Task[None]) -> Delivery | None:
        """Read until there is something to start; `None` for a worker that is not needed."""
        if self._reader is not me:
            delivery = await self._turn_to_read(me)
            if self._reader is not me:
                return delivery
        self._away = False
        while True:
            try:
                item = await anext(self._streamer)
            except (Exception, StopAsyncIteration) as error:  # noqa: BLE001 - whatever a user's operator raises
                self._stream_is_no_more(error)
                return None
            try:
                delivery = self._exchange.receive(item)
            except Exception as error:  # a fault of ours at one message must not cost a worker, or a sender's patience
                log.exception("a message could not be received")
                self._exchange.failed(item, "receive", error)
                delivery = self._scheduler.take()
            if delivery is not None:
                break
        # it is about to be busy; one that was to leave the stream has left it so, and is not to be cancelled
        if self._leaving is me:
            self._leaving = None
        else:
            self._away = True
        return delivery

    async def _turn_to_read(self, me: asyncio.Task[None]) -> Delivery | None:
        """Wait until this worker may read; there may be something to start before that, or enough idle workers."""
        while self._reader is not me:
            if self._reader is None or self._away:
                self._reader = me
            elif len(self._idle) >= SPARE:
                return None
            elif (delivery := await self._called()) is not None:
                return delivery
        return None

    def _stream_is_no_more(self, error: BaseException) -> None:
        self.hold()
        self._leaving = None
        self._broke(error)

    async def _called(self) -> Delivery | None:
        """Sleep until somebody calls; there may be something to start then, or to read."""
        sleeper = asyncio.get_running_loop().create_future()
        self._idle.append(sleeper)
        await sleeper
        return self._scheduler.take()

    async def _serve(self, delivery: Delivery, me: asyncio.Task[None]) -> None:
        self._turns += 1
        turn = Turn(self._turns, delivery, self._services)
        turn.task = me
        delivery.frame.turn = turn
        self._turn_of[me] = turn
        try:
            await self.perform(turn)
        except TurnOver:
            pass
        except TurnFailed as failed:
            self._exchange.turn_failed(turn, failed)
        except Exception as error:  # a fault of ours must not cost more than this turn
            log.exception("a layer broke")
            self._exchange.turn_failed(turn, TurnFailed("handler", f"a layer broke: {type(error).__name__}: {error}"))
        finally:
            self._exchange.turn_ended(turn)
        if me.cancelling() and not self._services.stopping:
            await _absorb(me)

    # ---- turns that wait in a call, and turns that do not end

    def step_aside(self, turn: Turn) -> None:
        """Free the places of a turn that waits."""
        if turn.placed:
            turn.placed = False
            self._scheduler.yield_places(turn.gate)
            self.inbox.wake()
            self.stir()

    def lend(self, turn: Turn) -> None:
        """Free the global place of a turn that waits for a worker process."""
        if turn.placed and not turn.lent:
            turn.lent = True
            self._scheduler.lend()
            self.stir()

    def take_back(self, turn: Turn) -> None:
        """A turn's worker has begun, or it is over."""
        if turn.lent:
            turn.lent = False
            self._scheduler.take_back()

    async def step_back(self, turn: Turn) -> None:
        """Wait until a turn has its places again."""
        back = asyncio.get_running_loop().create_future()

        def resume() -> None:
            turn.placed = True
            if not back.done():
                back.set_result(None)

        frame = turn.frame
        resumption = turn.resumption = Resumption(frame.conversation, turn.gate, resume, frame.depth)
        if not self._scheduler.resume_now(resumption):
            self.stir()
            await self._until(back, turn)
        turn.resumption = None

    async def _until(self, back: asyncio.Future[None], turn: Turn) -> None:
        """Wait for the places; a handler's own cancellation waits with it, for it may not go on without them."""
        interrupted = False
        while not back.done():
            try:
                await asyncio.wait([back])
            except asyncio.CancelledError:
                if turn.over or turn.expired or turn.task is None or self._services.stopping:
                    raise
                interrupted = True
        if interrupted:
            raise asyncio.CancelledError

    def abandon(self, turn: Turn) -> None:
        """Leave a handler behind that swallows every cancellation; its places go to others."""
        if not turn.over:
            detail = f"{turn.listener.name} did not end within {turn.listener.timeout:g} s and would not be cancelled"
            self._exchange.turn_failed(turn, TurnFailed("timeout", detail))
        turn.over = True
        task = turn.task
        self._exchange.turn_ended(turn)
        turn.abandoned, turn.task = True, task


async def _absorb(task: asyncio.Task[None]) -> None:
    """Take a cancellation that was meant for the turn that is over, so that the worker's next one does not get it."""
    while task.cancelling():
        task.uncancel()
    try:
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        while task.cancelling():
            task.uncancel()
