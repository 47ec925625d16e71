"""What observers may see of a running organism, in the order in which it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xpipe_nb.messages import DeadLetter

__all__ = [
    "AgentStateEvent",
    "DeadLetterEvent",
    "LogEvent",
    "MessageDroppedEvent",
    "MessageReceivedEvent",
    "MessageSentEvent",
    "PipelineFailed",
    "ProgressEvent",
    "PumpEvent",
    "ReloadEvent",
    "SendRefusedEvent",
    "ThoughtEvent",
    "ThreadEvent",
]


@dataclass(frozen=True, slots=True)
class PumpEvent:
    """Anything that a subscriber can be told."""


@dataclass(frozen=True, slots=True)
class MessageEvent(PumpEvent):
    """Something about one message; `thread_id` is the frame's, `conversation` the number people see."""

    thread_id: str
    from_id: str
    to_id: str | None
    payload_type: str
    payload: Any
    conversation: int = 0


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
    """A payload of the system that its receiver does not accept was left out."""


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
class ReloadEvent(PumpEvent):
    """A new table of listeners was taken over, or refused.

    Args:
        success: Whether it was taken over.
        added_listeners: The names that are new.
        removed_listeners: The names that are gone; they stay at work in the frames that are open.
        updated_listeners: The names whose listener is another one now.
        changes: What changed about each of these: setting to old and new value.
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
class PipelineFailed(PumpEvent):
    """The machinery itself failed at one item; the item is a dead letter, the pump goes on."""

    stage: str
    error: str
