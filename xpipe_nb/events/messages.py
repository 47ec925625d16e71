"""One message on its way: queued, handed over, sent, refused, held, dropped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xpipe_nb.events.base import PumpEvent

if TYPE_CHECKING:
    from xpipe_nb.messages import DeadLetter

__all__ = [
    "DeadLetterEvent",
    "MessageDroppedEvent",
    "MessageEvent",
    "MessageHeldEvent",
    "MessageQueuedEvent",
    "MessageReceivedEvent",
    "MessageReleasedEvent",
    "MessageSentEvent",
    "SendRefusedEvent",
]


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
class DeadLetterEvent(PumpEvent):
    """A message has become a dead letter."""

    letter: DeadLetter
