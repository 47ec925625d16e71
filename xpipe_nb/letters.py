"""The dead letters of one organism: what could not be delivered or handled, and why."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from lxml import etree

from xpipe_nb.messages import DeadLetter, Delivery, Document, Envelope, Kind, Raw, Send, Verified
from xpipe_nb.xml import canonical

if TYPE_CHECKING:
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.errors import Rejected

__all__ = ["DeadLetters", "letter_for", "letter_for_unwritten"]


class DeadLetters(Sequence[DeadLetter]):
    """A bounded list, oldest first.

    Args:
        bound: How many are kept; `total` counts on.

    Example:
        >>> letters = DeadLetters(2)
        >>> len(letters), letters.total
        (0, 0)
    """

    def __init__(self, bound: int) -> None:
        self._letters: deque[DeadLetter] = deque(maxlen=bound)
        self.total = 0

    def keep(self, bound: int) -> None:
        """Keep another number of letters from now on."""
        self._letters = deque(self._letters, maxlen=bound)

    def add(self, letter: DeadLetter) -> None:
        """Keep a letter."""
        self._letters.append(letter)
        self.total += 1

    def __len__(self) -> int:
        return len(self._letters)

    @overload
    def __getitem__(self, index: int) -> DeadLetter: ...
    @overload
    def __getitem__(self, index: slice) -> list[DeadLetter]: ...
    def __getitem__(self, index: int | slice) -> DeadLetter | list[DeadLetter]:
        return list(self._letters)[index] if isinstance(index, slice) else self._letters[index]

    def __repr__(self) -> str:
        return "\n".join(map(str, self._letters)) or "no dead letters"


def letter_for(item: Any, rejection: Rejected) -> DeadLetter:
    """Write the dead letter of an item that was refused, whatever it had become by then."""
    if isinstance(item, Delivery):
        to = item.listener.name if item.listener else item.frame.listener
        return _letter_for_send(item.send, rejection, to)
    if isinstance(item, Send):
        to = item.frame.caller if item.kind is Kind.RESPOND else item.to
        return _letter_for_send(item, rejection, to)
    raw, to, tag = _outside(item)
    return DeadLetter(
        str(uuid.uuid4()), rejection.stage, rejection.reason, rejection.detail, raw.port, to, tag, as_bytes(raw.data)
    )


def _letter_for_send(send: Send, rejection: Rejected, to: str | None) -> DeadLetter:
    raw = as_bytes(send.raw.data) if send.raw is not None else canonical(send.element)
    conversation = send.frame.conversation
    return DeadLetter(
        send.message_id if conversation.number else str(uuid.uuid4()),
        rejection.stage,
        rejection.reason,
        rejection.detail,
        send.from_id,
        to,
        send.tag,
        raw,
        send.frame.thread_id,
        conversation.number,
    )


def letter_for_unwritten(turn: Turn, payload: Any, to: str | None, rejection: Rejected) -> DeadLetter:
    """Write the dead letter of what a handler gave, but what could not become a message."""
    frame = turn.frame
    frame.conversation.numbered += 1
    return DeadLetter(
        f"{frame.conversation.id}/{frame.conversation.numbered}",
        rejection.stage,
        rejection.reason,
        rejection.detail,
        frame.listener,
        to,
        type(payload).__name__,
        as_bytes(payload),
        frame.thread_id,
        frame.conversation.number,
    )


def _outside(item: Raw | Document | Verified | Envelope) -> tuple[Raw, str | None, str | None]:
    if isinstance(item, Raw):
        return item, item.to, None
    if isinstance(item, Envelope):
        return item.raw, item.to, str(item.payloads[0].tag)
    return item.raw, item.raw.to, None


def as_bytes(data: Any) -> bytes:
    """Give what was injected as the bytes to be kept."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode("utf-8", "surrogatepass")
    if etree.iselement(data):
        return etree.tostring(data, encoding="utf-8")
    try:
        return repr(data).encode("utf-8", "backslashreplace")
    except Exception:  # noqa: BLE001 - it is the person's own `__repr__`
        return f"<a {type(data).__name__} that cannot be shown>".encode()
