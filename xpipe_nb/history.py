"""What a frame remembers: one slot for each message that arrived in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

__all__ = ["Slot"]


class Slot:
    """One message that arrived in a frame, as it was when it arrived.

    Args:
        index: Its place in the frame's history, from 0.
        from_id: Who sent it.
        to_id: Whose frame it is.
        element: The payload as a tree; it is never changed.
        decode: Makes the payload object of it.
        is_self_call: The listener sent it to itself.
    """

    __slots__ = ("_decode", "element", "failed", "from_id", "index", "is_self_call", "to_id")

    def __init__(
        self,
        index: int,
        from_id: str,
        to_id: str,
        element: _Element,
        decode: Callable[[_Element], Any],
        *,
        is_self_call: bool = False,
    ) -> None:
        self.index, self.from_id, self.to_id, self.element = index, from_id, to_id, element
        self.is_self_call = is_self_call
        self.failed = False
        self._decode = decode

    @property
    def payload_type(self) -> str:
        """The name of the payload class."""
        return str(self.element.tag)

    @property
    def payload(self) -> Any:
        """A fresh copy of the payload."""
        return self._decode(self.element)

    def __repr__(self) -> str:
        return f"Slot({self.index}, {self.from_id} → {self.to_id}, {self.payload_type})"
