"""The events about a message, read off its delivery; made only where somebody listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from xpipe_nb.events import MessageEvent, MessageQueuedEvent, MessageSentEvent
from xpipe_nb.messages import Kind

if TYPE_CHECKING:
    from xpipe_nb.messages import Delivery

__all__ = ["events_of_arrival", "message_event"]

Told = TypeVar("Told", bound=MessageEvent)


def message_event(cls: type[Told], delivery: Delivery, **more: Any) -> Told:
    """Make an event about a message that arrives in a frame."""
    send, frame = delivery.send, delivery.frame
    number = frame.conversation.number
    return cls(
        frame.thread_id,
        send.from_id,
        frame.listener,
        send.tag,
        delivery.payload,
        number,
        number=send.number,
        **more,
    )


def events_of_arrival(delivery: Delivery, repairs: tuple[str, ...]) -> list[MessageEvent]:
    """Make the events of a message that has passed all stages; what came from outside nobody here has sent."""
    queued = _queued(delivery, repairs)
    if delivery.send.kind is Kind.INJECT:
        return [queued]
    return [message_event(MessageSentEvent, delivery), queued]


def _queued(delivery: Delivery, repairs: tuple[str, ...]) -> MessageQueuedEvent:
    send, parent = delivery.send, delivery.frame.parent
    text = None if send.raw is None else send.raw.given or send.raw.data
    return message_event(
        MessageQueuedEvent,
        delivery,
        kind=send.kind.value,
        parent_id="" if parent is None else parent.thread_id,
        source_id=send.frame.thread_id,
        handed_over=delivery.listener is None,
        element=send.element,
        raw=text if isinstance(text, bytes | str) else None,
        repairs=repairs,
    )
