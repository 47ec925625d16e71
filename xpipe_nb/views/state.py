"""What a view knows: records that never change, in tables that `fold` copies before it writes.

Every point in time is kept twice: as the number of the event (which is the same in every run, so that it may be
saved) and in seconds of the monotonic clock (which only a live view shows).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, NamedTuple

from xpipe_nb.events import PumpEvent
from xpipe_nb.views.graph import Node

__all__ = [
    "KEPT_CONVERSATIONS",
    "KEPT_FRAMES",
    "KEPT_MESSAGES",
    "AccountNow",
    "CellEvent",
    "ConversationNow",
    "DeclaredEvent",
    "EdgeNow",
    "FrameNow",
    "HeldNow",
    "LetterEvent",
    "ListenerNow",
    "MessageNow",
    "Moment",
    "QuestionNow",
    "Span",
    "UnderWay",
    "ViewState",
    "WorkerNow",
]

KEPT_MESSAGES = 200
KEPT_CONVERSATIONS = 50
KEPT_FRAMES = 300


@dataclass(frozen=True, slots=True)
class DeclaredEvent(PumpEvent):
    """Who is there now; a view makes it when it opens and after a reload.

    Args:
        nodes: The listeners, in the order of their declaration.
        edges: Who is declared to send to whom.
        generation: How many sets of listeners there were, this one included.
        limit: Tokens that each conversation may spend; `None` for as many as it likes.
    """

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]
    generation: int = 1
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class CellEvent(PumpEvent):
    """A conversation was begun by code of a notebook's cell; the notebook makes it.

    Args:
        conversation: The conversation's number.
        cell: The number that the cell has.
    """

    conversation: int
    cell: int


@dataclass(frozen=True, slots=True)
class LetterEvent(PumpEvent):
    """A person has done with a dead letter in a view; the view makes it.

    Args:
        key: The key of the message that it is the letter of.
        state: What became of it: `resent` or `dismissed`.
    """

    key: int
    state: str


class Moment(NamedTuple):
    """A point in time: the number of the event, and the monotonic clock in seconds."""

    step: int
    at: float


class Span(NamedTuple):
    """The time that one run of a handler took; `end` is `None` while it runs."""

    begin: Moment
    end: Moment | None = None


class ListenerNow(NamedTuple):
    """One node: what it is, and how much it has to do; `calling` counts handlers that wait for an answer.

    `took` are the seconds from the beginning to the end of its latest turns; `retry` is when it is called again after
    a failure.
    """

    name: str
    kind: str
    running: int = 0
    calling: int = 0
    queue: int = 0
    handled: int = 0
    errors: int = 0
    refused: int = 0
    failing: bool = False
    gone: bool = False
    took: tuple[float, ...] = ()
    retry: Moment | None = None


class EdgeNow(NamedTuple):
    """One edge: what went over it; `flying` counts what was sent and is not handled yet.

    `why` says in a few words why a send was refused last.
    """

    source: str
    target: str
    declared: bool = False
    sent: int = 0
    answered: int = 0
    refused: int = 0
    flying: int = 0
    why: str = ""


class ConversationNow(NamedTuple):
    """One conversation: `state` is `running`, `done`, `failed` or `ended`."""

    number: int
    state: str
    began: Moment
    ended: Moment | None = None
    sender: str = ""
    to: str = ""
    type: str = ""
    text: str = ""
    frames: int = 0
    closed: int = 0
    messages: int = 0
    error: str = ""
    cell: int = 0


class FrameNow(NamedTuple):
    """One frame; `parent` is the key of its caller's frame, 0 for one right below the injector.

    `attempts` says how often its handler was called for the last message, if that was more than once; `tokens` are
    those that were spent in it, and in no frame below it.
    """

    key: int
    conversation: int
    parent: int
    depth: int
    listener: str
    type: str
    opened: Moment
    closed: Moment | None = None
    spans: tuple[Span, ...] = ()
    error: str = ""
    done: float = 0.0
    total: float = 0.0
    attempts: int = 0
    tokens: int = 0


class AccountNow(NamedTuple):
    """What one conversation has spent, in tokens; `warned` says that an agent was told of a threshold."""

    number: int
    limit: int | None = None
    used: int = 0
    reserved: int = 0
    warned: bool = False


class QuestionNow(NamedTuple):
    """What a handler asks a person; `needs` is the limit in tokens that would do, if it is about a budget."""

    number: int
    conversation: int
    frame: int
    listener: str
    kind: str
    text: str
    asked: Moment
    needs: int | None = None


class WorkerNow(NamedTuple):
    """One worker process; `key` is its process id, or a far higher number while it starts; `memory` is in megabytes.

    `began` is when its task did, on the monotonic clock; `cpu` is its share of one processor in percent.
    """

    key: int
    state: str
    listener: str = ""
    conversation: int = 0
    began: float | None = None
    timeout: float | None = None
    cpu: int | None = None
    memory: int | None = None
    tasks: int = 0


class MessageNow(NamedTuple):
    """One message; `state` is `queued`, `running`, `done`, `error`, `refused`, `dead`, `resent` or `dismissed`.

    `letter` is the id of its dead letter, if there is one that a person may still send again.
    """

    key: int
    conversation: int
    number: int
    frame: int
    origin: int
    sender: str
    to: str
    type: str
    kind: str
    state: str
    size: int
    queued: Moment
    began: Moment | None = None
    ended: Moment | None = None
    stage: str = ""
    reason: str = ""
    detail: str = ""
    repairs: tuple[str, ...] = ()
    element: Any = None
    raw: bytes | str | None = None
    letter: str = ""


class HeldNow(NamedTuple):
    """One message that is held at a breakpoint; its key is the number of the question that the person is asked."""

    key: int
    conversation: int
    number: int
    sender: str
    to: str
    type: str
    size: int
    since: Moment


class UnderWay(NamedTuple):
    """What is queued or in the hands of a handler; kept apart, so that a bounded list of messages costs no count."""

    key: int
    sender: str
    to: str
    thread_id: str
    counted: bool
    handed_over: bool
    waits: bool = False


@dataclass(slots=True)
class ViewState:
    """All that a view of one organism shows.

    Args:
        name: The organism's name.
        origin: The monotonic clock when the view began; times are told from here.
    """

    name: str
    origin: float = 0.0
    step: int = 0
    state: str = "running"
    generation: int = 1
    sent: int = 0
    dead: int = 0
    refused: int = 0
    settled: int = 0
    opened: int = 0
    active: int = 0
    limit: int | None = None
    tokens: int = 0
    last_key: int = 0
    last_frame: int = 0
    listeners: dict[str, ListenerNow] = field(default_factory=dict)
    edges: dict[tuple[str, str], EdgeNow] = field(default_factory=dict)
    conversations: dict[int, ConversationNow] = field(default_factory=dict)
    frames: dict[str, FrameNow] = field(default_factory=dict)
    messages: dict[int, MessageNow] = field(default_factory=dict)
    accounts: dict[int, AccountNow] = field(default_factory=dict)
    questions: dict[int, QuestionNow] = field(default_factory=dict)
    workers: dict[int, WorkerNow] = field(default_factory=dict)
    under_way: dict[tuple[int, int, str], tuple[UnderWay, ...]] = field(default_factory=dict)
    turns: dict[str, UnderWay] = field(default_factory=dict)
    breakpoints: tuple[tuple[str | None, str | None], ...] = ()
    held: dict[int, HeldNow] = field(default_factory=dict)
    store: str = ""

    def copy(self) -> ViewState:
        """Give a state that can be written without a trace in this one."""
        copies: dict[str, Any] = {name: dict(getattr(self, name)) for name in _TABLES}
        return replace(self, **copies)


_TABLES = tuple(each.name for each in fields(ViewState) if each.default_factory is dict)
