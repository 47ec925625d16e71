"""Layer: each message is written once into its frame's history, before its handler runs."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed
from xpipe_nb.history import Slot
from xpipe_nb.messages import Kind
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lxml.etree import _Element

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["remembered"]


class _AsItIs:
    """Reads what a generic listener got: the element itself."""

    def decode(self, element: _Element, /) -> _Element:
        return deepcopy(element)


_AS_IT_IS = _AsItIs()


async def remembered(turn: Turn, proceed: Callable[[Turn], Awaitable[Any]]) -> Any:
    """Write the message down; a turn that fails keeps it, marked."""
    frame, send = turn.frame, turn.delivery.send
    reader = _AS_IT_IS if turn.listener.generic else codec_of(type(turn.delivery.payload))
    slot = Slot(frame.latest, send.from_id, frame.listener, send.element, reader, send.kind is Kind.ITSELF)
    frame.latest = slot
    if frame.todos is not None:
        frame.todos.arrived(send.tag, send.from_id)
    try:
        return await proceed(turn)
    except TurnFailed:
        slot.failed = True
        raise
