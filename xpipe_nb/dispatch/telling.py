"""The events about a message, read off its delivery; made only where somebody listens.

A frozen dataclass pays a call for each of its fields, and one message has forty of them in its events. So these are
written as drafts, whose fields are plainly assigned, and become what they are when all is in.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from xpipe_nb.events import (
    AgentStateEvent,
    MessageEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    MessageSentEvent,
    PumpEvent,
)
from xpipe_nb.messages import INJECT

if TYPE_CHECKING:
    from xpipe_nb.messages import Delivery

__all__ = ["arrived", "message_event", "received", "state_of"]

Told = TypeVar("Told", bound=PumpEvent)
Of = TypeVar("Of", bound=MessageEvent)


def _draft(cls: type[Told]) -> Any:
    """Make the class of the drafts of an event."""
    plain = {"__setattr__": object.__setattr__, "__delattr__": object.__delattr__}  # one without the other is slow
    return type(cls.__name__, (cls,), {"__slots__": (), **plain})


_Sent, _Queued, _Received = _draft(MessageSentEvent), _draft(MessageQueuedEvent), _draft(MessageReceivedEvent)
_State = _draft(AgentStateEvent)
_new = object.__new__


def _about(draft: Any, delivery: Delivery, thread_id: str) -> Any:
    """Fill in what all events about a message say."""
    send, frame = delivery.send, delivery.frame
    draft.at = monotonic()
    draft.thread_id, draft.from_id, draft.to_id = thread_id, send.from_id, frame.listener
    draft.payload_type, draft.payload = send.tag, delivery.payload
    draft.conversation, draft.number = frame.conversation.number, send.number
    return draft


def message_event(cls: type[Of], delivery: Delivery, **more: Any) -> Of:
    """Make any other event about a message that arrives in a frame; those are rare."""
    send, frame = delivery.send, delivery.frame
    return cls(
        frame.thread_id,
        send.from_id,
        frame.listener,
        send.tag,
        delivery.payload,
        frame.conversation.number,
        number=send.number,
        **more,
    )


def received(delivery: Delivery, thread_id: str) -> MessageReceivedEvent:
    """Tell that somebody is handed a message."""
    event = _about(_new(_Received), delivery, thread_id)
    event.__class__ = MessageReceivedEvent
    return event  # type: ignore[no-any-return]


def arrived(delivery: Delivery) -> tuple[MessageEvent, ...]:
    """Tell that a message has passed all stages; what came from outside nobody here has sent."""
    thread_id = delivery.frame.thread_id
    queued = _about(_new(_Queued), delivery, thread_id)
    send, parent = delivery.send, delivery.frame.parent
    queued.kind, queued.element = send.kind._value_, send.element
    queued.parent_id = "" if parent is None else parent.thread_id
    queued.source_id = queued.parent_id if send.frame is parent else send.frame.thread_id
    queued.handed_over = delivery.listener is None
    queued.raw, queued.repairs = None, ()
    if send.raw is not None:
        text = send.raw.given or send.raw.data
        queued.raw, queued.repairs = text if isinstance(text, bytes | str) else None, send.raw.repairs
    queued.__class__ = MessageQueuedEvent
    if send.kind is INJECT:
        return (queued,)
    sent = _about(_new(_Sent), delivery, thread_id)
    sent.__class__ = MessageSentEvent
    return sent, queued


def state_of(agent_name: str, state: str, thread_id: str) -> AgentStateEvent:
    """Tell what a listener does now."""
    event = _new(_State)
    event.at, event.agent_name, event.state, event.thread_id = monotonic(), agent_name, state, thread_id
    event.__class__ = AgentStateEvent
    return event  # type: ignore[no-any-return]
