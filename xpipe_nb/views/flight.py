"""One message's way: queued for its listener, in its hands, waiting in a call, over; and the frame it is in.

Each step is booked once in four places: the message, its frame, its listener's counts and the edge it came by.
"""

from __future__ import annotations

from lxml import etree

from xpipe_nb.events import AgentStateEvent, MessageQueuedEvent, MessageReceivedEvent, RetryEvent
from xpipe_nb.names import is_system_name
from xpipe_nb.views.state import (
    KEPT_FRAMES,
    KEPT_MESSAGES,
    EdgeNow,
    FrameNow,
    ListenerNow,
    MessageNow,
    Moment,
    Span,
    UnderWay,
    ViewState,
)

__all__ = [
    "add_message",
    "arrived",
    "begin",
    "end",
    "frame_of",
    "land",
    "listener",
    "pause",
    "receive",
    "rest",
    "resume",
]

_MOST_TIMES = 21
"""How many of its latest turns a listener's median is taken of."""

_MOST_SPANS = 12
_LARGEST_KEPT = 256_000


def frame_of(state: ViewState, event: MessageQueuedEvent, now: Moment) -> FrameNow | None:
    """Give the frame that a message arrives in, opened with it if it is new; the injector's mailbox is none."""
    if not event.parent_id:
        return None
    frame = state.frames.get(event.thread_id)
    if frame is None:
        parent = state.frames.get(event.parent_id)
        key, depth = (0, 0) if parent is None else (parent.key, parent.depth + 1)
        state.last_frame += 1
        number, to = event.conversation, event.to_id or ""
        frame = FrameNow(state.last_frame, number, key, depth, to, event.payload_type, now)
        state.frames[event.thread_id] = frame
        conversation = state.conversations.get(number)
        if conversation is not None:
            state.conversations[number] = conversation._replace(frames=conversation.frames + 1)
        if len(state.frames) > KEPT_FRAMES:
            _forget_frame(state, event.thread_id)
    return frame


def _forget_frame(state: ViewState, newest: str) -> None:
    """Drop the oldest frame that is closed or whose conversation is over; if there is none, the oldest."""
    for thread_id, frame in state.frames.items():
        conversation = state.conversations.get(frame.conversation)
        over = conversation is None or conversation.ended is not None
        if (over or frame.closed is not None) and thread_id != newest:
            del state.frames[thread_id]
            return
    del state.frames[next(iter(state.frames))]


def begin(state: ViewState, event: MessageQueuedEvent, frame: FrameNow | None, now: Moment) -> None:
    """A message waits for its listener, or is about to be handed over."""
    sender, to, kind = event.from_id, event.to_id or "", event.kind
    origin = state.frames.get(event.source_id)
    size = len(etree.tostring(event.element)) if etree.iselement(event.element) else 0
    keep = size <= _LARGEST_KEPT
    message = add_message(
        state,
        MessageNow(
            0,
            event.conversation,
            event.number,
            0 if frame is None else frame.key,
            0 if origin is None else origin.key,
            sender,
            to,
            event.payload_type,
            kind,
            "queued",
            size,
            now,
            repairs=event.repairs,
            element=event.element if keep else None,
            raw=event.raw if keep else None,
        ),
    )
    counted = kind not in ("respond", "error", "note")
    if kind == "inject":
        listener(state, sender, "port")
    if kind == "respond":
        edge = state.edges.get((to, sender), EdgeNow(to, sender))
        state.edges[to, sender] = edge._replace(answered=edge.answered + 1)
    elif counted:
        edge = state.edges.get((sender, to), EdgeNow(sender, to))
        state.edges[sender, to] = edge._replace(sent=edge.sent + 1, flying=edge.flying + 1)
    under = UnderWay(message.key, sender, to, event.thread_id, counted, event.handed_over)
    ticket = (event.conversation, event.number, to)
    state.under_way[ticket] = (*state.under_way.get(ticket, ()), under)
    if not event.handed_over:
        known = listener(state, to)
        state.listeners[to] = known._replace(queue=known.queue + 1)


def add_message(state: ViewState, message: MessageNow) -> MessageNow:
    """Put a message at the end of the list, with a key of its own; the oldest may fall out."""
    state.last_key += 1
    message = message._replace(key=state.last_key)
    state.messages[message.key] = message
    if len(state.messages) > KEPT_MESSAGES:
        del state.messages[next(iter(state.messages))]
    return message


def listener(state: ViewState, name: str, kind: str = "tool") -> ListenerNow:
    """Give a listener's counts; one that was never declared is new."""
    known = state.listeners.get(name)
    if known is None:
        kind = "system" if kind == "tool" and is_system_name(name) else kind
        known = state.listeners[name] = ListenerNow(name, kind)
    return known


