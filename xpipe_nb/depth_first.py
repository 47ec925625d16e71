"""The order that stays with one conversation: the one served last goes on, in its deepest frame, while it can.

It differs from the fair order in three things. Its queues give the deepest frame's item first, and of one depth the
oldest, so that messages of one frame stay in order. All of them look first for the conversation that was served last.
And what that conversation has sent is read before anybody is started for whom there is a place already: otherwise
whoever stands in the last queue would overtake it while its own message is still on the way there.

Nobody waits for ever: a conversation goes on only as far as its limits let it, and one that waits at a full gate is
not in anybody's way.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from xpipe_nb.scheduling import Gate, Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from xpipe_nb.messages import Delivery
    from xpipe_nb.scheduling import Queue, Resumption

__all__ = ["DepthFirst", "DepthQueue", "DepthScheduler"]

NOWHERE = -1
"""Less deep than every frame."""


class Deep(Protocol):
    """Anything that stands at a depth."""

    @property
    def depth(self) -> int:
        """How many frames stand above it."""


class Course:
    """Which conversation was served last; all queues of one pump look at the same one."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        self.latest: Hashable = None


Item = TypeVar("Item", bound=Deep)


class DepthQueue(Generic[Item]):
    """A queue that stays with the conversation served last, deepest item first.

    Args:
        course: Which conversation that is.
        taken: Is told of everything that leaves the queue.

    Example:
        >>> from types import SimpleNamespace as At
        >>> course = Course()
        >>> queue = DepthQueue(course)
        >>> for key, depth in [("#1", 1), ("#2", 1), ("#2", 2)]:
        ...     queue.push(key, At(depth=depth))
        >>> course.latest = "#2"
        >>> [queue.pop().depth for _ in range(len(queue))]
        [2, 1, 1]
    """

    __slots__ = ("_course", "_heaps", "_numbers", "_taken", "size")

    def __init__(self, course: Course, taken: Callable[[], None] = lambda: None) -> None:
        self._course, self._taken = course, taken
        self._heaps: dict[Hashable, list[tuple[int, int, Item]]] = {}
        self._numbers = count()
        self.size = 0

    def __len__(self) -> int:
        return self.size

    def deepest(self, key: Hashable) -> int:
        """Give the depth of a conversation's next item; less than any depth when there is none."""
        heap = self._heaps.get(key)
        return -heap[0][0] if heap else NOWHERE

    def push(self, key: Hashable, item: Item) -> None:
        """Add an item to those of its conversation."""
        heappush(self._heaps.setdefault(key, []), (-item.depth, next(self._numbers), item))
        self.size += 1

    def pop(self) -> Item:
        """Take the deepest item of the conversation served last, else of the one that waits longest."""
        latest = self._course.latest
        key = latest if latest in self._heaps else next(iter(self._heaps))
        heap = self._heaps[key]
        item = heappop(heap)[2]
        self.size -= 1
        if not heap:
            del self._heaps[key]
        self._taken()
        return item

    def remove(self, key: Hashable) -> list[Item]:
        """Take out all that a conversation has waiting, in the order in which it came."""
        return self.remove_if(key, lambda _item: True)

    def remove_if(self, key: Hashable, unwanted: Callable[[Item], bool]) -> list[Item]:
        """Take out those of a conversation's items that are unwanted."""
        heap = self._heaps.get(key, [])
        removed = sorted(entry[1:] for entry in heap if unwanted(entry[2]))
        if removed:
            numbers = {number for number, _ in removed}
            heap[:] = [entry for entry in heap if entry[1] not in numbers]
            heapify(heap)
            self.size -= len(removed)
            if not heap:
                del self._heaps[key]
            self._taken()
        return [item for _, item in removed]

    def clear(self) -> None:
        """Take out everything."""
        self._heaps.clear()
        self.size = 0

    def __iter__(self) -> Iterator[Item]:
        for heap in self._heaps.values():
            for _, _, item in sorted(heap, key=lambda entry: entry[1]):
                yield item


class DepthScheduler(Scheduler):
    """Admits deliveries to their handlers, deepest first.

    Args:
        places: How many handlers may run at once, in all.
        gate_of: Gives the gate of a listener.
        course: Which conversation was served last.
        unread: What is still to be read from the inbox.
    """

    def __init__(self, places: int, gate_of: Callable[[Any], Gate], course: Course, unread: DepthQueue[Any]) -> None:
        self._deep: DepthQueue[Delivery | Resumption] = DepthQueue(course)
        super().__init__(places, gate_of, self._deep)
        self._course, self._unread = course, unread
        self.has_made: Callable[[], bool] = lambda: False

    @property
    def _reads_first(self) -> bool:
        """What the conversation served last has sent may go before all that is ready, once it is read."""
        latest = self._course.latest
        return self.has_made() or self._unread.deepest(latest) > self._deep.deepest(latest)

    def can_start(self) -> bool:
        """Somebody could start now, if a worker came for it."""
        return super().can_start() and not self._reads_first

    def admit(self, delivery: Delivery) -> Delivery | None:
        """Queue a delivery, and give the next one that can start."""
        delivery.gate = self._gate_of(delivery.listener)
        self._offer(delivery)
        return self.take()

    def resume_now(self, resumption: Resumption) -> bool:
        """Give a turn its places back if they are free and nobody goes before it, else queue it; say which."""
        if self._reads_first:
            self._to_gate(resumption.gate, resumption, resumption.conversation)
            return False
        resumed = super().resume_now(resumption)
        if resumed:
            self._course.latest = resumption.conversation
        return resumed

    def take(self) -> Delivery | None:
        """Give the next delivery that has all its places, if one has; its frame's queue no longer holds it."""
        while self._ready and self.has_place() and not self._reads_first:
            item = self._ready.pop()
            if item.dropped:
                continue
            self._course.latest = item.conversation
            if (delivery := self._start(item)) is not None:
                return delivery
        return None


class DepthFirst:
    """The order that stays with one conversation: it makes the queues and the scheduler of one pump.

    `work` is the queue of what is still to be read; whenever that changes, another one may start.
    """

    def __init__(self) -> None:
        self._course = Course()
        self._scheduler: DepthScheduler
        self._unread: DepthQueue[Any] = DepthQueue(self._course, self._was_read)
        self.work: Queue[Any] = self._unread

    def _was_read(self) -> None:
        self._scheduler.freed()

    def queue(self) -> Queue[Any]:
        """Make a queue in which conversations wait."""
        return DepthQueue(self._course)

    def scheduler(self, places: int, gate_of: Callable[[Any], Gate]) -> Scheduler:
        """Make the scheduler."""
        self._scheduler = DepthScheduler(places, gate_of, self._course, self._unread)
        return self._scheduler

    def connect(self, has_made: Callable[[], bool]) -> None:
        """Tell the scheduler how to see that the stages have made what nobody has read yet."""
        self._scheduler.has_made = has_made
