"""Subscribers get each event in order, each through a bounded queue of its own, and never in the way of a message."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.events import PumpEvent

__all__ = ["EventBus", "Subscription"]

log = logging.getLogger(__name__)
QUEUE_LENGTH = 10_000


class Subscription:
    """One subscriber's queue: the oldest event goes first when it is full, and is counted.

    Calling it ends the subscription; what was published before is still handed over. `dropped` counts the events that
    the subscriber was too slow for.

    Args:
        callback: Called with each event; a coroutine function is awaited before the next event.
        ended: Is told that nothing more shall come.
        length: How many events may wait.
    """

    __slots__ = ("_draining", "_ended", "_length", "_queue", "_task", "callback", "dropped")

    def __init__(
        self,
        callback: Callable[[PumpEvent], Any],
        ended: Callable[[Subscription], None],
        length: int = QUEUE_LENGTH,
    ) -> None:
        self.callback, self._ended = callback, ended
        self._queue: deque[PumpEvent] = deque(maxlen=length)
        self._length = length
        self._draining = False
        self._task: asyncio.Task[None] | None = None
        self.dropped = 0

    def put(self, events: tuple[PumpEvent, ...]) -> None:
        """Queue events, and have them delivered when the loop turns."""
        queue = self._queue
        over = len(queue) + len(events) - self._length
        if over > 0:
            self.dropped += over
        queue.extend(events)
        if not self._draining:
            self._draining = True
            asyncio.get_running_loop().call_soon(self.drain)

    def __call__(self) -> None:
        """End the subscription; to call it twice does no harm."""
        self._ended(self)

    @property
    def busy(self) -> bool:
        """It has not got everything yet."""
        return bool(self._queue) or (self._task is not None and not self._task.done())

    def give_up(self) -> None:
        """Hand over no more, and cancel a callback that still waits for something."""
        self.dropped += len(self._queue)
        self._queue.clear()
        if self._task is not None:
            self._task.cancel()

    def drain(self) -> None:
        """Hand over all that waits; stop at an answer that has to be awaited."""
        if self._task is not None and not self._task.done():
            return
        while self._queue:
            event = self._queue.popleft()
            try:
                answer = self.callback(event)
            except (Exception, SystemExit, asyncio.CancelledError):
                log.exception("a subscriber raised; it still gets the events that follow")
                continue
            if answer is not None and inspect.isawaitable(answer):
                self._task = asyncio.ensure_future(self._wait(answer))
                return
        self._draining = False

    async def _wait(self, answer: Any) -> None:
        try:
            await answer
        except asyncio.CancelledError:
            log.warning("a subscriber was cancelled while it waited")
        except (Exception, SystemExit):
            log.exception("a subscriber raised; it still gets the events that follow")
        finally:
            asyncio.get_running_loop().call_soon(self.drain)


class EventBus:
    """Where the pump publishes; with nobody listening it costs one look at `heard`."""

    def __init__(self) -> None:
        self.heard = False
        self.heard_changed: Callable[[], None] = lambda: None
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, callback: Callable[[PumpEvent], Any]) -> Subscription:
        """Have `callback` called with every event from now on, in order.

        Returns:
            What ends the subscription when it is called, and counts what a slow subscriber missed (`dropped`).
        """
        subscription = Subscription(callback, self._end)
        self._are((*self._subscriptions, subscription))
        return subscription

    def _end(self, *subscriptions: Subscription) -> None:
        self._are(tuple(each for each in self._subscriptions if each not in subscriptions))

    def _are(self, subscriptions: tuple[Subscription, ...]) -> None:
        self._subscriptions = subscriptions
        if self.heard != bool(subscriptions):
            self.heard = bool(subscriptions)
            self.heard_changed()

    def unsubscribe(self, callback: Callable[[PumpEvent], Any]) -> None:
        """End every subscription of `callback`."""
        self._end(*(each for each in self._subscriptions if each.callback == callback))

    @property
    def dropped(self) -> int:
        """How many events slow subscribers did not get."""
        return sum(each.dropped for each in self._subscriptions)

    def publish(self, *events: PumpEvent) -> None:
        """Queue events for every subscriber; call it only where `heard` is true, to save making them."""
        for subscription in self._subscriptions:
            subscription.put(events)

    async def flush(self, seconds: float = 0.2) -> None:
        """Hand over what still waits, before the organism is gone; a subscriber that hangs is cancelled in the end.

        Args:
            seconds: How long all of them have, together.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        for subscription in self._subscriptions:
            subscription.drain()
            while subscription.busy and loop.time() < until:  # noqa: ASYNC110 - its own code decides how long
                await asyncio.sleep(0)
            subscription.give_up()
