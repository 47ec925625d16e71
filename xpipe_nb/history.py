"""What a frame remembers: one slot for each message that arrived in it."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

if TYPE_CHECKING:
    from lxml.etree import _Element

__all__ = ["Place", "Reader", "Slot", "fail", "trimmed", "written"]


class Reader(Protocol):
    """What makes payload objects of trees; the codec of a class is one."""

    def decode(self, element: _Element, /) -> Any:
        """Make a fresh object."""


class Place(Protocol):
    """The frame that a message arrived in."""

    listener: str

    @property
    def thread_id(self) -> str:
        """The frame's id."""


class _Open:
    """A slot that is being written: to set plain attributes first and freeze them then costs a hop nothing."""

    __slots__ = (
        "_at",
        "_place",
        "_reader",
        "element",
        "failed",
        "from_id",
        "index",
        "is_agent",
        "is_self_call",
        "previous",
    )

    previous: Slot | None
    index: int
    from_id: str
    element: _Element
    is_self_call: bool
    is_agent: bool
    failed: bool
    _place: Place
    _reader: Reader
    _at: float


class Slot(_Open):
    """One message that arrived in a frame, as it was when it arrived; nobody can change it.

    Attributes:
        previous: The slot before it in the frame's history; `None` for the first one that is kept.
        index: Its place in the frame, from 0; the first one that is kept tells how many were dropped.
        from_id: Who sent it.
        element: The payload as a tree; it is never changed.
        is_self_call: The listener sent it to itself.
        is_agent: The listener is an agent.
        failed: The turn that handled it failed.
    """

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a slot of the history cannot be changed ({name})")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a slot of the history cannot be changed ({name})")

    @property
    def payload_type(self) -> str:
        """The name of the payload class."""
        return str(self.element.tag)

    @property
    def payload(self) -> Any:
        """A fresh copy of the payload."""
        return self._reader.decode(self.element)

    @property
    def to_id(self) -> str:
        """Whose frame it is."""
        return self._place.listener

    @property
    def own_name(self) -> str | None:
        """The listener's own name, if it is an agent, as its handler was told."""
        return self._place.listener if self.is_agent else None

    @property
    def thread_id(self) -> str:
        """The id of the frame."""
        return self._place.thread_id

    @property
    def time(self) -> datetime:
        """When it was handed to its listener, in UTC."""
        return datetime.fromtimestamp(self._at, UTC)

    def __repr__(self) -> str:
        return f"Slot({self.index}, {self.from_id} → {self.to_id}, {self.payload_type})"


def written(
    previous: Slot | None,
    place: Place,
    from_id: str,
    element: _Element,
    reader: Reader,
    is_self_call: bool,
    is_agent: bool,
) -> Slot:
    """Write a slot.

    Args:
        previous: The slot before it in the frame's history.
        place: The frame that it arrived in.
        from_id: Who sent it.
        element: The payload as a tree.
        reader: Its `decode` makes the payload object of it.
        is_self_call: The listener sent it to itself.
        is_agent: The listener is an agent.
    """
    slot: Any = _Open()
    slot.previous, slot.index = previous, 0 if previous is None else previous.index + 1
    slot.from_id, slot.element = from_id, element
    slot._place, slot._reader, slot._at = place, reader, time()  # noqa: SLF001 - it becomes ours below
    slot.is_self_call, slot.is_agent, slot.failed = is_self_call, is_agent, False
    slot.__class__ = Slot
    return slot  # type: ignore[no-any-return]


def fail(slot: Slot) -> None:
    """Mark a slot: the turn that handled it failed."""
    object.__setattr__(slot, "failed", True)


def trimmed(kept: deque[Slot] | None, latest: Slot, most: int) -> deque[Slot]:
    """Drop the oldest slots of a history that has become too long.

    Args:
        kept: What the last call for this history gave.
        latest: The newest slot.
        most: How many are kept.

    Returns:
        The slots that are kept, oldest first.
    """
    if kept is not None and kept[-1] is latest.previous:
        kept.append(latest)
    else:
        kept = deque([latest])
        while (before := kept[0].previous) is not None:
            kept.appendleft(before)
    while len(kept) > most:
        kept.popleft()
    object.__setattr__(kept[0], "previous", None)
    return kept
