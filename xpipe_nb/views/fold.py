"""Reducers: what each event changes in what a view knows. Nothing here waits, draws or looks at a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lxml import etree

from xpipe_nb.events import (
    AgentStateEvent,
    BackendEvent,
    BreakpointsEvent,
    BudgetEvent,
    DeadLetterEvent,
    FrameClosedEvent,
    MessageHeldEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    MessageReleasedEvent,
    OrganismStateEvent,
    ProgressEvent,
    PumpEvent,
    QuestionEvent,
    RetryEvent,
    SendRefusedEvent,
    ThreadEvent,
    WorkersEvent,
)
from xpipe_nb.views import flight
from xpipe_nb.views.asked import fold_question
from xpipe_nb.views.at_work import fold_workers
from xpipe_nb.views.holding import fold_breakpoints, fold_held, fold_released
from xpipe_nb.views.lettering import printable
from xpipe_nb.views.lost import fold_letter, fold_refusal, fold_settled
from xpipe_nb.views.spent import fold_budget, note_warning
from xpipe_nb.views.state import (
    KEPT_CONVERSATIONS,
    CellEvent,
    ConversationNow,
    DeclaredEvent,
    EdgeNow,
    LetterEvent,
    ListenerNow,
    Moment,
    ViewState,
)
from xpipe_nb.views.storing import fold_backend

__all__ = ["fold", "fold_all"]

_LONGEST_TEXT = 80
_NO_STEPS = (BackendEvent, CellEvent, LetterEvent, ProgressEvent, WorkersEvent)
"""They come when somebody looks, or clicks, or as often as there is time for: no step that is saved may depend on that."""


_OVER = {"completed": "done", "error": "failed", "killed": "ended"}


def fold(state: ViewState, event: PumpEvent) -> ViewState:
    """Give what is known after an event; `state` stays as it is."""
    return fold_all(state, (event,))


def fold_all(state: ViewState, events: Iterable[PumpEvent]) -> ViewState:
    """Give what is known after several events; the tables are copied once for all of them."""
    state = state.copy()
    for event in events:
        reducer = _REDUCERS.get(type(event))
        if reducer is not None:
            state.step += type(event) not in _NO_STEPS
            reducer(state, event, Moment(state.step, event.at))
    return state


def _declared(state: ViewState, event: DeclaredEvent, _now: Moment) -> None:
    """Take over who is there; whoever is gone stays as long as it has something to show."""
    state.generation, state.limit = event.generation, event.limit
    if not state.listeners:
        state.listeners["console"] = ListenerNow("console", "port")
    there = {node.name: node.kind for node in event.nodes}
    for name, kind in there.items():
        known = state.listeners.get(name)
        fresh = ListenerNow(name, kind) if known is None else known._replace(kind=kind, gone=False)
        state.listeners[name] = fresh
    for name, listener in list(state.listeners.items()):
        if name not in there and listener.kind not in ("port", "system"):
            state.listeners[name] = listener._replace(gone=True)
    declared = set(event.edges)
    for ends in event.edges:
        state.edges[ends] = state.edges.get(ends, EdgeNow(*ends))._replace(declared=True)
    for ends, edge in list(state.edges.items()):
        if edge.declared and ends not in declared:
            state.edges[ends] = edge._replace(declared=False)


def _organism(state: ViewState, event: OrganismStateEvent, _now: Moment) -> None:
    state.state = event.state


def _thread(state: ViewState, event: ThreadEvent, now: Moment) -> None:
    number = event.conversation
    known = state.conversations.get(number)
    if event.status in _OVER:
        if known is not None and known.ended is None:
            state.active -= 1
            over = known._replace(state=_OVER[event.status], ended=now, error=event.error or "")
            state.conversations[number] = over
        return
    if known is None:
        state.opened += event.status == "created"
        state.active += 1
        state.conversations[number] = ConversationNow(number, "running", now)
        _forget_conversations(state)
    elif known.ended is not None:
        state.active += 1
        state.conversations[number] = known._replace(state="running", ended=None, error="")


def _forget_conversations(state: ViewState) -> None:
    """Keep the list short; open conversations stay, however many there are."""
    for number, each in list(state.conversations.items()):
        if len(state.conversations) <= KEPT_CONVERSATIONS:
            return
        if each.ended is not None:
            del state.conversations[number]


def _queued(state: ViewState, event: MessageQueuedEvent, now: Moment) -> None:
    state.sent += 1
    frame = flight.frame_of(state, event, now)
    conversation = state.conversations.get(event.conversation)
    if conversation is not None:
        if not conversation.type:
            conversation = conversation._replace(
                sender=event.from_id, to=event.to_id or "", type=event.payload_type, text=_words(event.element)
            )
        if not event.handed_over:
            conversation = conversation._replace(messages=conversation.messages + 1)
        state.conversations[event.conversation] = conversation
    note_warning(state, event)
    flight.begin(state, event, frame, now)


def _received(state: ViewState, event: MessageReceivedEvent, now: Moment) -> None:
    flight.receive(state, event, now)


def _agent(state: ViewState, event: AgentStateEvent, now: Moment) -> None:
    if event.state == "processing":
        flight.resume(state, event, now)
    elif event.state == "waiting":
        flight.pause(state, event, now)
    else:
        flight.end(state, event, now)


def _closed(state: ViewState, event: FrameClosedEvent, now: Moment) -> None:
    frame = state.frames.get(event.thread_id)
    if frame is None or frame.closed is not None:
        return
    state.frames[event.thread_id] = frame._replace(closed=now)
    conversation = state.conversations.get(frame.conversation)
    if conversation is not None:
        state.conversations[frame.conversation] = conversation._replace(closed=conversation.closed + 1)


def _cell(state: ViewState, event: CellEvent, _now: Moment) -> None:
    known = state.conversations.get(event.conversation)
    if known is not None:
        state.conversations[event.conversation] = known._replace(cell=event.cell)


def _retry(state: ViewState, event: RetryEvent, now: Moment) -> None:
    flight.rest(state, event, now)


def _progress(state: ViewState, event: ProgressEvent, _now: Moment) -> None:
    frame = state.frames.get(event.thread_id)
    if frame is not None:
        state.frames[event.thread_id] = frame._replace(done=event.done, total=event.total or 0.0)


def _words(element: Any) -> str:
    """Give the beginning of what a payload says."""
    if not etree.iselement(element):
        return ""
    words = ""
    for text in element.itertext():
        words += f" {str(text)[: 2 * _LONGEST_TEXT]}"
        if len(words) > 2 * _LONGEST_TEXT:
            break
    words = printable(words)
    return words if len(words) <= _LONGEST_TEXT else words[: _LONGEST_TEXT - 1] + "…"


_REDUCERS: dict[type, Callable[[ViewState, Any, Moment], None]] = {
    AgentStateEvent: _agent,
    BackendEvent: fold_backend,
    BreakpointsEvent: fold_breakpoints,
    BudgetEvent: fold_budget,
    CellEvent: _cell,
    DeadLetterEvent: fold_letter,
    DeclaredEvent: _declared,
    FrameClosedEvent: _closed,
    LetterEvent: fold_settled,
    MessageHeldEvent: fold_held,
    MessageQueuedEvent: _queued,
    MessageReceivedEvent: _received,
    MessageReleasedEvent: fold_released,
    OrganismStateEvent: _organism,
    ProgressEvent: _progress,
    QuestionEvent: fold_question,
    RetryEvent: _retry,
    SendRefusedEvent: fold_refusal,
    ThreadEvent: _thread,
    WorkersEvent: fold_workers,
}
