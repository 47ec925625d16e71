"""The rules of call frames, tried against a model that recounts everything after each step."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from xpipe_nb.errors import Rejected
from xpipe_nb.frame_rules import FrameRules
from xpipe_nb.frames import Frame

NAMES = ["a", "b", "c"]


class Recorder:
    """Effects that only take note; listener `c` takes errors."""

    def __init__(self) -> None:
        self.log: list[tuple[str, Any]] = []
        self.rules: FrameRules

    def accepts_errors(self, frame: Frame) -> bool:
        return frame.listener == "c"

    def deliver_error(self, frame: Frame, error: Any) -> None:
        self.log.append(("deliver_error", frame))
        self.rules.hold(frame)

    def error_reached_injector(self, conversation: Any, error: Any) -> None:
        self.log.append(("injector", error))

    def fail_call(self, call: Any, error: Any) -> None:
        self.log.append(("call_failed", call))

    def call_went_quiet(self, call: Any) -> None:
        self.log.append(("call_quiet", call))

    def frame_closed(self, frame: Frame) -> None:
        self.log.append(("closed", frame))

    def sends_are_void(self, frame: Frame) -> None:
        self.log.append(("void", frame))

    def conversation_is_quiet(self, conversation: Any) -> None:
        self.log.append(("quiet", conversation))

    def of(self, kind: str) -> list[Any]:
        return [what for name, what in self.log if name == kind]


def a_tree(max_depth: int = 64) -> tuple[FrameRules, Recorder, Frame]:
    recorder = Recorder()
    rules = FrameRules(recorder, max_depth)
    recorder.rules = rules
    root = rules.open_root("conversation", "console")
    return rules, recorder, root


def working(rules: FrameRules, parent: Frame, name: str, turn: int = 1, call: Any = None) -> Frame:
    """A message of `parent` that is being handled in a frame below it."""
    return rules.child_for(parent, name, turn, call)


def test_a_chain_is_the_list_of_names_from_the_injector() -> None:
    """The chain a person sees is a list of names, so that dots in names mean nothing."""
    rules, _, root = a_tree()
    leaf = working(rules, working(rules, root, "calc.add"), "b")
    assert leaf.chain == ["console", "calc.add", "b"]


def test_an_idle_child_is_used_again() -> None:
    """An idle open child of the same frame for the same listener is reused; its memory is kept."""
    rules, _, root = a_tree()
    child = working(rules, root, "a", turn=1)
    rules.release(child)
    assert rules.child_for(root, "a", turn=2) is child


def test_a_busy_child_gets_a_sibling() -> None:
    """A child that is queued, running or awaited is not reused."""
    rules, _, root = a_tree()
    child = working(rules, root, "a", turn=1)
    assert working(rules, root, "a", turn=2) is not child


def test_a_child_that_waits_for_its_own_child_gets_a_sibling() -> None:
    """A frame is idle only when nothing below it is queued, running or awaited either."""
    rules, _, root = a_tree()
    child = working(rules, root, "a", turn=1)
    working(rules, child, "b", turn=2)
    rules.release(child)
    assert rules.child_for(root, "a", turn=3) is not child


def test_sends_of_one_turn_to_one_listener_are_siblings() -> None:
    """Sends of one turn to one listener always get frames of their own, even when the first is idle again."""
    rules, _, root = a_tree()
    first = working(rules, root, "a", turn=1)
    rules.release(first)
    assert rules.child_for(root, "a", turn=1) is not first


def test_a_call_never_uses_a_frame_again() -> None:
    """A call's frame is always new."""
    rules, _, root = a_tree()
    idle = working(rules, root, "a", turn=1)
    rules.release(idle)
    assert rules.child_for(root, "a", turn=2, call="call") is not idle


def test_too_deep_a_frame_is_refused() -> None:
    """`max_depth` refuses that send, with reason `hops`."""
    rules, _, root = a_tree(max_depth=2)
    deepest = working(rules, working(rules, root, "a"), "b")
    with pytest.raises(Rejected) as refusal:
        rules.child_for(deepest, "c", turn=9)
    assert (refusal.value.stage, refusal.value.reason) == ("route", "hops")


def test_to_respond_closes_all_below_and_keeps_the_own_frame() -> None:
    """Every frame below the responder is closed; its own stays, idle, reusable by the caller."""
    rules, recorder, root = a_tree()
    frame = working(rules, root, "a")
    below = working(rules, working(rules, frame, "b"), "c")
    rules.respond(frame)
    rules.release(frame)
    assert below.closed
    assert recorder.of("closed") == [below.parent, below]
    assert not frame.closed
    assert rules.child_for(root, "a", turn=7) is frame


