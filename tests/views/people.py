"""Scenes of what a person looks after: budgets nearly or wholly used up, a handler's question, worker processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.views.scenes import LOOKUP, QUESTION, Script, live, researching
from xpipe_nb.events import BudgetEvent, QuestionEvent, WorkersEvent, WorkerState

__all__ = ["PEOPLE", "asking", "spending", "working"]

LIMIT = 50_000


def spend(s: Script, number: int, frame: str, who: str, used: int, reserved: int = 0, limit: int = LIMIT) -> None:
    """An account holds so much now, and it was spent in this frame."""
    s.events.append(BudgetEvent(frame, who, limit, used, 0, reserved, (), number, at=s.now))


def ask(s: Script, number: int, conversation: int, frame: str, who: str, kind: str, text: str, about: Any) -> None:
    """A handler asks a person."""
    s.events.append(QuestionEvent(frame, who, number, kind, text, "asked", conversation, about, at=s.now))


def spending() -> Script:
    """The scene of the design: one budget used up, one near its end, two of conversations that are over."""
    s = researching()
    s.events[0] = type(s.events[0])(s.events[0].nodes, s.events[0].edges, 1, LIMIT, at=0.0)
    spend(s, 1, "p1", "planner", 18_400)
    spend(s, 2, "p2", "planner", 2_100)
    spend(s, 3, "p3", "planner", 12_400)
    spend(s, 3, "r3", "researcher", 33_800)
    s.send(3, "system", "planner", "p3", "#3", "<BudgetWarning><Percent>82</Percent></BudgetWarning>", "note")
    spend(s, 3, "c3", "calculator", 41_200, 4_000)
    s.at(42.0).thread(4, "created")
    begun = s.send(4, "console", "planner", "p4", "#4", QUESTION, "inject")
    s.take(4, begun, "console", "planner", "p4")
    spend(s, 4, "p4", "planner", 30_000)
    lookup = s.at(43.0).send(4, "planner", "researcher", "r5", "p4", LOOKUP, "call")
    s.state("planner", "waiting", "p4")
    s.take(4, lookup, "planner", "researcher", "r5")
    spend(s, 4, "r5", "researcher", 50_000)
    s.state("researcher", "waiting", "r5")
    ask(s, 1, 4, "r5", "researcher", "budget", "researcher needs 6,000 tokens, 0 of 50,000 are left", 56_000)
    return s


def asking() -> Script:
    """Somebody is asked, and something else is under way meanwhile."""
    s = researching()
    approve = s.send(3, "planner", "human", "h3", "p3", "<Approve><Text>Use 2019 prices?</Text></Approve>", "call")
    s.at(42.0).take(3, approve, "planner", "human", "h3")
    s.state("human", "waiting", "h3")
    ask(s, 1, 3, "h3", "human", "approval", "Use 2019 prices?", None)
    return s


def working() -> Script:
    """Four processes: one at work, one that takes long, one that has nothing to do, one that starts."""
    s = researching()
    workers = (
        WorkerState(4172, "busy", "calculator", 3, 3.8, 60.0, 99.4, 212_300_000, 14),
        WorkerState(4173, "busy", "calculator", 3, 54.1, 60.0, 0.2, 1_400_000_000, 9),
        WorkerState(4174, "idle", None, None, None, None, 0.0, 96_000_000, 11),
        WorkerState(0, "starting"),
    )
    s.events.append(WorkersEvent(workers, at=s.now))
    return s


PEOPLE: dict[str, Callable[[], dict[str, Any]]] = {
    "budgets": lambda: live(spending()),
    "questions": lambda: live(asking()),
    "workers": lambda: live(working()),
}
