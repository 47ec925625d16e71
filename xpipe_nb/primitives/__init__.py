"""What the pump's own listeners take and give: `from xpipe_nb.primitives import SequenceStart`.

Each of these listeners is one small file here; `table.py` is the list of them.
"""

from __future__ import annotations

from xpipe_nb.payloads import DeliveryError, SystemError  # noqa: A004 - its name on the wire
from xpipe_nb.payloads.primitives import (
    Boot,
    BudgetWarning,
    BufferComplete,
    BufferDispatched,
    BufferError,  # noqa: A004 - the reference's name
    BufferStart,
    SequenceComplete,
    SequenceError,
    SequenceRequest,
    SequenceStart,
    TodoClosed,
    TodoComplete,
    TodoRegistered,
    TodoUntil,
)

__all__ = [
    "Boot",
    "BudgetWarning",
    "BufferComplete",
    "BufferDispatched",
    "BufferError",
    "BufferStart",
    "DeliveryError",
    "SequenceComplete",
    "SequenceError",
    "SequenceRequest",
    "SequenceStart",
    "SystemError",
    "TodoClosed",
    "TodoComplete",
    "TodoRegistered",
    "TodoUntil",
]