def test_an_error_unwinds_to_the_first_that_takes_it() -> None:
    """A `SystemError` reaches a listener that accepts it; those between fail."""
    rules, recorder, root = a_tree()
    taker = working(rules, root, "c")
    between = working(rules, taker, "a")
    failing = working(rules, between, "b")
    rules.release(taker)
    rules.release(between)
    rules.fail(failing, "error")
    assert recorder.of("deliver_error") == [taker]
    assert between.closed
    assert not taker.closed
    assert recorder.of("quiet") == []


def test_an_error_that_nobody_takes_reaches_the_injector() -> None:
    """The error unwinds up to the injector, and the conversation is complete."""
    rules, recorder, root = a_tree()
    frame = working(rules, root, "a")
    leaf = working(rules, frame, "b")
    rules.release(frame)
    rules.fail(leaf, "error")
    assert recorder.of("injector") == ["error"]
    assert recorder.of("quiet") == ["conversation"]


def test_a_failing_branch_leaves_the_others_alone() -> None:
    """A turn that fails closes its frame and all below; other branches go on."""
    rules, recorder, root = a_tree()
    taker = working(rules, root, "c")
    failing, other = working(rules, taker, "a"), working(rules, taker, "b")
    rules.fail(failing, "error")
    assert not other.closed
    assert recorder.of("quiet") == []


def test_a_call_fails_when_its_callee_goes_quiet() -> None:
    """`meta.call` raises also when the callee goes quiet without an answer."""
    rules, recorder, root = a_tree()
    caller = working(rules, root, "a")
    callee = working(rules, caller, "b", call="call")
    rules.release(callee)
    assert recorder.of("call_quiet") == ["call"]
    assert callee.closed
    assert not caller.closed


def test_a_failed_callee_fails_its_call_only() -> None:
    """The caller of a call gets the error as an exception, not as a message."""
    rules, recorder, root = a_tree()
    caller = working(rules, root, "c")
    rules.fail(working(rules, caller, "b", call="call"), "error")
    assert recorder.of("call_failed") == ["call"]
    assert recorder.of("deliver_error") == []


def test_a_chain_of_100_000_frames_closes_without_recursion() -> None:
    """Frames are closed iteratively."""
    rules, recorder, root = a_tree(max_depth=10**9)
    rules.hold(root)  # the injection, until it is routed
    frame = root
    for turn in range(100_000):
        child = working(rules, frame, "a", turn)
        rules.release(frame)
        frame = child
    rules.fail(frame, "error")
    assert len(recorder.of("closed")) == 100_000
    assert root.busy == 0


