"""What waits for a person: the questions that handlers ask, and where they wait."""

from __future__ import annotations

from typing import Any

from xpipe_nb.events import QuestionEvent
from xpipe_nb.views.spent import open_account
from xpipe_nb.views.state import Moment, QuestionNow, ViewState

__all__ = ["asking_frames", "asking_listeners", "fold_question", "questions_part"]

_MOST = 20
"""Questions that a snapshot tells of, the oldest first; the others are counted."""
_LONGEST = 300


def fold_question(state: ViewState, event: QuestionEvent, now: Moment) -> None:
    """A handler asks, asks in other words, or asks no more; a message that is held is told of as such, and no question."""
    if event.kind == "breakpoint":
        return
    if event.state != "asked":
        state.questions.pop(event.number, None)
        return
    known = state.questions.get(event.number)
    frame = state.frames.get(event.thread_id)
    state.questions[event.number] = QuestionNow(
        event.number,
        event.conversation,
        0 if frame is None else frame.key,
        event.agent_name,
        event.kind,
        event.text,
        now if known is None else known.asked,
        event.about if isinstance(event.about, int) else None,
    )
    if event.kind == "budget":
        open_account(state, event.conversation)


def asking_frames(state: ViewState) -> set[int]:
    """Give the keys of the frames whose handlers wait for a person."""
    return {each.frame for each in state.questions.values() if each.frame}


def asking_listeners(state: ViewState) -> dict[str, int]:
    """Count for each listener how many of its handlers wait for a person."""
    counts: dict[str, int] = {}
    for each in state.questions.values():
        counts[each.listener] = counts.get(each.listener, 0) + 1
    return counts


def questions_part(state: ViewState, tell: Any) -> dict[str, Any]:
    """Write the open questions down.

    Args:
        state: What is known.
        tell: Tells moments.
    """
    oldest = sorted(state.questions.items())[:_MOST]
    return {"total": len(state.questions), "questions": [_question(each, tell) for _, each in oldest]}


def _question(each: QuestionNow, tell: Any) -> dict[str, Any]:
    row = {
        "key": each.number,
        "conversation": each.conversation,
        "frame": each.frame,
        "name": each.listener,
        "kind": each.kind,
        "text": each.text[:_LONGEST],
        "asked": tell(each.asked),
    }
    return row if each.needs is None else {**row, "needs": each.needs}
