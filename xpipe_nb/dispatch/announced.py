"""Layer, where somebody listens: observers learn that a listener got a message, works, and is idle again; no ending can forget to say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.telling import received, state_of

if TYPE_CHECKING:
    from xpipe_nb.dispatch.around import Layer, Perform
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["announced"]


def announced(bus: EventBus) -> Layer:
    """Make the layer that publishes what happens to a message."""

    async def layer(proceed: Perform, turn: Turn) -> Any:
        name, thread_id = turn.frame.listener, turn.frame.thread_id
        bus.publish(received(turn.delivery, thread_id), state_of(name, "processing", thread_id))
        state = "error"
        try:
            result = await proceed(turn)
            state = "idle"
            return result
        finally:
            bus.publish(state_of(name, state, thread_id))

    return layer
