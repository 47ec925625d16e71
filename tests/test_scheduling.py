"""Who goes next: fair queues, and places that nobody holds while waiting for a narrower one."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from xpipe_nb.scheduling import FairQueue, Gate, Resumption, Scheduler


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans())))
def test_a_fair_queue_serves_its_conversations_in_turn(steps: list[tuple[int, bool]]) -> None:
    """Each conversation waits for at most one message of every other one; within one, order is kept."""
    queue: FairQueue[tuple[int, int]] = FairQueue()
    waiting: dict[int, deque[int]] = {}
    turns: list[int] = []
    for number, (key, pop) in enumerate(steps):
        queue.push(key, (key, number))
        waiting.setdefault(key, deque()).append(number)
        if key not in turns:
            turns.append(key)
        if pop:
            expected = turns.pop(0)
            assert queue.pop() == (expected, waiting[expected].popleft())
            if waiting[expected]:
                turns.append(expected)
    assert len(queue) == sum(map(len, waiting.values()))


def test_what_is_removed_is_all_of_one_conversation() -> None:
    """A conversation that ends takes its own messages with it and no others."""
    queue: FairQueue[str] = FairQueue()
    for key, item in [(1, "a"), (2, "b"), (1, "c")]:
        queue.push(key, item)
    assert queue.remove(1) == ["a", "c"]
    assert [queue.pop() for _ in range(len(queue))] == ["b"]


class OneFrame:
    """As much of a frame as the scheduler looks at."""

    def __init__(self, listener: str) -> None:
        self.listener = self.conversation = listener
        self.queue: Any = None
        self.turn: Any = None


class OneDelivery:
    """As much of a delivery as the scheduler looks at."""

    def __init__(self, frame: OneFrame) -> None:
        self.frame, self.listener, self.dropped, self.gated = frame, frame.listener, False, False


class SchedulerAgainstTheModel(RuleBasedStateMachine):
    """No place is overdrawn, none is lost, and nobody waits while all it needs is free."""

    running = Bundle("running")
    aside = Bundle("aside")

    PLACES = 3
    LIMITS = {"one": 1, "two": 2, "free": None}

    def __init__(self) -> None:
        super().__init__()
        self.gates = {name: Gate(limit) for name, limit in self.LIMITS.items()}
        self.scheduler = Scheduler(self.PLACES, self.gates.__getitem__)
        self.frames: list[Any] = []
        self.offered: list[Any] = []
        self.started: list[Any] = []
        self.back: list[Any] = []
        self.waiting_back: list[Any] = []
        self.resumptions: dict[Any, Resumption] = {}

    def start_all(self) -> list[Any]:
        """Start all that can start."""
        news = []
        while (item := self.scheduler.take()) is not None:
            assert item.frame.turn is None, "two messages of one frame at once"
            item.frame.turn = item
            self.started.append(item)
            news.append(item)
        return news

    @rule(target=running, name=st.sampled_from(sorted(LIMITS)), old=st.booleans(), which=st.integers(0, 99))
    def offer(self, name: str, old: bool, which: int) -> Any:
        mine = [each for each in self.frames if each.listener == name]
        where = mine[which % len(mine)] if old and mine else OneFrame(name)
        self.frames.append(where)
        item: Any = OneDelivery(where)
        self.offered.append(item)
        self.scheduler.offer(item)
        self.start_all()
        return item

    @rule(item=consumes(running))
    def end(self, item: Any) -> None:
        if item not in self.started or item in self.back:
            return
        self.started.remove(item)
        self.offered.remove(item)
        item.frame.turn = None
        self.scheduler.yield_places(self.gates[item.listener])
        self.scheduler.next_of(item.frame)
        self.start_all()

    @rule(target=aside, item=running)
    def step_aside(self, item: Any) -> Any:
        if item not in self.started or item in self.back:
            return None
        self.back.append(item)
        self.scheduler.yield_places(self.gates[item.listener])
        self.start_all()
        return item

    @rule(item=consumes(running))
    def drop_before_it_starts(self, item: Any) -> None:
        """The frame of a waiting message is closed."""
        if item in self.started or item.dropped or item not in self.offered:
            return
        for each in list(item.frame.queue):
            self.offered.remove(each)
            self.scheduler.drop(each, self.gates[each.listener])
        item.frame.queue.clear()
        self.start_all()

    @rule(item=aside)
    def end_while_it_waits_for_its_places(self, item: Any) -> None:
        """A turn ends although a call of it still waits to go on."""
        if item not in self.waiting_back:
            return
        self.scheduler.drop(self.resumptions.pop(item), self.gates[item.listener])
        self.waiting_back.remove(item)
        self.back.remove(item)
        self.started.remove(item)
        self.offered.remove(item)
        item.frame.turn = None
        self.scheduler.next_of(item.frame)
        self.start_all()

    @rule(item=aside)
    def step_back(self, item: Any) -> None:
        if item not in self.back or item in self.waiting_back:
            return

        def resume() -> None:
            self.waiting_back.remove(item)
            self.back.remove(item)
            self.resumptions.pop(item, None)

        self.waiting_back.append(item)
        resumption = self.resumptions[item] = Resumption(item.frame.conversation, self.gates[item.listener], resume)
        self.scheduler.resume_now(resumption)
        self.start_all()

    def gate_of(self, item: Any) -> Gate:
        gate: Gate = item.gate if isinstance(item, Resumption) else self.gates[item.listener]
        return gate

    def holding(self) -> list[Any]:
        return [item for item in self.started if item not in self.back]

    @invariant()
    def no_place_is_overdrawn_or_lost(self) -> None:
        assert self.scheduler.running == len(self.holding()) <= self.PLACES

    @invariant()
    def no_gate_is_overdrawn(self) -> None:
        for name, gate in self.gates.items():
            inside = sum(item.listener == name for item in self.holding())
            past_it = [*self.offered, *self.resumptions.values()]
            ready = sum(item.gated and not item.dropped and self.gate_of(item) is gate for item in past_it)
            assert gate.taken == inside + ready
            assert gate.limit is None or gate.taken <= gate.limit

    @invariant()
    def nobody_waits_while_all_it_needs_is_free(self) -> None:
        if self.scheduler.running == self.PLACES:
            return
        for item in self.offered:
            if item in self.started or item.frame.turn is not None or item.frame.queue[0] is not item:
                continue
            assert self.gates[item.listener].full, f"{item} could start"


TestSchedulerAgainstTheModel = SchedulerAgainstTheModel.TestCase