def land(state: ViewState, ticket: tuple[int, int, str]) -> UnderWay | None:
    """Take a message from those that are under way in a queue."""
    waiting = state.under_way.get(ticket)
    if not waiting:
        return None
    first, *rest = waiting
    if rest:
        state.under_way[ticket] = tuple(rest)
    else:
        del state.under_way[ticket]
    if not first.handed_over:
        known = state.listeners[first.to]
        state.listeners[first.to] = known._replace(queue=known.queue - 1)
    return first


def arrived(state: ViewState, under: UnderWay) -> None:
    """A message is no longer under way, whatever became of it."""
    edge = state.edges.get((under.sender, under.to))
    if under.counted and edge is not None:
        state.edges[under.sender, under.to] = edge._replace(flying=edge.flying - 1)


def receive(state: ViewState, event: MessageReceivedEvent, now: Moment) -> None:
    """A listener takes a message into its hands; an answer that is handed over is done with that."""
    under = land(state, (event.conversation, event.number, event.to_id or ""))
    if under is None:
        return
    message = state.messages.get(under.key)
    if under.handed_over:
        arrived(state, under)
        if message is not None:
            state.messages[under.key] = message._replace(state="done", ended=now)
        return
    state.turns[under.thread_id] = under
    _count(state, under.to, running=1)
    if message is not None:
        state.messages[under.key] = message._replace(state="running", began=now)


def resume(state: ViewState, event: AgentStateEvent, now: Moment) -> None:
    """A handler begins, or goes on after a call."""
    under = state.turns.get(event.thread_id)
    if under is not None and under.waits:
        state.turns[event.thread_id] = under._replace(waits=False)
        _count(state, under.to, running=1, calling=-1)
        state.listeners[under.to] = state.listeners[under.to]._replace(retry=None)
    frame = state.frames.get(event.thread_id)
    if frame is not None and (not frame.spans or frame.spans[-1].end is not None):
        spans = (*frame.spans, Span(now))[-_MOST_SPANS:]
        state.frames[event.thread_id] = frame._replace(spans=spans)


def rest(state: ViewState, event: RetryEvent, now: Moment) -> None:
    """A handler failed and is called again after a while, in which its turn only waits."""
    frame = state.frames.get(event.thread_id)
    if frame is not None:
        state.frames[event.thread_id] = frame._replace(attempts=event.attempt)
    known = state.listeners.get(event.agent_name)
    if known is not None:
        state.listeners[event.agent_name] = known._replace(retry=Moment(now.step, now.at + event.delay))


def pause(state: ViewState, event: AgentStateEvent, now: Moment) -> None:
    """A handler waits for the answer to a call."""
    under = state.turns.get(event.thread_id)
    if under is not None and not under.waits:
        state.turns[event.thread_id] = under._replace(waits=True)
        _count(state, under.to, running=-1, calling=1)
    _halt(state, event.thread_id, now)


def _halt(state: ViewState, thread_id: str, now: Moment) -> None:
    frame = state.frames.get(thread_id)
    if frame is not None and frame.spans and frame.spans[-1].end is None:
        spans = (*frame.spans[:-1], frame.spans[-1]._replace(end=now))
        state.frames[thread_id] = frame._replace(spans=spans)


def _count(state: ViewState, name: str, *, running: int, calling: int = 0) -> None:
    known = state.listeners[name]
    state.listeners[name] = known._replace(running=known.running + running, calling=known.calling + calling)


def end(state: ViewState, event: AgentStateEvent, now: Moment) -> None:
    """A handler's run is over, well or not; one that was cancelled because its frame closed did nothing wrong."""
    _halt(state, event.thread_id, now)
    frame = state.frames.get(event.thread_id)
    failed = event.state == "error" and not (frame is not None and frame.closed is not None)
    if frame is not None and failed:
        state.frames[event.thread_id] = state.frames[event.thread_id]._replace(error="failed")
    under = state.turns.pop(event.thread_id, None)
    if under is None:
        return
    arrived(state, under)
    _count(state, under.to, running=-1 + under.waits, calling=-under.waits)
    known = state.listeners[under.to]
    message = state.messages.get(under.key)
    took = known.took if message is None or message.began is None else (*known.took, now.at - message.began.at)
    state.listeners[under.to] = known._replace(
        handled=known.handled + 1,
        errors=known.errors + failed,
        failing=failed,
        took=took[-_MOST_TIMES:],
        retry=None,
    )
    if message is not None:
        state.messages[under.key] = message._replace(state="error" if failed else "done", ended=now)
