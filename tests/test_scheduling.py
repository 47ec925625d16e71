"""Who goes next: fair queues, deep queues, and places that nobody holds while waiting for a narrower one."""

from __future__ import annotations

from collections import deque
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from xpipe_nb.depth_first import Course, DepthFirst, DepthQueue
from xpipe_nb.scheduling import BreadthFirst, FairQueue, Gate, Resumption


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


class Thing:
    """Anything with a depth and a number."""

    def __init__(self, depth: int, number: int) -> None:
        self.depth, self.number = depth, number


STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(["push", "pop", "serve", "drop"])))


@given(STEPS)
def test_a_deep_queue_stays_with_the_conversation_served_last(steps: list[tuple[int, int, str]]) -> None:
    """The conversation served last goes on, else the one that waits longest; deepest first, then oldest first."""
    course = Course()
    queue: DepthQueue[Thing] = DepthQueue(course)
    waiting: list[tuple[int, Thing]] = []  # in the order in which they came
    since: dict[int, int] = {}
    for number, (key, depth, what) in enumerate(steps):
        if what == "push":
            thing = Thing(depth, number)
            queue.push(key, thing)
            waiting.append((key, thing))
            since.setdefault(key, number)
        elif what == "serve":
            course.latest = key
        elif what == "drop":
            shallow = [(each, thing) for each, thing in waiting if each == key and thing.depth < depth]
            assert queue.remove_if(key, lambda thing, depth=depth: thing.depth < depth) == [each for _, each in shallow]
            waiting = [entry for entry in waiting if entry not in shallow]
        elif waiting:
            keys = {each for each, _ in waiting}
            served = course.latest if course.latest in keys else min(keys, key=since.__getitem__)
            expected = max((each for each in waiting if each[0] == served), key=lambda each: each[1].depth)
            assert queue.pop() is expected[1]
            waiting.remove(expected)
        since = {each: since[each] for each, _ in waiting}
    assert len(queue) == len(waiting) == len(list(queue))


class OneFrame:
    """As much of a frame as the scheduler looks at."""

    def __init__(self, listener: str, conversation: int, depth: int) -> None:
        self.listener, self.conversation, self.depth = listener, conversation, depth
        self.queue: Any = None
        self.turn: Any = None
        self.closed = False


class OneDelivery:
    """As much of a delivery as the scheduler looks at."""

    def __init__(self, frame: OneFrame) -> None:
        self.frame, self.listener, self.dropped, self.gated = frame, frame.listener, False, False
        self.conversation, self.depth = frame.conversation, frame.depth


class Line:
    """The model of any queue: one plain list, and since when each conversation stands in it, or was served from it."""

    def __init__(self, machine: SchedulerAgainstTheModel) -> None:
        self.machine = machine
        self.items: list[Any] = []
        self.since: dict[Any, int] = {}

    def push(self, item: Any) -> None:
        self.items.append(item)
        self.since.setdefault(item.conversation, self.machine.tick())

    def pop(self) -> Any:
        item = self.machine.choose(self)
        self.items.remove(item)
        self.since = {key: self.since[key] for key in {each.conversation for each in self.items}}
        if item.conversation in self.since and not self.machine.deep:
            self.since[item.conversation] = self.machine.tick()
        return item

    def longest(self) -> list[Any]:
        """The items of the conversation that waits longest."""
        key = min(self.since, key=self.since.__getitem__)
        return [each for each in self.items if each.conversation == key]

    def depth_of(self, conversation: Any) -> int:
        return max((each.depth for each in self.items if each.conversation == conversation), default=-1)


