"""What becomes of messages that do not arrive: dead letters and refused sends, and the marks they leave."""

from __future__ import annotations

from xpipe_nb.events import DeadLetterEvent, SendRefusedEvent
from xpipe_nb.messages import DeadLetter
from xpipe_nb.views import flight
from xpipe_nb.views.state import EdgeNow, MessageNow, Moment, ViewState

__all__ = ["fold_letter", "fold_refusal"]

_NOT_ALLOWED = {"peers", "unknown", "nobody", "not-accepted", "ambiguous"}
"""Reasons for which a send is refused before anybody could get it; the others make dead letters."""


_WHY = {"peers": "not a peer", "not-accepted": "not accepted", "schema": "not valid", "payload": "not valid"}
"""What stands on an edge for a reason; any other reason stands there itself."""


def fold_letter(state: ViewState, event: DeadLetterEvent, now: Moment) -> None:
    """A message is lost: mark the one it was, or list it as one that never came to be."""
    letter = event.letter
    state.dead += 1
    number = _number(letter)
    under = flight.land(state, (letter.conversation, number, letter.to_id or ""))
    if under is not None:
        flight.arrived(state, under)
    known = _known(state, letter, number)
    if known is None:
        flight.add_message(state, _row(state, letter, now))
        return
    failed = letter.stage == "perform" and letter.reason not in ("closed", "dropped")
    state.messages[known.key] = known._replace(
        state="error" if failed else "dead",
        ended=known.ended or now,
        stage=letter.stage,
        reason=letter.reason,
        detail=letter.detail,
    )
    for thread_id, frame in state.frames.items():
        if frame.key == known.frame and failed:
            state.frames[thread_id] = frame._replace(error=letter.reason)
            return


def fold_refusal(state: ViewState, event: SendRefusedEvent, _now: Moment) -> None:
    """A listener's send was refused; its dead letter came right before."""
    sender, to = event.from_id, event.to_id or ""
    known = flight.listener(state, sender)
    state.listeners[sender] = known._replace(refused=known.refused + 1)
    if to in state.listeners:
        edge = state.edges.get((sender, to), EdgeNow(sender, to))
        state.edges[sender, to] = edge._replace(refused=edge.refused + 1, why=_WHY.get(event.reason, event.reason))
    last = next(reversed(state.messages.values()), None)
    told = (event.from_id, to, event.payload_type, event.reason)
    if event.reason in _NOT_ALLOWED and last is not None and (last.sender, last.to, last.type, last.reason) == told:
        state.refused += 1
        state.messages[last.key] = last._replace(state="refused")


def _number(letter: DeadLetter) -> int:
    """Read the number that a message has in its conversation off its id; -1 for one that never had any."""
    _, slash, digits = letter.message_id.rpartition("/")
    return int(digits) if slash and letter.conversation else -1


def _known(state: ViewState, letter: DeadLetter, number: int) -> MessageNow | None:
    """Find the message that a letter is about, among those that are still listed."""
    what = (letter.conversation, number, letter.from_id, letter.to_id or "", letter.payload_type or "")
    for message in reversed(state.messages.values()):
        if (message.conversation, message.number, message.sender, message.to, message.type) == what:
            return message
    return None


def _row(state: ViewState, letter: DeadLetter, now: Moment) -> MessageNow:
    frame = state.frames.get(letter.thread_id or "")
    return MessageNow(
        0,
        letter.conversation,
        0,
        0,
        0 if frame is None else frame.key,
        letter.from_id,
        letter.to_id or "",
        letter.payload_type or "",
        "forward",
        "dead",
        len(letter.raw),
        now,
        ended=now,
        stage=letter.stage,
        reason=letter.reason,
        detail=letter.detail,
        raw=letter.raw[:256_000],
    )
