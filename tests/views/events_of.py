"""Strategies: sequences of events as an organism could, or could never, send them."""

from __future__ import annotations

from hypothesis import strategies as st
from lxml import etree

from xpipe_nb.events import (
    AgentStateEvent,
    BreakpointsEvent,
    DeadLetterEvent,
    FrameClosedEvent,
    MessageHeldEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    MessageReleasedEvent,
    OrganismStateEvent,
    ProgressEvent,
    PumpEvent,
    SendRefusedEvent,
    ThreadEvent,
)
from xpipe_nb.messages import DeadLetter
from xpipe_nb.views.graph import Node
from xpipe_nb.views.state import DeclaredEvent

__all__ = ["events"]

NAMES = st.sampled_from(["a", "b", "c", "console"])
THREADS = st.sampled_from([f"t{n}" for n in range(6)])
NUMBERS = st.integers(0, 3)
TIMES = st.floats(0, 100)
ELEMENT = etree.fromstring("<Say><Text>hello</Text></Say>")


@st.composite
def queued(draw: st.DrawFn) -> MessageQueuedEvent:
    return MessageQueuedEvent(
        draw(THREADS),
        draw(NAMES),
        draw(NAMES),
        "Say",
        None,
        draw(NUMBERS),
        number=draw(NUMBERS),
        kind=draw(st.sampled_from(["inject", "forward", "call", "itself", "respond", "error"])),
        parent_id=draw(st.one_of(st.just(""), THREADS)),
        source_id=draw(THREADS),
        handed_over=draw(st.booleans()),
        element=ELEMENT,
        at=draw(TIMES),
    )


@st.composite
def letters(draw: st.DrawFn) -> DeadLetterEvent:
    conversation = draw(NUMBERS)
    stage, reason = draw(st.sampled_from([("perform", "timeout"), ("route", "peers"), ("perform", "closed")]))
    name = draw(st.sampled_from([f"x/{draw(NUMBERS)}", "no-number"]))
    letter = DeadLetter(name, stage, reason, "why", draw(NAMES), draw(NAMES), "Say", b"<Say/>", "t1", conversation)
    return DeadLetterEvent(letter, at=draw(TIMES))


EVENTS: st.SearchStrategy[PumpEvent] = st.one_of(
    queued(),
    letters(),
    st.builds(
        MessageReceivedEvent, THREADS, NAMES, NAMES, st.just("Say"), st.none(), NUMBERS, number=NUMBERS, at=TIMES
    ),
    st.builds(AgentStateEvent, NAMES, st.sampled_from(["processing", "waiting", "idle", "error"]), THREADS, at=TIMES),
    st.builds(
        ThreadEvent,
        THREADS,
        st.sampled_from(["created", "active", "completed", "error", "killed"]),
        conversation=NUMBERS,
        at=TIMES,
    ),
    st.builds(FrameClosedEvent, THREADS, NUMBERS, at=TIMES),
    st.builds(OrganismStateEvent, st.sampled_from(["running", "paused", "stopping", "stopped"]), at=TIMES),
    st.builds(ProgressEvent, THREADS, NAMES, st.just(1.0), st.sampled_from([None, 4.0]), at=TIMES),
    st.builds(SendRefusedEvent, THREADS, NAMES, NAMES, st.just("Say"), st.none(), NUMBERS, st.just("peers"), at=TIMES),
    st.builds(BreakpointsEvent, st.sampled_from([(), (("a", None),), ((None, "Say"), ("b", "Say"))]), at=TIMES),
    st.builds(
        MessageHeldEvent,
        THREADS,
        NAMES,
        NAMES,
        st.just("Say"),
        st.none(),
        NUMBERS,
        number=NUMBERS,
        key=NUMBERS,
        at=TIMES,
    ),
    st.builds(
        MessageReleasedEvent,
        THREADS,
        NAMES,
        NAMES,
        st.just("Say"),
        st.none(),
        NUMBERS,
        number=NUMBERS,
        key=NUMBERS,
        how=st.sampled_from(["continued", "edited", "dropped", "withdrawn"]),
        element=st.just(ELEMENT),
        at=TIMES,
    ),
    st.builds(
        DeclaredEvent,
        st.sampled_from([(Node("a", "agent"), Node("b")), (Node("a", "agent"), Node("c", "tool"))]),
        st.sampled_from([(("a", "b"),), ()]),
        at=TIMES,
    ),
)

events = st.lists(EVENTS, max_size=40)
