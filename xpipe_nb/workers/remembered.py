"""The history of a frame by value: what `meta.history` gives in a worker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xpipe_nb.history import Slot

__all__ = ["SlotByValue", "remembered_slots"]


@dataclass(frozen=True)
class SlotByValue:
    """One message that arrived in a frame, with the fields of a `Slot`."""

    index: int
    from_id: str
    to_id: str
    thread_id: str
    time: datetime
    payload: Any
    payload_type: str
    own_name: str | None
    is_self_call: bool
    is_agent: bool
    failed: bool
    previous: SlotByValue | None = None

    @property
    def element(self) -> _Element:
        """The payload as a tree."""
        from xpipe_nb.payloads import codec_of

        return codec_of(type(self.payload)).encode(self.payload)


def remembered_slots(slots: Iterable[Slot]) -> list[SlotByValue]:
    """Take slots apart, so that they can travel."""
    found: list[SlotByValue] = []
    names = [name for name in SlotByValue.__dataclass_fields__ if name != "previous"]
    for slot in slots:
        made = SlotByValue(**{name: getattr(slot, name) for name in names})
        found.append(replace(made, previous=found[-1] if found else None))
    return found
