"""Who goes next: frame order first, then the listener's gate, then a global place.

Nobody ever holds a place while waiting for a narrower one, so a busy or hung listener blocks nobody but its own
callers. All queues here are fair: they serve the conversations that wait in them in turn (`breadth-first`). Those of
`depth_first.py` have the same methods and another order.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from xpipe_nb.messages import Delivery

__all__ = ["BreadthFirst", "FairQueue", "Gate", "Queue", "Resumption", "Scheduler"]

Item = TypeVar("Item")


class Queue(Protocol[Item]):
    """What waits, by conversation; which item is next is the queue's own affair."""

    size: int
    """How many items wait; the same as `len`, which costs a call."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Item]: ...

    def push(self, key: Hashable, item: Item) -> None:
        """Add an item to a conversation's."""

    def pop(self) -> Item:
        """Take the next item."""

    def remove(self, key: Hashable) -> list[Item]:
        """Take out all that a conversation has waiting."""

    def remove_if(self, key: Hashable, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out those of a conversation's items that are unwanted."""

    def clear(self) -> None:
        """Take out everything."""


class FairQueue(Generic[Item]):
    """A queue of queues, one a conversation, served in turn.

    Example:
        >>> queue = FairQueue[str]()
        >>> for key, item in [("#1", "a"), ("#1", "b"), ("#2", "c")]:
        ...     queue.push(key, item)
        >>> [queue.pop() for _ in range(len(queue))]
        ['a', 'c', 'b']
    """

    __slots__ = ("_first", "_more", "_turns", "size")

    def __init__(self) -> None:
        self._turns: deque[Hashable] = deque()
        # most conversations have one item waiting at most, and need no queue of their own for it
        self._first: dict[Hashable, Item] = {}
        self._more: dict[Hashable, deque[Item]] = {}
        self.size = 0

    def __len__(self) -> int:
        return self.size

    def push(self, key: Hashable, item: Item) -> None:
        """Add an item at the end of its conversation's queue."""
        self.size += 1
        if key not in self._first:
            self._first[key] = item
            self._turns.append(key)
        elif key in self._more:
            self._more[key].append(item)
        else:
            self._more[key] = deque((item,))

    def pop(self) -> Item:
        """Take the next item of the conversation whose turn it is."""
        key = self._turns.popleft()
        item = self._first.pop(key)
        self.size -= 1
        if key in self._more:
            self._promote(key)
        return item

    def _promote(self, key: Hashable) -> None:
        """Make the second item of a conversation its first one."""
        more = self._more[key]
        self._first[key] = more.popleft()
        self._turns.append(key)
        if not more:
            del self._more[key]

    def _of(self, key: Hashable) -> list[Item]:
        return [self._first[key], *self._more.get(key, ())] if key in self._first else []

    def remove(self, key: Hashable) -> list[Item]:
        """Take out all that a conversation has waiting."""
        removed = self._of(key)
        if removed:
            self._turns.remove(key)
            del self._first[key]
            self._more.pop(key, None)
            self.size -= len(removed)
        return removed

    def remove_if(self, key: Hashable, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out those of a conversation's items that are unwanted."""
        waiting = self._of(key)
        removed = [item for item in waiting if unwanted(item)]
        if removed:
            self.remove(key)
            for item in waiting:
                if not unwanted(item):
                    self.push(key, item)
        return removed

    def clear(self) -> None:
        """Take out everything."""
        self._turns.clear()
        self._first.clear()
        self._more.clear()
        self.size = 0

    def __iter__(self) -> Iterator[Item]:
        for key in self._first:
            yield from self._of(key)


class Gate:
    """How many messages of one listener are handled at once, and who waits for it.

    Args:
        limit: The number of places; `None` is no limit.
        waiting: The queue of those who wait.
    """

    __slots__ = ("limit", "taken", "waiting")

    def __init__(self, limit: int | None, waiting: Queue[Delivery | Resumption] | None = None) -> None:
        self.limit = limit
        self.taken = 0
        self.waiting: Queue[Delivery | Resumption] = FairQueue() if waiting is None else waiting

    @property
    def full(self) -> bool:
        """Nobody more may pass now."""
        return self.limit is not None and self.taken >= self.limit


class Resumption:
    """A turn that waited in a call and now needs its places back.

    Args:
        conversation: The conversation of the turn.
        gate: The gate of its listener.
        resume: Is called once the places are taken.
        depth: The depth of its frame.
    """

    __slots__ = ("conversation", "depth", "dropped", "gate", "gated", "resume")

    def __init__(self, conversation: Any, gate: Gate, resume: Callable[[], None], depth: int = 0) -> None:
        self.conversation, self.gate, self.resume, self.depth = conversation, gate, resume, depth
        self.gated = False
        self.dropped = False


class Scheduler:
    """Admits deliveries to their handlers.

    Args:
        places: How many handlers may run at once, in all.
        gate_of: Gives the gate of a listener.
        ready: The queue of those who are past their gate.

    Its `freed` is called whenever a place or a gate became free, so that somebody comes for what waits.
    """

    def __init__(
        self, places: int, gate_of: Callable[[Any], Gate], ready: Queue[Delivery | Resumption] | None = None
    ) -> None:
        self.places = places
        self.running = 0
        self.paused = False
        self.steps = 0
        self._gate_of = gate_of
        self.freed: Callable[[], None] = lambda: None
        self._ready: Queue[Delivery | Resumption] = FairQueue() if ready is None else ready

    def has_place(self) -> bool:
        """Another handler may start now."""
        return self.running < self.places and (not self.paused or self.steps > 0)

    def can_start(self) -> bool:
        """Somebody could start now, if a worker came for it."""
        return self._ready.size > 0 and self.has_place()

    def admit(self, delivery: Delivery) -> Delivery | None:
        """Offer a delivery, and give the next one that can start: mostly the same, past all queues."""
        gate = delivery.gate = self._gate_of(delivery.listener)
        frame = delivery.frame
        if (
            frame.turn is None
            and not frame.queue
            and not self._ready.size
            and (gate.limit is None or gate.taken < gate.limit)
            and self.running < self.places
            and not self.paused
        ):
            gate.taken += 1
            self.running += 1
            return delivery
        self._offer(delivery)
        return self.take()

    def _offer(self, delivery: Delivery) -> None:
        """Queue a delivery behind what its frame has to do first."""
        frame = delivery.frame
        if frame.queue is None:
            frame.queue = deque()
        frame.queue.append(delivery)
        if len(frame.queue) == 1 and frame.turn is None:
            self._to_gate(delivery.gate, delivery, frame.conversation)

    def resume_now(self, resumption: Resumption) -> bool:
        """Give a turn its places back if they are free, else queue it; say which."""
        gate = resumption.gate
        if not gate.full and self.running < self.places and not self.paused and not self._ready.size:
            gate.taken += 1
            self.running += 1
            resumption.resume()
            return True
        self._to_gate(gate, resumption, resumption.conversation)
        return False

    def _to_gate(self, gate: Gate, item: Delivery | Resumption, conversation: Any) -> None:
        if gate.full:
            gate.waiting.push(conversation, item)
        else:
            self._let_in(gate, item, conversation)

    def _let_in(self, gate: Gate, item: Delivery | Resumption, conversation: Any) -> None:
        gate.taken += 1
        item.gated = True
        self._ready.push(conversation, item)

    def take(self) -> Delivery | None:
        """Give the next delivery that has all its places, if one has; its frame's queue no longer holds it."""
        while self._ready.size and self.has_place():
            item = self._ready.pop()
            if not item.dropped and (delivery := self._start(item)) is not None:
                return delivery
        return None

    def _start(self, item: Delivery | Resumption) -> Delivery | None:
        """Give an item its global place; give the delivery that is to be handled now, if it is one."""
        self.running += 1
        item.gated = False
        if isinstance(item, Resumption):
            item.resume()
            return None
        if self.paused:
            self.steps -= 1
        item.frame.queue.popleft()
        return item

    def yield_places(self, gate: Gate) -> None:
        """Free the places of a turn that is over, or waits in a call."""
        nobody_could_start = self.running >= self.places
        self.running -= 1
        gate.taken -= 1
        if gate.waiting.size:
            self.look_at(gate)
        if nobody_could_start or self._ready.size:
            self.freed()

    def lend(self) -> None:
        """Free the global place of a turn that waits for a worker process; it keeps that of its listener."""
        nobody_could_start = self.running >= self.places
        self.running -= 1
        if nobody_could_start or self._ready:
            self.freed()

    def take_back(self) -> None:
        """Give such a turn its place again: its worker has begun, so for a while there may be one too many."""
        self.running += 1

    def drop(self, item: Delivery | Resumption, gate: Gate) -> None:
        """Let nobody start this item; if it was past its gate already, the next one is let in."""
        item.dropped = True
        if item.gated:
            item.gated = False
            gate.taken -= 1
            self.look_at(gate)
            self.freed()

    def next_of(self, frame: Any) -> None:
        """Let the next message of a frame queue up at its gate."""
        if frame.queue and frame.turn is None:
            head = frame.queue[0]
            self._to_gate(head.gate, head, frame.conversation)

    def look_at(self, gate: Gate) -> None:
        """Let in whoever waits, as far as the gate has places."""
        while gate.waiting and not gate.full:
            item = gate.waiting.pop()
            if not item.dropped:
                self._let_in(gate, item, item.conversation)


class BreadthFirst:
    """The order that serves conversations in turn: it makes the queues and the scheduler of one pump.

    `work` is the queue of what is still to be read.
    """

    def __init__(self) -> None:
        self.work: Queue[Any] = FairQueue()

    def queue(self) -> Queue[Any]:
        """Make a queue in which conversations wait."""
        return FairQueue()

    def scheduler(self, places: int, gate_of: Callable[[Any], Gate]) -> Scheduler:
        """Make the scheduler."""
        return Scheduler(places, gate_of)

    def connect(self, has_made: Callable[[], bool]) -> None:
        """Who is read next and who starts next are two questions here."""