class SchedulerAgainstTheModel(RuleBasedStateMachine):
    """Places are never overdrawn and never lost, and whoever comes next is whom a plain list says.

    A message goes this way: sent (it stands in the inbox's work), read (behind what its frame has to do first), at its
    listener's gate, ready (it has passed the gate), running; a turn may stand aside (in a call) and come back.
    """

    PLACES = 3
    NAMES = ("one", "two", "free")
    deep = False

    def __init__(self) -> None:
        super().__init__()
        self.order: Any = DepthFirst() if self.deep else BreadthFirst()
        self.gates = {
            name: Gate(limit, self.order.queue()) for name, limit in zip(self.NAMES, (1, 2, None), strict=True)
        }
        self.scheduler = self.order.scheduler(self.PLACES, self.gates.__getitem__)
        self.clock = 0
        self.latest: Any = None
        self.paused, self.steps = False, 0
        self.frames: list[Any] = []
        self.unread, self.ready = Line(self), Line(self)
        self.at_gate = {name: Line(self) for name in self.NAMES}
        self.behind: dict[Any, list[Any]] = {}
        self.running: list[Any] = []
        self.aside: list[Any] = []
        self.coming: dict[Any, Resumption] = {}
        self.expected: list[Any] = []
        self.came_back: list[Any] = []

    # -- the model

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def choose(self, line: Line) -> Any:
        """Breadth-first: the oldest item of the conversation that has waited longest."""
        return line.longest()[0]

    def reads_first(self) -> bool:
        return False

    @property
    def has_place(self) -> bool:
        return len(self.running) < self.PLACES and (not self.paused or self.steps > 0)

    def taken(self, name: str) -> int:
        past = [*self.running, *(each for each in self.ready.items if not each.dropped)]
        return sum(self.listener_of(each) == name for each in past)

    def listener_of(self, item: Any) -> str:
        if isinstance(item, Resumption):
            return next(name for name, gate in self.gates.items() if gate is item.gate)
        return str(item.listener)

    def full(self, name: str) -> bool:
        limit = self.gates[name].limit
        return limit is not None and self.taken(name) >= limit

    def to_gate(self, item: Any) -> None:
        name = self.listener_of(item)
        (self.at_gate[name] if self.full(name) else self.ready).push(item)

    def let_in(self) -> None:
        for name, line in self.at_gate.items():
            while line.items and not self.full(name):
                item = line.pop()
                if not item.dropped:
                    self.ready.push(item)

    def model_offers(self, item: Any) -> None:
        queue = self.behind.setdefault(item.frame, [])
        queue.append(item)
        if len(queue) == 1 and item.frame.turn is None:
            self.to_gate(item)

    def model_takes(self) -> Any:
        while self.ready.items and self.has_place and not self.reads_first():
            item = self.ready.pop()
            if item.dropped:
                continue
            self.latest = item.conversation
            if isinstance(item, Resumption):
                self.model_resumes(item)
                continue
            self.steps -= self.paused
            assert self.behind[item.frame].pop(0) is item, "not in the order of its frame"
            return item
        return None

    def model_resumes(self, resumption: Any) -> None:
        item = next(each for each, mine in self.coming.items() if mine is resumption)
        del self.coming[item]
        self.aside.remove(item)
        self.running.append(item)
        self.expected.append(item)

    def started(self, item: Any, expected: Any) -> None:
        """Compare what starts with what the model says."""
        assert item is expected
        assert self.came_back == self.expected
        if item is not None:
            assert item.frame.turn is None, "two messages of one frame at once"
            assert not item.dropped
            item.frame.turn = item
            self.running.append(item)

    # -- what may happen

    def frame(self, which: int, name: str, conversation: int, depth: int, *, old: bool) -> Any:
        if old and self.frames:
            return self.frames[which % len(self.frames)]
        self.frames = [*self.frames[-20:], OneFrame(name, conversation, depth)]
        return self.frames[-1]

    messages = {
        "name": st.sampled_from(NAMES),
        "conversation": st.integers(1, 3),
        "depth": st.integers(1, 3),
        "old": st.booleans(),
        "which": st.integers(0, 99),
    }

    @rule(**messages)
    def send(self, **where: Any) -> None:
        item = OneDelivery(self.frame(**where))
        self.order.work.push(item.conversation, item)
        self.unread.push(item)

    @precondition(lambda self: self.unread.items and self.has_place)
    @rule()
    def read(self) -> None:
        item = self.order.work.pop()
        assert item is self.unread.pop()
        self.admit(item)

    @rule(**messages)
    def inject(self, **where: Any) -> None:
        """An injection is read before all that waits."""
        self.admit(OneDelivery(self.frame(**where)))

    def admit(self, item: Any) -> None:
        if item.frame.closed:  # nobody handles it, but whoever waited for it to be read may start now
            self.take()
            return
        self.model_offers(item)
        expected = self.model_takes()
        self.started(self.scheduler.admit(item), expected)

    @rule()
    def take(self) -> None:
        expected = self.model_takes()
        self.started(self.scheduler.take(), expected)

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99))
    def end(self, which: int) -> None:
        item = self.running.pop(which % len(self.running))
        self.over(item)
        self.scheduler.yield_places(self.gates[item.listener])
        self.let_in()
        self.next_of(item.frame)

    def over(self, item: Any) -> None:
        item.frame.turn = None

    def next_of(self, frame: Any) -> None:
        self.scheduler.next_of(frame)
        if self.behind.get(frame):
            self.to_gate(self.behind[frame][0])

    @precondition(lambda self: self.running)
    @rule(which=st.integers(0, 99))
    def step_aside(self, which: int) -> None:
        item = self.running.pop(which % len(self.running))
        self.aside.append(item)
        self.scheduler.yield_places(self.gates[item.listener])
        self.let_in()

    @precondition(lambda self: len(self.aside) > len(self.coming))
    @rule(which=st.integers(0, 99))
    def step_back(self, which: int) -> None:
        away = [each for each in self.aside if each not in self.coming]
        self.comes_back(away[which % len(away)])

    def comes_back(self, item: Any) -> None:
        resumption = Resumption(
            item.conversation, self.gates[item.listener], lambda: self.came_back.append(item), item.depth
        )
        self.coming[item] = resumption
        free = len(self.running) < self.PLACES and not self.paused and not self.full(item.listener)
        at_once = free and not self.ready.items and not self.reads_first()
        assert self.scheduler.resume_now(resumption) == at_once
        if at_once:
            self.latest = item.conversation
            self.model_resumes(resumption)
        else:
            self.to_gate(resumption)

    @precondition(lambda self: self.coming)
    @rule(which=st.integers(0, 99))
    def end_while_it_waits_for_its_places(self, which: int) -> None:
        """A turn ends although a call of it still waits to go on."""
        item = list(self.coming)[which % len(self.coming)]
        self.aside.remove(item)
        resumption = self.coming.pop(item)
        self.over(item)
        self.scheduler.drop(resumption, self.gates[item.listener])
        self.let_in()
        self.next_of(item.frame)

    @precondition(lambda self: any(self.behind.values()))
    @rule(which=st.integers(0, 99))
    def close_a_frame(self, which: int) -> None:
        """What waits in a frame that is closed is never handled; what runs in it comes to its end."""
        waiting = [frame for frame, queue in self.behind.items() if queue]
        frame = waiting[which % len(waiting)]
        for item in list(frame.queue):
            self.scheduler.drop(item, self.gates[item.listener])
        frame.queue.clear()
        frame.closed = True
        self.behind[frame].clear()
        self.frames = [each for each in self.frames if each is not frame]
        self.let_in()

    @precondition(lambda self: not self.paused)
    @rule()
    def pause(self) -> None:
        self.paused = self.scheduler.paused = True

    @precondition(lambda self: self.paused)
    @rule()
    def resume(self) -> None:
        self.paused = self.scheduler.paused = False
        self.steps = self.scheduler.steps = 0

    @precondition(lambda self: self.paused)
    @rule()
    def step(self) -> None:
        self.steps += 1
        self.scheduler.steps += 1

    @rule(name=st.sampled_from(NAMES), limit=st.sampled_from([1, 2, 3, None]))
    def reload(self, name: str, limit: int | None) -> None:
        """A reload changes how many of a listener may run; whoever runs goes on."""
        self.gates[name].limit = limit
        self.scheduler.look_at(self.gates[name])
        self.let_in()

    # -- what always holds

    @invariant()
    def places_and_gates_are_as_the_model_counts(self) -> None:
        assert self.scheduler.running == len(self.running) <= self.PLACES
        for name, gate in self.gates.items():
            assert gate.taken == self.taken(name)
            assert not gate.waiting or gate.full, "somebody waits at a gate that is open"
        assert self.scheduler.has_place() == self.has_place

    @invariant()
    def whoever_could_start_is_startable(self) -> None:
        could = self.has_place and any(not each.dropped for each in self.ready.items)
        assert self.scheduler.can_start() or not could or self.reads_first()

    def teardown(self) -> None:
        """In the end everything that was sent has been handled, once, and all places are free."""
        if self.paused:
            self.resume()
        for _ in range(10_000):
            if self.unread.items and self.has_place:
                self.read()
            self.take()
            for item in [each for each in self.aside if each not in self.coming]:
                self.comes_back(item)
            if self.running:
                self.end(0)
            elif not (self.aside or self.unread.items):
                break
        assert not any(self.behind.values())
        assert (self.scheduler.running, [gate.taken for gate in self.gates.values()]) == (0, [0, 0, 0])


class DepthFirstAgainstTheModel(SchedulerAgainstTheModel):
    """The same with the other order."""

    deep = True

    def choose(self, line: Line) -> Any:
        """Depth-first: of the conversation served last, else of the one that has waited longest, the deepest."""
        mine = [each for each in line.items if each.conversation == self.latest] or line.longest()
        return max(mine, key=lambda each: each.depth)

    def reads_first(self) -> bool:
        return self.unread.depth_of(self.latest) > self.ready.depth_of(self.latest)


TestSchedulerAgainstTheModel = SchedulerAgainstTheModel.TestCase
TestDepthFirstAgainstTheModel = DepthFirstAgainstTheModel.TestCase
