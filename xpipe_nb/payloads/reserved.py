"""The tags of the pump's own payloads, which no user's class may bear."""

from __future__ import annotations

__all__ = ["NOTE_TAGS", "RESERVED_TAGS"]

RESERVED_TAGS = frozenset(
    (
        "SystemError",
        "Boot",
        "TodoUntil",
        "TodoComplete",
        "TodoRegistered",
        "TodoClosed",
        "SequenceStart",
        "SequenceRequest",
        "SequenceComplete",
        "SequenceError",
        "BufferStart",
        "BufferDispatched",
        "BufferComplete",
        "BufferError",
        "BudgetWarning",
    )
)
"""The class names of `xpipe_nb.primitives`, and `SystemError`."""

NOTE_TAGS = frozenset(("TodoRegistered", "TodoClosed", "BufferDispatched", "BudgetWarning"))
"""Those of them that a receiver need not accept: they are left out, with an event."""
