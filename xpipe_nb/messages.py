"""What travels through the pump: one type for each certainty gained on the way.

From outside come `Raw` bytes; they become a `Document`, a `Verified` one, an `Envelope`, a `Send`. A handler's replies
start as a `Send`. Routing makes a `Delivery` of it for each receiver. What cannot be delivered ends as a `DeadLetter`.
Records on the path of every message are plain slotted classes, because a frozen dataclass costs a microsecond each.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.names import SYSTEM

if TYPE_CHECKING:
    from contextvars import Context

    from lxml.etree import _Element

__all__ = [
    "CALL",
    "ERROR",
    "FAILURE",
    "FORWARD",
    "INJECT",
    "ITSELF",
    "NOTE",
    "RESPOND",
    "DeadLetter",
    "Delivery",
    "Document",
    "Envelope",
    "HandlerResponse",
    "Kind",
    "Origin",
    "Raw",
    "Send",
    "Verified",
    "send",
]


class HandlerResponse:
    """What a handler returns to send a payload on, or to answer.

    Args:
        payload: An instance of a payload class.
        to: The name of the listener it goes to; left out, it goes to those that accept its class.

    Example:
        >>> HandlerResponse("any payload", to="shouter").to
        'shouter'
    """

    __slots__ = ("is_response", "payload", "to")

    def __init__(self, payload: Any, to: str | None = None) -> None:
        self.payload = payload
        self.to = to
        self.is_response = False

    @classmethod
    def respond(cls, payload: Any) -> HandlerResponse:
        """Answer the caller, whoever it is."""
        response = cls(payload)
        response.is_response = True
        return response

    def __repr__(self) -> str:
        if self.is_response:
            return f"HandlerResponse.respond({self.payload!r})"
        return f"HandlerResponse({self.payload!r}, to={self.to!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HandlerResponse):
            return NotImplemented
        return (self.payload, self.to, self.is_response) == (other.payload, other.to, other.is_response)

    __hash__ = None  # type: ignore[assignment]  # payloads are mutable


send = HandlerResponse
"""Short for `HandlerResponse`: `return send(Greeting("Ann"), to="shouter")`."""


class Kind(Enum):
    """Why a message is under way; this decides in which frame it arrives."""

    INJECT = "inject"
    FORWARD = "forward"
    CALL = "call"
    ITSELF = "itself"
    RESPOND = "respond"
    ERROR = "error"
    FAILURE = "failure"
    NOTE = "note"


INJECT, FORWARD, CALL, ITSELF, RESPOND, ERROR, FAILURE, NOTE = Kind
"""The kinds by their bare names: in Python 3.11 a look at a member of an `Enum` takes 0.1 us, and a hop needs seven."""


_FURTHER = {INJECT: 1, FORWARD: 1, CALL: 1, RESPOND: -1, FAILURE: -1}
"""How many frames further down a message arrives than its sender's; what is not named arrives in the same one."""


class Origin(Protocol):
    """Whoever waits to hear whether an injection was taken."""

    def admitted(self, conversation: Any) -> None:
        """The injection is queued in this conversation."""

    def refused(self, error: Exception) -> None:
        """The injection was refused."""


class Raw:
    """Something from outside: bytes, text or a tree, with the port that it came in by.

    Args:
        data: An envelope or a bare payload.
        port: The name of the injector, such as `console`.
        to: The listener it is for, if the injector named one.
        conversation: The conversation it continues, if the injector named one.
        reference: The thread id that the port gave beside the bytes, if any.
        origin: Who hears of its fate.
        repairs: What was repaired in the text before it came here, in words.
        context: The context in which handlers of a new conversation run.
        trusted: The tree was made from a payload object, so the gate has nothing to find.
        cls: The class of that object.
        vouched: A person at hand has sent it again: it was verified the first time, or has been edited since.
    """

    __slots__ = (
        "admitted", "cls", "context", "conversation", "data", "given", "origin", "port", "reference", "repairs", "to",
        "trusted", "vouched",
    )  # fmt: skip

    def __init__(
        self,
        data: bytes | str | _Element,
        port: str,
        *,
        to: str | None = None,
        conversation: Any = None,
        reference: str | None = None,
        origin: Origin | None = None,
        repairs: tuple[str, ...] = (),
        context: Context | None = None,
        trusted: bool = False,
        cls: type | None = None,
        vouched: bool = False,
    ) -> None:
        self.data, self.port, self.to = data, port, to
        self.conversation, self.reference, self.origin = conversation, reference, origin
        self.repairs, self.context, self.trusted, self.cls = repairs, context, trusted, cls
        self.vouched = vouched
        self.given: bytes | str | None = None  # the text before it was repaired, if it was
        self.admitted = False  # its conversation is open, and its sender knows


class Document:
    """A `Raw` that is one well-formed tree within the gate's limits."""

    __slots__ = ("raw", "root")

    def __init__(self, raw: Raw, root: _Element) -> None:
        self.raw, self.root = raw, root


class Verified(Document):
    """A `Document` whose signature was checked, or that needs none."""

    __slots__ = ()


