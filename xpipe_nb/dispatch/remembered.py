"""Layer: each message is written once into its frame's history, before its handler runs."""

from __future__ import annotations

import logging
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.dispatch.turn import TurnFailed
from xpipe_nb.events import HistoryCutEvent
from xpipe_nb.history import fail, trimmed, written
from xpipe_nb.messages import ITSELF
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xpipe_nb.dispatch.around import Layer, Perform
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.frames import Frame
    from xpipe_nb.history import Slot
    from xpipe_nb.limits import Limits
    from xpipe_nb.stores.mirror import Mirror

__all__ = ["remembered"]

log = logging.getLogger(__name__)


class Bounded(Protocol):
    """Whatever holds the limits that count now, and what writes into a shared state, where there is one."""

    limits: Limits
    mirror: Mirror | None


class _AsItIs:
    """Reads what a generic listener got: the element itself."""

    def decode(self, element: _Element, /) -> _Element:
        return deepcopy(element)


_AS_IT_IS = _AsItIs()


def remembered(bounded: Bounded, bus: EventBus) -> Layer:
    """Make the layer that writes messages down; a turn that fails keeps its own, marked.

    Args:
        bounded: Holds the limits: how many slots a frame keeps.
        bus: Where it is told that a frame has begun to forget.
    """

    async def layer(proceed: Perform, turn: Turn) -> Any:
        frame, send, listener = turn.frame, turn.delivery.send, turn.listener
        reader = _AS_IT_IS if listener.generic else send.codec or codec_of(type(turn.delivery.payload))
        is_self_call = send.kind is ITSELF
        slot = written(frame.latest, frame, send.from_id, send.element, reader, is_self_call, listener.agent)
        frame.latest = slot
        if slot.index >= bounded.limits.max_history:
            _forget(frame, slot, bounded.limits.max_history, bus)
        mirror = bounded.mirror
        if mirror is not None:
            mirror.wrote(frame, slot)
        if frame.todos is not None:
            frame.todos.arrived(send.tag, send.from_id)
        try:
            return await proceed(turn)
        except TurnFailed:
            fail(slot)
            if bounded.mirror is not None:
                bounded.mirror.wrote(frame, slot)
            raise

    return layer


def _forget(frame: Frame, slot: Slot, most: int, bus: EventBus) -> None:
    """Drop the oldest slots of a frame; say so once, after that the index of the first one that is left counts them."""
    is_first = frame.kept is None
    frame.kept = trimmed(frame.kept, slot, most)
    if is_first:
        number = frame.conversation.number
        log.info("%s has got more than %d messages in #%d and forgets the oldest", frame.listener, most, number)
        if bus.heard:
            bus.publish(HistoryCutEvent(frame.thread_id, frame.listener, most, number))
