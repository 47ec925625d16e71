"""Layer: each message is written once into its frame's history, before its handler runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed
from xpipe_nb.history import Slot
from xpipe_nb.messages import Kind
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["remembered"]


async def remembered(turn: Turn, proceed: Callable[[Turn], Awaitable[Any]]) -> Any:
    """Write the message down; a turn that fails keeps it, marked."""
    frame, send = turn.frame, turn.delivery.send
    reader = codec_of(type(turn.delivery.payload))
    slot = Slot(frame.latest, send.from_id, frame.listener, send.element, reader, send.kind is Kind.ITSELF)
    frame.latest = slot
    try:
        return await proceed(turn)
    except TurnFailed:
        slot.failed = True
        raise
