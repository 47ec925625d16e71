"""Snapshots: all that a view shows, as JSON that the front end only has to draw.

A live snapshot tells times in milliseconds since the view began. One that is to be saved has no times at all: it
tells the numbers of events instead, so that running a notebook again changes nothing that did not change.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from xpipe_nb.views.asked import asking_frames, asking_listeners, questions_part
from xpipe_nb.views.at_work import workers_part
from xpipe_nb.views.holding import control_rows, held_for
from xpipe_nb.views.places import Places
from xpipe_nb.views.spent import budgets_part
from xpipe_nb.views.state import (
    ConversationNow,
    EdgeNow,
    FrameNow,
    ListenerNow,
    MessageNow,
    Moment,
    ViewState,
)

__all__ = [
    "LARGEST",
    "MOST",
    "PROTOCOL",
    "Clock",
    "busy_frames",
    "clock_of",
    "frame_row",
    "histories",
    "size_of",
    "snapshot",
]

PROTOCOL = 2
LARGEST = 30_000
"""Bytes that a snapshot may take as JSON."""

Clock = Callable[[Moment | None], int | None]
"""What tells a moment to the front end."""

MOST = (30, 80, 80)
"""How many conversations, frames and messages a snapshot tells of, where there is room."""

FEWEST = 10
"""How many of each it tells of in any case: a graph of hundreds of listeners alone takes more than there is room for."""


def snapshot(
    state: ViewState,
    places: Places,
    session: str,
    *,
    live: bool = True,
    waiting: int = 0,
    largest: int | None = LARGEST,
    most: tuple[int, int, int] = MOST,
) -> dict[str, Any]:
    """Write a state down, with as much of its history as there is room for.

    Args:
        state: What is known.
        places: Where the nodes stand; it has a place for every listener of the state.
        session: Which start of the organism it belongs to.
        live: Whether times are told.
        waiting: How many messages have not been looked at yet, because no handler could start.
        largest: Bytes that it may take as JSON; `None` measures nothing, for somebody who knows `most` from before.
        most: How many conversations, frames and messages are told of.
    """
    written = _written(state, places, session, live, waiting, most)
    if largest is None:
        return written
    over = size_of(written) - largest
    while over > 0 and any(len(table) > FEWEST for table in histories(written)):
        history = sum(map(size_of, histories(written)))
        share = max(0.0, 0.97 - over / history)
        for table in histories(written):
            del table[: max(0, len(table) - max(FEWEST, int(len(table) * share)))]
        over = size_of(written) - largest
    return written


def histories(written: Mapping[str, Any]) -> tuple[list[Any], list[Any], list[Any]]:
    """Give the lists that grow with time, each with the newest at its end."""
    threads = written["threads"]
    return threads["conversations"], threads["frames"], written["messages"]["rows"]


def size_of(written: Any) -> int:
    """Give the bytes that something takes as JSON."""
    return len(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def clock_of(state: ViewState, *, live: bool) -> Clock:
    """Give what tells moments: milliseconds since the view began, or the numbers of events."""

    def tell(moment: Moment | None) -> int | None:
        if moment is None:
            return None
        return round((moment.at - state.origin) * 1000) if live else moment.step

    return tell


def _written(
    state: ViewState, places: Places, session: str, live: bool, waiting: int, most: tuple[int, int, int]
) -> dict[str, Any]:
    tell, busy = clock_of(state, live=live), busy_frames(state)
    rows, waits = _newest(state, most[1]), _waiting(state, busy)
    asks, asking = asking_listeners(state), asking_frames(state)
    held = held_for(state) if live else Counter[str]()
    questions = questions_part(state, tell)
    asked = [each["conversation"] for each in questions["questions"]]
    return {
        "protocol": PROTOCOL,
        "session": session,
        "seq": state.step,
        "live": live,
        "organism": _organism(state, waiting) | (control_rows(state) if live else {}),
        "graph": {
            "width": places.width,
            "height": places.height,
            "nodes": [
                _node(each, waits[each.name], asks.get(each.name, 0), held[each.name], places, tell, live=live)
                for each in state.listeners.values()
            ],
            "edges": [_edge(each, places) for each in state.edges.values() if _is_drawn(each, state)],
        },
        "threads": {
            "total": state.opened,
            "conversations": [_conversation(each, tell, live=live) for each in _recent(state, most[0])],
            "frames": [frame_row(each, state, tell, busy, asks=each.key in asking) for each in rows],
        },
        "messages": {
            "total": state.last_key,
            "rows": [_message(each, tell, asks=each.frame in asking) for each in _last(state.messages, most[2])],
        },
        "budgets": budgets_part(state, most[0], asked),
        "questions": questions,
        "workers": workers_part(state, live=live),
    }


def _last(table: Mapping[Any, Any], count: int) -> list[Any]:
    return list(table.values())[-count:] if count else []


def _recent(state: ViewState, count: int) -> list[ConversationNow]:
    return _last(dict(sorted(state.conversations.items())), count)


def _newest(state: ViewState, count: int) -> list[FrameNow]:
    """Give the frames of the newest conversations, in the order in which they were opened."""
    kept: list[FrameNow] = []
    by_number: dict[int, list[FrameNow]] = {}
    for frame in state.frames.values():
        by_number.setdefault(frame.conversation, []).append(frame)
    for number in sorted(by_number, reverse=True):
        kept += by_number[number][: count - len(kept)]
        if len(kept) >= count:
            break
    return sorted(kept, key=lambda frame: frame.key)


def _organism(state: ViewState, waiting: int) -> dict[str, Any]:
    running = sum(each.running for each in state.listeners.values())
    queued = sum(each.queue for each in state.listeners.values()) + waiting
    calling = sum(each.calling for each in state.listeners.values())
    return {
        "name": state.name,
        "state": state.state,
        "generation": state.generation,
        "flying": running + calling + queued,
        "queued": queued,
        "running": running,
        "active": state.active,
        "dead": state.dead,
        "refused": state.refused,
        "settled": state.settled,
    }


# ---- graph


def busy_frames(state: ViewState) -> set[int]:
    """Give the keys of the frames in which, or below which, something is under way."""
    by_key = {frame.key: frame for frame in state.frames.values()}
    threads = [under.thread_id for tickets in state.under_way.values() for under in tickets]
    busy: set[int] = set()
    for thread_id in (*threads, *state.turns):
        frame = state.frames.get(thread_id)
        while frame is not None and frame.key not in busy:
            busy.add(frame.key)
            frame = by_key.get(frame.parent)
    return busy


def _waiting(state: ViewState, busy: set[int]) -> Counter[str]:
    """Count for each listener its frames that wait for something below them; those in a call are counted apart."""
    return Counter(
        frame.listener
        for thread_id, frame in state.frames.items()
        if frame.key in busy and frame.closed is None and thread_id not in state.turns
    )


def _node(
    each: ListenerNow, waiting: int, asks: int, held: int, places: Places, tell: Clock, *, live: bool
) -> dict[str, Any]:
    place = places.nodes[each.name]
    row = {
        "key": each.name,
        "kind": each.kind,
        "x": place.x,
        "y": place.y,
        "w": place.w,
        "h": place.h,
        "state": "asking" if asks else "held" if held else _word(each, waiting),
        "running": each.running,
        "waiting": waiting + each.calling,
        "queue": each.queue,
        "handled": each.handled,
        "errors": each.errors,
        "refused": each.refused,
    }
    if asks:
        row["asks"] = asks
    if held:
        row["held"] = held
    if live and each.took:
        row["median"] = round(1000 * median(each.took))
    if live and each.retry is not None:
        row["retry"] = tell(each.retry)
    return {**row, "gone": True} if each.gone else row


def _word(each: ListenerNow, waiting: int) -> str:
    if each.running:
        return "processing"
    if each.failing or each.retry is not None:
        return "error"
    return "waiting" if waiting or each.calling or each.queue else "idle"


def _is_drawn(each: EdgeNow, state: ViewState) -> bool:
    used = each.sent or each.answered or each.refused or each.declared
    return bool(used) and each.source in state.listeners and each.target in state.listeners


def _edge(each: EdgeNow, places: Places) -> dict[str, Any]:
    line = places.line(each.source, each.target)
    why = {"why": each.why} if each.why else {}
    return {
        **why,
        "key": f"{each.source} → {each.target}",
        "from": each.source,
        "to": each.target,
        "declared": each.declared,
        "sent": each.sent,
        "answered": each.answered,
        "refused": each.refused,
        "flying": each.flying,
        "d": line.d,
        "x": line.x,
        "y": line.y,
    }


# ---- threads and messages


def _conversation(each: ConversationNow, tell: Clock, *, live: bool) -> dict[str, Any]:
    row = {
        "key": each.number,
        "state": each.state,
        "from": each.sender,
        "to": each.to,
        "type": each.type,
        "text": each.text,
        "frames": each.frames,
        "open": 0 if each.ended else each.frames - each.closed,
        "messages": each.messages,
        "began": tell(each.began),
        "ended": tell(each.ended),
    }
    if live and each.cell:  # a cell that is run again has another number
        row["cell"] = each.cell
    return {**row, "error": each.error[:200]} if each.error else row


def frame_row(each: FrameNow, state: ViewState, tell: Clock, busy: set[int], *, asks: bool = False) -> dict[str, Any]:
    """Write one frame down."""
    conversation = state.conversations.get(each.conversation)
    over = None if conversation is None else conversation.ended
    row = {
        "key": each.key,
        "conversation": each.conversation,
        "parent": each.parent,
        "depth": each.depth,
        "name": each.listener,
        "type": each.type,
        "state": "asking" if asks and over is None else _frame_word(each, busy, over=over is not None),
        "opened": tell(each.opened),
        "closed": tell(each.closed or over),
        "spans": [[tell(span.begin), tell(span.end)] for span in each.spans],
    }
    if each.attempts:
        row["attempts"] = each.attempts
    if each.tokens:
        row["tokens"] = each.tokens
    if each.error:
        row["error"] = each.error
    if each.total and each.closed is None and each.key in busy:
        row["percent"] = round(100 * each.done / each.total)
    return row


def _frame_word(each: FrameNow, busy: set[int], *, over: bool) -> str:
    if each.error:
        return "error"
    if each.spans and each.spans[-1].end is None:
        return "processing"
    if each.closed is not None or over:
        return "done"
    return "waiting" if each.key in busy else "idle"


def _message(each: MessageNow, tell: Clock, *, asks: bool) -> dict[str, Any]:
    row = {
        "key": each.key,
        "conversation": each.conversation,
        "frame": each.frame,
        "origin": each.origin,
        "from": each.sender,
        "to": each.to,
        "type": each.type,
        "kind": each.kind,
        "bytes": each.size,
        "state": "asking" if asks and each.state == "running" else each.state,
        "queued": tell(each.queued),
        "began": tell(each.began),
        "ended": tell(each.ended),
    }
    if each.reason:
        row["reason"] = each.reason
    if each.letter:
        row["letter"] = True
    if each.repairs:
        row["repaired"] = len(each.repairs)
    return row