class FramesAgainstTheModel(RuleBasedStateMachine):
    """Whatever happens, a frame is busy exactly when something is left to do in it or below it."""

    working = Bundle("working")

    def __init__(self) -> None:
        super().__init__()
        self.rules, self.recorder, self.root = a_tree(max_depth=6)
        self.things: dict[Frame, int] = {}
        self.open_calls: dict[int, Frame] = {}
        self.parents: dict[Frame, Frame | None] = {self.root: None}
        self.turn = 0
        self.was_busy = False
        self.quiet_seen = 0

    # -- the model: counts by hand, closes by walking

    def is_busy(self, frame: Frame) -> bool:
        below = [child for child, parent in self.parents.items() if parent is frame and not child.closed]
        return self.things.get(frame, 0) > 0 or any(self.is_busy(child) for child in below)

    def start(self, frame: Frame) -> Frame:
        self.things[frame] = self.things.get(frame, 0) + 1
        return frame

    def open(self, parent: Frame, name: str, call: int | None = None) -> Frame | None:
        self.turn += 1
        try:
            child = self.rules.child_for(parent, name, self.turn, call)
        except Rejected:
            return None
        if child in self.parents:
            assert not self.is_busy(child), "a busy frame was used again"
        self.parents[child] = parent
        return self.start(child)

    @rule(target=working, name=st.sampled_from(NAMES))
    def inject(self, name: str) -> Frame | None:
        return self.open(self.root, name)

    @rule(target=working, sender=working, name=st.sampled_from(NAMES))
    def forward(self, sender: Frame | None, name: str) -> Frame | None:
        if sender is None or sender.closed or not self.things.get(sender):
            return None
        return self.open(sender, name)

    @rule(target=working, sender=working, name=st.sampled_from(NAMES))
    def call(self, sender: Frame | None, name: str) -> Frame | None:
        if sender is None or sender.closed or not self.things.get(sender):
            return None
        number = self.turn + 1
        frame = self.open(sender, name, call=number)
        if frame is not None:
            self.open_calls[number] = frame
        return frame

    @rule(frame=consumes(working))
    def finish(self, frame: Frame | None) -> None:
        if frame is None or frame.closed or not self.things.get(frame):
            return
        self.things[frame] -= 1
        self.rules.release(frame)

    @rule(target=working, frame=working)
    def respond(self, frame: Frame | None) -> Frame | None:
        if frame is None or frame.closed or not self.things.get(frame):
            return None
        self.rules.respond(frame)
        assert all(child.closed for child, parent in self.parents.items() if parent is frame)
        parent = frame.parent
        assert parent is not None
        if frame.call is not None:
            self.open_calls.pop(frame.call)
            self.rules.answered(frame)
            return None
        if parent is self.root:
            return None
        self.rules.hold(parent)
        return self.start(parent)

    @rule(target=working, frame=working)
    def fail(self, frame: Frame | None) -> Frame | None:
        if frame is None or frame.closed or not self.things.get(frame):
            return None
        before = len(self.recorder.of("deliver_error"))
        self.rules.fail(frame, "error")
        assert frame.closed
        told = self.recorder.of("deliver_error")[before:]
        return self.start(told[0]) if told else None

    @rule(target=working, frame=working)
    def tell(self, frame: Frame | None) -> Frame | None:
        """A send of the frame was refused: its listener is told, if it takes errors."""
        if frame is None or frame.closed or not self.things.get(frame):
            return None
        before = len(self.recorder.of("deliver_error"))
        takes_errors = frame.listener == "c"
        self.rules.tell(frame, "error")
        told = self.recorder.of("deliver_error")[before:]
        assert frame.closed is not takes_errors
        assert not takes_errors or told == [frame]
        return self.start(told[0]) if told else None

    @rule(which=st.integers(0, 99))
    def give_up_a_call(self, which: int) -> None:
        """A caller no longer waits: the frame of its call is closed, with all below."""
        waiting = [(call, frame) for call, frame in self.open_calls.items() if not frame.closed]
        if not waiting:
            return
        call, frame = waiting[which % len(waiting)]
        below = list(frame.below())
        frame.call = None
        del self.open_calls[call]
        self.rules.close(frame)
        assert all(each.closed for each in below)

    @rule()
    def end_the_conversation(self) -> None:
        """What stands below the mailbox is closed; the mailbox stays."""
        self.rules.respond(self.root)
        assert not self.root.closed
        assert self.root.busy == 0
        assert not self.root.children

    @invariant()
    def idle_frames_are_those_that_could_be_used_again(self) -> None:
        for frame in self.parents:
            if not frame.closed:
                table = {frame.idle.listener: [frame.idle]} if isinstance(frame.idle, Frame) else frame.idle or {}
                listed = [each for frames in table.values() for each in frames]
                idle = [child for child in frame.children if not self.is_busy(child)]
                assert sorted(map(id, listed)) == sorted(map(id, idle)), frame
                assert all(each.listener == name for name, frames in table.items() for each in frames)
                assert all(child.parent is frame and child.depth == frame.depth + 1 for child in frame.children)

    @invariant()
    def busy_is_what_the_model_counts(self) -> None:
        for frame in self.parents:
            if not frame.closed:
                assert (frame.busy > 0) == self.is_busy(frame), frame

    @invariant()
    def quiet_is_told_once_each_time(self) -> None:
        busy, told = self.is_busy(self.root), len(self.recorder.of("quiet"))
        assert told - self.quiet_seen == (1 if self.was_busy and not busy else 0)
        self.was_busy, self.quiet_seen = busy, told

    @invariant()
    def no_call_waits_for_a_quiet_frame(self) -> None:
        for call, frame in list(self.open_calls.items()):
            if frame.closed:
                told = [*self.recorder.of("call_quiet"), *self.recorder.of("call_failed")]
                assert call in told or any(each.call == call for each in self.recorder.of("closed"))
                del self.open_calls[call]
            else:
                assert self.is_busy(frame)

    @invariant()
    def nothing_open_stands_below_a_closed_frame(self) -> None:
        for frame, parent in self.parents.items():
            assert frame.closed or parent is None or not parent.closed


TestFramesAgainstTheModel = FramesAgainstTheModel.TestCase
TestFramesAgainstTheModel.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
