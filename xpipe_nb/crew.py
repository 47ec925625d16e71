"""The workers at the end of the stream: they take turns at reading it.

Whoever reads a message also handles it, so that a hop needs neither a hand-over nor a turn of the loop. Only when a
handler really waits does another worker read on: one callback per turn of the loop notices that the reader is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import Turn, TurnFailed, TurnOver
from xpipe_nb.scheduling import Resumption

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

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
        self._services, self._perform = services, perform
        self._streamer: AsyncIterator[Delivery]
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._reader: asyncio.Task[None] | None = None
        self._away = False  # the reader is busy with a handler
        self._watched = False
        self._turns = 0

    def start(self, streamer: AsyncIterator[Delivery]) -> None:
        """Begin to read."""
        self._streamer = streamer
        self._spawn()

    async def stop(self) -> None:
        """Cancel every worker; one whose handler swallows that is not waited for longer than a moment."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        if workers:
            _, left = await asyncio.wait(workers, timeout=PATIENCE)
            if left:
                log.warning("%d handlers would not be cancelled; they are left behind", len(left))

    # ---- whose turn it is to read

    def stir(self) -> None:
        """Something can be read or started: see to it that somebody does, when the loop next turns."""
        if not self._watched:
            self._watched = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._watched = False
        if not (self._workers and (self.inbox.readable or self._scheduler.startable)):
            return
        if self._away:
            self._reader, self._away = None, False
        if self._reader is None or self._scheduler.startable:
            self._call_another()

    def _call_another(self) -> None:
        while self._idle:
            sleeper = self._idle.pop()
            if not sleeper.done():
                sleeper.set_result(None)
                return
        self._spawn()

    def _spawn(self) -> None:
        worker = asyncio.get_running_loop().create_task(self._work(), name="xpipe-worker")
        self._workers.add(worker)
        worker.add_done_callback(self._gone)

    def _gone(self, worker: asyncio.Task[None]) -> None:
        self._workers.discard(worker)
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
        while not self._services.stopping:
            if delivery is None:
                delivery = await self._next(me)
                if delivery is None:
                    return
            if delivery.generation == self._directory.generation or self._exchange.renewed(delivery):
                await self._serve(delivery, me)
            delivery = self._scheduler.take()

    async def _next(self, me: asyncio.Task[None]) -> Delivery | None:
        """Read until there is something to start; `None` for a worker that is not needed."""
        if self._reader is me:
            self._away = False
        while True:
            while self._reader is not me:
                if self._reader is None or self._away:
                    self._reader, self._away = me, False
                elif len(self._idle) >= SPARE:
                    return None
                else:
                    sleeper = asyncio.get_running_loop().create_future()
                    self._idle.append(sleeper)
                    await sleeper
                    delivery = self._scheduler.take()
                    if delivery is not None:
                        return delivery
            delivery = self._exchange.receive(await anext(self._streamer))
            if delivery is not None:
                self._away = True
                self.stir()
                return delivery

    async def _serve(self, delivery: Delivery, me: asyncio.Task[None]) -> None:
        self._turns += 1
        turn = Turn(self._turns, delivery, self._directory.gate_of(delivery.listener), self._services)
        turn.task = me
        delivery.frame.turn = turn
        try:
            await self._perform(turn)
        except TurnOver:
            pass
        except TurnFailed as failed:
            self._exchange.turn_failed(turn, failed)
        except Exception as error:  # a fault of ours must not cost more than this turn
            log.exception("a layer broke")
            self._exchange.turn_failed(turn, TurnFailed("handler", f"a layer broke: {type(error).__name__}: {error}"))
        finally:
            self._exchange.turn_ended(turn)

    # ---- turns that wait in a call, and turns that do not end

    def step_aside(self, turn: Turn) -> None:
        """Free the places of a turn that waits."""
        if turn.placed:
            turn.placed = False
            self._scheduler.yield_places(turn.gate)
            self.inbox.wake()
            self.stir()

    async def step_back(self, turn: Turn) -> None:
        """Wait until a turn has its places again."""
        back = asyncio.get_running_loop().create_future()

        def resume() -> None:
            turn.placed = True
            if not back.done():
                back.set_result(None)

        resumption = Resumption(turn.frame.conversation, turn.gate, resume)
        if self._scheduler.resume_now(resumption):
            return
        self.stir()
        try:
            await back
        except asyncio.CancelledError:
            if not turn.placed:
                resumption.dropped = True
            raise

    def abandon(self, turn: Turn) -> None:
        """Leave a handler behind that swallows every cancellation; its places go to others."""
        detail = f"{turn.listener.name} did not end within {turn.listener.timeout:g} s and would not be cancelled"
        self._exchange.turn_failed(turn, TurnFailed("timeout", detail))
        turn.over = True
        task = turn.task
        self._exchange.turn_ended(turn)
        turn.abandoned, turn.task = True, task
        self.stir()
