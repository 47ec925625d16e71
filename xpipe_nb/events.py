"""What observers may see of a running organism, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xpipe_nb.messages import DeadLetter

__all__ = [
    "ORGANISM",
    "AgentStateEvent",
    "BreakpointsEvent",
    "BudgetEvent",
    "DeadLetterEvent",
    "FrameClosedEvent",
    "HistoryCutEvent",
    "LogEvent",
    "MessageDroppedEvent",
    "MessageHeldEvent",
    "MessageQueuedEvent",
    "MessageReceivedEvent",
    "MessageReleasedEvent",
    "MessageSentEvent",
    "OrganismStateEvent",
    "PipelineFailed",
    "ProgressEvent",
    "PumpEvent",
    "QuestionEvent",
    "ReloadEvent",
    "RetryEvent",
    "SendRefusedEvent",
    "ThoughtEvent",
    "ThreadEvent",
]


ORGANISM = "$"
"""The key of `ReloadEvent.changes` for the organism's own settings."""


@dataclass(frozen=True, slots=True)
class PumpEvent:
    """Anything that a subscriber can be told; `at` is when it happened, in seconds of the monotonic clock."""

    at: float = field(default_factory=monotonic, kw_only=True, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MessageEvent(PumpEvent):
    """Something about one message; `thread_id` is the frame's, `conversation` and `number` count for people."""

    thread_id: str
    from_id: str
    to_id: str | None
    payload_type: str
    payload: Any
    conversation: int = 0
    number: int = field(default=0, kw_only=True)


@dataclass(frozen=True, slots=True)
class MessageQueuedEvent(MessageEvent):
    """A message has passed all stages and waits for its listener; one that nobody has to handle is handed over next.

    Args:
        kind: Why it was sent: `inject`, `forward`, `call`, `itself`, `respond` or `error`.
        parent_id: The frame that called the one it arrives in; empty for an injector's mailbox.
        source_id: The frame that sent it.
        handed_over: A waiting call or the injector gets it; no handler runs for it.
        element: The payload as a tree that nobody changes.
        raw: What came from outside, if it was text, as it came.
        repairs: What was mended in that text, in words.
    """

    kind: str = "forward"
    parent_id: str = ""
    source_id: str = ""
    handed_over: bool = False
    element: Any = field(default=None, compare=False, repr=False)
    raw: bytes | str | None = field(default=None, compare=False, repr=False)
    repairs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageReceivedEvent(MessageEvent):
    """A listener, a waiting call or the injector is handed a message."""


@dataclass(frozen=True, slots=True)
class MessageSentEvent(MessageEvent):
    """A listener has sent a message; `payload` is the tree that is under way."""


@dataclass(frozen=True, slots=True)
class SendRefusedEvent(MessageEvent):
    """A send was refused; the person sees why, the sender gets a generic `SystemError`."""

    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageDroppedEvent(MessageEvent):
    """A message was left out: a stage dropped it, or its receiver does not accept this payload of the system."""


@dataclass(frozen=True, slots=True)
class MessageHeldEvent(MessageEvent):
    """A message is held at a breakpoint, before its handler.

    Args:
        key: The number of the question that the person is asked.
        element: The payload as a tree.
    """

    key: int = 0
    element: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MessageReleasedEvent(MessageEvent):
    """A message is held no more.

    Args:
        key: The number of the question that it was.
        how: `continued`, `edited` (and let go), `dropped`, or `withdrawn`: its frame was closed meanwhile.
        element: The payload as a tree, as it is now.
    """

    key: int = 0
    how: str = "continued"
    element: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BreakpointsEvent(PumpEvent):
    """There are other breakpoints now: `points` has a pair for each, the listener and the payload class."""

    points: tuple[tuple[str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class DeadLetterEvent(PumpEvent):
    """A message has become a dead letter."""

    letter: DeadLetter


@dataclass(frozen=True, slots=True)
class AgentStateEvent(PumpEvent):
    """A listener is now `idle`, `processing`, `waiting` (for a call's answer) or in `error`."""

    agent_name: str
    state: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class ThreadEvent(PumpEvent):
    """A conversation is now `created`, `active`, `completed`, in `error` or `killed`."""

    thread_id: str
    status: str
    participants: tuple[str, ...] = ()
    error: str | None = None
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class FrameClosedEvent(PumpEvent):
    """A frame is closed: its caller has its answer, or gave up."""

    thread_id: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class HistoryCutEvent(PumpEvent):
    """A frame has got more messages than it may remember (`limits.max_history`) and forgets the oldest from now on.

    Told once a frame; after that the index of the first slot in its history counts what was forgotten.

    Args:
        thread_id: The frame.
        agent_name: Whose frame it is.
        kept: How many slots are kept.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    kept: int
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class OrganismStateEvent(PumpEvent):
    """The organism is now `running`, `paused`, `stopping` or `stopped`."""

    state: str


@dataclass(frozen=True, slots=True)
class ReloadEvent(PumpEvent):
    """A new table of listeners, and with it new settings, was taken over, or refused.

    Args:
        success: Whether it was taken over.
        added_listeners: The names that are new.
        removed_listeners: The names that are gone; they stay at work in the frames that are open.
        updated_listeners: The names whose listener is another one now.
        changes: What changed about each of these: setting to old and new value. Under `$`, which is no listener's
            name, the same of the organism's own settings, such as `max_tokens_per_thread` or `limits.max_depth`.
        error: Why it was refused.
        cause: The same as an exception, with its fields.
    """

    success: bool
    added_listeners: list[str] = field(default_factory=list)
    removed_listeners: list[str] = field(default_factory=list)
    updated_listeners: list[str] = field(default_factory=list)
    changes: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    error: str | None = None
    cause: Exception | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ProgressEvent(PumpEvent):
    """A handler tells how far it is: `done` of `total`, in units of its own."""

    thread_id: str
    agent_name: str
    done: float
    total: float | None
    text: str = ""
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class LogEvent(PumpEvent):
    """A handler wrote a line with `meta.log`."""

    thread_id: str
    agent_name: str
    text: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class ThoughtEvent(PumpEvent):
    """The prose around the payloads of a handler that returned text."""

    thread_id: str
    agent_name: str
    text: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class RetryEvent(PumpEvent):
    """A handler failed and will be called again.

    Args:
        thread_id: The frame of the message.
        agent_name: The listener.
        attempt: Which attempt the next one is, from 2.
        delay: Seconds until then.
        error: Why the last one failed, in words for the person.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    attempt: int
    delay: float
    error: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class BudgetEvent(PumpEvent):
    """A conversation's account has changed: tokens were reserved, spent or given back, or there is another limit.

    Args:
        thread_id: The frame that spends; the conversation's for another limit.
        agent_name: Who spends; empty for another limit.
        limit: Tokens that the conversation may spend; `None` for as many as it likes.
        prompt: Tokens that it has read.
        completion: Tokens that it has written.
        reserved: Tokens that are set aside for what is under way.
        crossed: The thresholds in percent that are crossed by this.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    limit: int | None
    prompt: int
    completion: int
    reserved: int
    crossed: tuple[int, ...] = ()
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class QuestionEvent(PumpEvent):
    """A handler waits for a person's decision, or does so no more.

    Args:
        thread_id: The frame of who asks.
        agent_name: Who asks.
        number: Counts the questions of the organism.
        kind: What it is about: `budget` or `breakpoint`.
        text: The question, for the person.
        state: `asked`, `answered` or `withdrawn`.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    number: int
    kind: str
    text: str
    state: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class PipelineFailed(PumpEvent):
    """A stage broke at one message, or an operator or a second source raised or ended; the pump goes on.

    Args:
        stage: The stage, or the source.
        error: What it did, in words for the person; what was lost by it is a dead letter.
    """

    stage: str
    error: str
