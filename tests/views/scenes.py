"""Scenes: what the fixtures in tests/snapshots show, written event by event, so that they are the same in every run."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from lxml import etree

from xpipe_nb import PumpEvent
from xpipe_nb.events import (
    AgentStateEvent,
    BreakpointsEvent,
    DeadLetterEvent,
    FrameClosedEvent,
    MessageHeldEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    OrganismStateEvent,
    ProgressEvent,
    RetryEvent,
    SendRefusedEvent,
    ThreadEvent,
)
from xpipe_nb.messages import DeadLetter
from xpipe_nb.views.delta import delta
from xpipe_nb.views.detail import message_detail
from xpipe_nb.views.fold import fold_all
from xpipe_nb.views.graph import Node
from xpipe_nb.views.places import Places, extended, places_of
from xpipe_nb.views.saved import saved
from xpipe_nb.views.snapshot import histories, snapshot
from xpipe_nb.views.state import CellEvent, DeclaredEvent, ViewState

__all__ = ["SCENES", "Script", "live", "places_in", "researching", "saved_as", "traffic"]

HOSTILE = "<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "\u202egnp.exe", "javascript:alert(3)"


class Script:
    """Writes events with times that are given, in tenths of a second by default."""

    def __init__(self, nodes: list[Node], edges: list[tuple[str, str]], name: str = "research") -> None:
        self.name, self.now, self.numbers = name, 0.0, {}
        self.kinds = {node.name: node.kind for node in nodes}
        self.events: list[PumpEvent] = []
        self._add(DeclaredEvent(tuple(nodes), tuple(edges), at=0.0))

    def _add(self, event: PumpEvent) -> None:
        self.events.append(event)

    def at(self, seconds: float) -> Script:
        self.now = seconds
        return self

    def organism(self, state: str) -> None:
        self._add(OrganismStateEvent(state, at=self.now))

    def thread(self, number: int, status: str, error: str | None = None) -> None:
        self._add(ThreadEvent(f"#{number}", status, (), error, number, at=self.now))

    def send(
        self, number: int, who: str, to: str, frame: str, parent: str, xml: str, kind: str = "forward", **more: Any
    ) -> int:
        """Queue a message; gives its number."""
        count = self.numbers[number] = self.numbers.get(number, 0) + 1
        element = etree.fromstring(xml)
        tag, root = str(element.tag), f"#{number}"
        more = {"kind": kind, "parent_id": parent, "source_id": parent or root, "element": element, **more}
        self._add(MessageQueuedEvent(frame, who, to, tag, None, number, number=count, at=self.now, **more))
        if kind == "inject":
            self.root = frame
        return count

    def take(self, number: int, count: int, who: str, to: str, frame: str) -> None:
        self._add(MessageReceivedEvent(frame, who, to, "", None, number, number=count, at=self.now))
        self._add(AgentStateEvent(to, "processing", frame, at=self.now))

    def state(self, name: str, state: str, frame: str) -> None:
        self._add(AgentStateEvent(name, state, frame, at=self.now))

    def progress(self, name: str, frame: str, done: float, total: float) -> None:
        self._add(ProgressEvent(frame, name, done, total, at=self.now))

    def retry(self, name: str, frame: str, attempt: int, delay: float, number: int) -> None:
        self._add(RetryEvent(frame, name, attempt, delay, "it took too long", number, at=self.now))

    def cell(self, number: int, cell: int) -> None:
        self._add(CellEvent(number, cell, at=self.now))

    def close(self, frame: str, number: int) -> None:
        self._add(FrameClosedEvent(frame, number, at=self.now))

    def letter(
        self, number: int, count: int, who: str, to: str, tag: str, why: tuple[str, str, str], xml: str, frame: str = ""
    ) -> None:
        stage, reason, detail = why
        name = f"x/{count}" if count else "none"
        letter = DeadLetter(name, stage, reason, detail, who, to, tag, xml.encode(), frame or None, number)
        self._add(DeadLetterEvent(letter, at=self.now))
        if stage == "route":
            self._add(SendRefusedEvent("", who, to, tag, None, number, reason, detail, at=self.now))

    def folded(self) -> ViewState:
        return fold_all(ViewState(self.name, 0.0), self.events)


def places_in(state: ViewState) -> Places:
    """Where the nodes of a state stand."""
    nodes = [(each.name, each.kind) for each in state.listeners.values()]
    known = [(name, kind) for name, kind in nodes if kind != "port"]
    places = places_of(known, [ends for ends, edge in state.edges.items() if edge.declared])
    return extended(places, nodes)


CAST = [
    Node("planner", "agent", "plans"),
    Node("system.buffer", "system", "collects"),
    Node("researcher", "agent", "finds figures"),
    Node("calculator", "cpu_bound", "computes"),
    Node("critic", "agent", "finds fault"),
    Node("human", "person", "decides"),
]
WAYS = [
    ("planner", "system.buffer"),
    ("planner", "researcher"),
    ("planner", "critic"),
    ("planner", "human"),
    ("system.buffer", "researcher"),
    ("critic", "researcher"),
    ("researcher", "calculator"),
]
QUESTION = "<Question><Text>Battery &amp; heat storage for a calm winter week in Denmark?</Text></Question>"
WRITTEN = "```xml\n" + QUESTION.replace("&amp;", "&") + "\n```"
LOOKUP = "<Lookup><Question>wind &amp; sun, January</Question><MaxSources>3</MaxSources></Lookup>"
CALCULATE = "<Calculate><Expression>744 * 1.1</Expression></Calculate>"
DRAFT = "<Draft><Text>Denmark would need about 1.1 TWh…</Text><Confidence>high</Confidence></Draft>"


def researching() -> Script:
    """The scene of the design: one conversation under way, two that are over."""
    s = Script(CAST, WAYS)
    s.organism("running")
    _peak_load(s)
    _wind_output(s)
    s.at(24.0).thread(3, "created")
    first = s.send(
        3,
        "console",
        "planner",
        "p3",
        "#3",
        QUESTION,
        "inject",
        raw=WRITTEN,
        repairs=("removed a Markdown fence", "escaped & at line 2, column 32"),
    )
    s.take(3, first, "console", "planner", "p3")
    s.cell(3, 7)
    s.at(27.1).state("planner", "waiting", "p3")
    lookup = s.send(3, "planner", "researcher", "r3", "p3", LOOKUP, "call")
    s.take(3, lookup, "planner", "researcher", "r3")
    s.at(33.4).letter(
        3,
        0,
        "researcher",
        "human",
        "Approve",
        ("route", "peers", "researcher may not send to human; its peers: calculator"),
        "<Approve/>",
        "r3",
    )
    s.at(36.2)
    calculate = s.send(3, "researcher", "calculator", "c3", "r3", CALCULATE, "call")
    s.state("researcher", "waiting", "r3")
    s.at(36.4).take(3, calculate, "researcher", "calculator", "c3")
    s.progress("calculator", "c3", 62, 100)
    s.at(40.0)
    s.send(3, "planner", "researcher", "r4", "p3", LOOKUP)
    s.at(41.0).letter(
        3,
        0,
        "planner",
        "critic",
        "Draft",
        ("decode", "schema", "confidence: expected a number from 0 to 1, got 'high' (<Draft> line 1, column 54)"),
        DRAFT,
        "p3",
    )
    return s


def _peak_load(s: Script) -> None:
    s.at(0.5).thread(1, "created")
    count = s.send(
        1, "console", "planner", "p1", "#1", "<Question><Text>Peak load in January?</Text></Question>", "inject"
    )
    s.take(1, count, "console", "planner", "p1")
    s.at(3.6)
    ask = s.send(1, "planner", "researcher", "r1", "p1", LOOKUP)
    s.state("planner", "idle", "p1")
    s.at(3.7).take(1, ask, "planner", "researcher", "r1")
    s.at(10.3).state("researcher", "idle", "r1")
    back = s.send(1, "researcher", "planner", "p1", "#1", "<Finding><Text>5.9 GW</Text></Finding>", "respond")
    s.close("r1", 1)
    s.take(1, back, "researcher", "planner", "p1")
    s.at(12.0).state("planner", "idle", "p1")
    end = s.send(1, "planner", "console", "#1", "", "<Answer><Text>5.9 GW</Text></Answer>", "respond", handed_over=True)
    s.events.append(MessageReceivedEvent("#1", "planner", "console", "Answer", None, 1, number=end, at=12.0))
    s.thread(1, "completed")


def _wind_output(s: Script) -> None:
    s.at(14.0).thread(2, "created")
    count = s.send(
        2, "console", "planner", "p2", "#2", "<Question><Text>Wind output per region</Text></Question>", "inject"
    )
    s.take(2, count, "console", "planner", "p2")
    s.at(15.0)
    ask = s.send(2, "planner", "critic", "k2", "p2", "<Draft><Text>none</Text></Draft>")
    s.state("planner", "idle", "p2")
    s.take(2, ask, "planner", "critic", "k2")
    s.at(15.8)
    s.retry("critic", "k2", 2, 0.4, 2)
    s.at(15.8).state("critic", "waiting", "k2")
    s.at(16.2).state("critic", "processing", "k2")
    s.at(18.0).state("critic", "error", "k2")
    s.letter(2, ask, "planner", "critic", "Draft", ("perform", "timeout", "critic did not end within 3 s"), "<Draft/>")
    s.close("k2", 2)
    s.thread(2, "error", "#2 ended in an error: timeout: The message was not handled in time.")


def hostile() -> Script:
    """Names and texts as an attacker would choose them."""
    s = Script([Node(name, "tool") for name in HOSTILE], [(HOSTILE[0], HOSTILE[1])], name=HOSTILE[0])
    s.organism("running")
    s.thread(1, "created")
    words = "&lt;script>alert(4)&lt;/script> " + "w" * 100_000
    s.send(1, "console", HOSTILE[0], "f", "#1", f"<Say><Text>{words}</Text></Say>", "inject")
    s.letter(1, 0, HOSTILE[0], HOSTILE[2], "Say", ("route", "peers", "\x00 \u202e <b>no</b>"), "\x00<Say/>")
    return s


def crowd(size: int = 50, *, deep: bool = True) -> Script:
    """Many listeners, each asking the next and waiting for its answer, or handing on to it."""
    names = [f"listener{n:02}" for n in range(size)]
    s = Script([Node(name, "agent") for name in names], [*pairwise(names)], name="crowd")
    s.organism("running")
    s.thread(1, "created")
    frame = "#1"
    for who, to in zip(["console", *names], names, strict=False):
        count = s.at(s.now + 0.1).send(1, who, to, f"{to}-f", frame, QUESTION, "inject" if who == "console" else "call")
        s.take(1, count, who, to, f"{to}-f")
        s.state(to, "waiting" if deep else "idle", f"{to}-f")
        frame = f"{to}-f" if deep else frame
    return s


def traffic(listeners: int, turns: int, each: int = 2) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """Give a snapshot of a crowd, deltas with some messages in each, and the snapshot that they lead to.

    Every other message is for one of the ten whose frames are listed. Each is handled until the next turn, so that the
    last of many turns are no more work than the first ones.
    """
    script = crowd(listeners, deep=False)
    state = script.folded()
    places = places_in(state)
    first = last = {**snapshot(state, places, "s1"), "now": round(1000 * script.now)}
    most: tuple[int, int, int] = (len(histories(first)[0]), len(histories(first)[1]), len(histories(first)[2]))
    changes = []
    busy: list[str] = []
    for turn in range(turns):
        known = len(script.events)
        for name in busy:
            script.state(name, "idle", f"{name}-f")
        numbers = [(each * turn + number) // 2 % (listeners if number % 2 else 10) for number in range(each)]
        busy = [f"listener{number:02}" for number in dict.fromkeys(numbers)]
        for name in busy:
            script.at(script.now + 0.1 / each)
            count = script.send(1, name, name, f"{name}-f", "#1", "<Say><Text>x</Text></Say>", "itself")
            script.take(1, count, name, name, f"{name}-f")
        state = fold_all(state, script.events[known:])
        now = {"now": round(1000 * script.now)}
        new = {**snapshot(state, places, "s1", largest=None, most=most), **now}
        changes.append({**(delta(last, new) or {}), **now})
        last = new
    return first, changes, last


def live(script: Script) -> dict[str, Any]:
    """Write a scene down with the details of its messages."""
    state = script.folded()
    written = snapshot(state, places_in(state), "s1")
    details = {
        str(row["key"]): message_detail(state.messages[row["key"]], state) for row in written["messages"]["rows"]
    }
    return {**written, "details": {"messages": details}}


def saved_as(script: Script) -> dict[str, Any]:
    """Write a scene down as it is saved."""
    state = script.folded()
    return saved(state, places_in(state), "saved", {})


def _empty() -> dict[str, Any]:
    return live(Script([Node("greeter", "agent"), Node("shouter")], [("greeter", "shouter")], name="hello"))


def _paused() -> dict[str, Any]:
    script = researching()
    script.organism("paused")
    return live(script)


def _held() -> dict[str, Any]:
    """A breakpoint at the critic, and the message that has met it."""
    script = researching()
    script.at(44.0)._add(BreakpointsEvent((("critic", None), (None, "Lookup")), at=44.0))
    number = script.at(45.0).send(3, "planner", "critic", "k3", "p3", DRAFT)
    what = {"number": number, "key": 1, "element": etree.fromstring(DRAFT), "at": 45.1}
    script._add(MessageHeldEvent("k3", "planner", "critic", "Draft", None, 3, **what))
    return live(script)


def _delta() -> dict[str, Any]:
    """A snapshot, what happened then, and the snapshot after it."""
    script = researching()
    state = script.folded()
    before = snapshot(state, places_in(state), "s1")
    script.at(50.0).state("calculator", "idle", "c3")
    script.letter(3, 0, "calculator", "nobody", "Approve", ("route", "unknown", "No listener 'nobody'"), "<Approve/>")
    state = script.folded()
    after = snapshot(state, places_in(state), "s1")
    return {"before": before, "delta": delta(before, after), "after": after}


SCENES: dict[str, Callable[[], dict[str, Any]]] = {
    "crowd": lambda: snapshot((state := crowd().folded()), places_in(state), "s1"),
    "delta": _delta,
    "empty": _empty,
    "held": _held,
    "hostile": lambda: saved_as(hostile()),
    "paused": _paused,
    "research": lambda: live(researching()),
    "saved": lambda: saved_as(researching()),
}
