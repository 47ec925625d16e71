"""What a frame remembers: one slot for each message that arrived in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Reader", "Slot"]


class Reader(Protocol):
    """What makes payload objects of trees; the codec of a class is one."""

    def decode(self, element: _Element, /) -> Any:
        """Make a fresh object."""


class Slot:
    """One message that arrived in a frame, as it was when it arrived.

    Args:
        previous: The slot before it in the frame's history.
        from_id: Who sent it.
        to_id: Whose frame it is.
        element: The payload as a tree; it is never changed.
        reader: Its `decode` makes the payload object of it.
        is_self_call: The listener sent it to itself.
    """

    __slots__ = ("_reader", "element", "failed", "from_id", "index", "is_self_call", "previous", "to_id")

    def __init__(
        self, previous: Slot | None, from_id: str, to_id: str, element: _Element, reader: Reader, is_self_call: bool
    ) -> None:
        self.previous = previous
        self.index: int = 0 if previous is None else previous.index + 1
        self.from_id, self.to_id, self.element = from_id, to_id, element
        self.is_self_call = is_self_call
        self.failed = False
        self._reader = reader

    @property
    def payload_type(self) -> str:
        """The name of the payload class."""
        return str(self.element.tag)

    @property
    def payload(self) -> Any:
        """A fresh copy of the payload."""
        return self._reader.decode(self.element)

    def __repr__(self) -> str:
        return f"Slot({self.index}, {self.from_id} → {self.to_id}, {self.payload_type})"