class Envelope:
    """A `Verified` document taken apart: who says what, to whom, on which thread."""

    __slots__ = ("payloads", "raw", "thread", "to")

    def __init__(self, raw: Raw, payloads: tuple[_Element, ...], to: str | None, thread: str | None) -> None:
        self.raw, self.payloads, self.to, self.thread = raw, payloads, to, thread


class Send:
    """One payload on its way from a frame; its `tag` is the name of the payload class.

    Args:
        kind: Why it is under way.
        frame: The sender's frame; for an error, the frame of its receiver.
        element: The payload as a tree in no namespace.
        to: The name of the receiver, if the sender named one.
        call: The waiting call that it asks for, or that it answers.
        turn: The number of the turn that sent it, 0 for none.
        raw: What it was made of, if it came from outside.
        error: The `SystemError` that it brings, or that its sender failed with; for a note, what the pump says.
        cls: The class that the sender gave, for receivers that have no table entry of their own.
    """

    __slots__ = (
        "call", "cls", "codec", "element", "epoch", "error", "frame", "from_id", "kind", "number", "open", "raw", "refused",
        "tag", "to", "turn", "values",
    )  # fmt: skip

    def __init__(
        self,
        kind: Kind,
        frame: Any,
        element: _Element,
        to: str | None = None,
        call: Any = None,
        turn: int = 0,
        raw: Raw | None = None,
        *,
        error: Any = None,
        cls: type | None = None,
    ) -> None:
        self.kind, self.frame, self.element, self.to = kind, frame, element, to
        self.call, self.turn, self.raw, self.error = call, turn, raw, error
        self.cls = cls
        self.tag: str = element.tag  # kept: lxml makes a new text at every look
        self.from_id: str = frame.listener if error is None or kind is FAILURE else SYSTEM  # as its receiver sees it
        self.epoch: int = frame.epoch
        self.number = 0
        self.codec: Any = None  # what reads the payload, once it has passed its schema
        self.values: tuple[Any, ...] | None = None  # of the fields that were written, if none of them can change
        self.open = 1  # how many of its deliveries are still in the stream
        self.refused = False

    @property
    def depth(self) -> int:
        """How deep the frame stands in which it will arrive, as far as that is known before it is routed."""
        return int(self.frame.depth) + _FURTHER.get(self.kind, 0)

    @property
    def message_id(self) -> str:
        """The id of this message, the same on every redelivery."""
        return f"{self.frame.conversation.id}/{self.number}"


class Delivery:
    """A `Send` for one receiver, in the frame where it arrives.

    Args:
        send: What is delivered.
        frame: The frame of the receiver.
        listener: The receiver; `None` for an injector's mailbox or a waiting call.
    """

    __slots__ = ("dropped", "frame", "gate", "gated", "generation", "listener", "payload", "send")

    def __init__(self, send: Send, frame: Any, listener: Any) -> None:
        self.send, self.frame, self.listener = send, frame, listener
        self.payload: Any = None
        self.generation = 0  # of the table that decoded it
        self.gate: Any = None  # its listener's, once it has come there
        self.gated = False  # it is past that gate, and waits for a place
        self.dropped = False

    @property
    def conversation(self) -> Any:
        """The conversation that it belongs to."""
        return self.frame.conversation

    @property
    def depth(self) -> int:
        """How deep its frame stands."""
        return int(self.frame.depth)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that could not be delivered or handled, with all that is needed to understand it.

    Args:
        message_id: The id of the message; the same on every redelivery.
        stage: The stage of the pipeline that ended it.
        reason: A code that programs can compare.
        detail: The cause in words, for the person; never shown to agents.
        from_id: Who sent it.
        to_id: Who it was for, if that was known.
        payload_type: The name of the payload class, if it was known.
        raw: The message as bytes: as it came from outside, else the payload's canonical XML.
        thread_id: The frame it was under way in, if there was one.
        conversation: The conversation's number, 0 if there was none.
    """

    message_id: str
    stage: str
    reason: str
    detail: str
    from_id: str
    to_id: str | None
    payload_type: str | None
    raw: bytes
    thread_id: str | None = None
    conversation: int = 0

    @property
    def cause(self) -> str:
        """The cause with the listener that it is about, which the detail may leave to be known."""
        about = (self.from_id, self.to_id or self.from_id)
        return self.detail if any(str(name) in self.detail for name in about) else f"{self.from_id}: {self.detail}"

    @property
    def number(self) -> int | None:
        """The message's number in its conversation, as in `#1.2`; `None` for one that never came into a conversation."""
        _, slash, digits = self.message_id.rpartition("/")
        return int(digits) if slash and self.conversation else None

    @property
    def is_written(self) -> bool:
        """It holds a message that can be sent again; of a payload that could not be written there is only its `repr`."""
        return self.reason != "payload" or self.raw.lstrip().startswith(b"<")

    def __str__(self) -> str:
        where = f"#{self.conversation} · " if self.conversation else ""
        way = f"{self.from_id} ▸ {self.to_id or '?'} {self.payload_type or ''}".rstrip()
        return f"{where}{way} · {self.stage}, {self.reason}: {self.detail}"

    def __repr__(self) -> str:
        return f"DeadLetter({self})"
