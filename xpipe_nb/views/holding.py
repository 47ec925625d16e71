"""Breakpoints in a view: where messages are held, and which ones are."""

from __future__ import annotations

from collections import Counter
from typing import Any

from lxml import etree

from xpipe_nb.events import BreakpointsEvent, MessageHeldEvent, MessageReleasedEvent
from xpipe_nb.views.state import HeldNow, Moment, ViewState

__all__ = ["control_rows", "fold_breakpoints", "fold_held", "fold_released", "held_for"]

_MOST_HELD = 20
"""How many held messages a snapshot tells of, the ones that have waited longest."""


def fold_breakpoints(state: ViewState, event: BreakpointsEvent, _now: Moment) -> None:
    """There are other breakpoints now."""
    state.breakpoints = event.points


def fold_held(state: ViewState, event: MessageHeldEvent, now: Moment) -> None:
    """A message waits for a person."""
    size = len(etree.tostring(event.element)) if etree.iselement(event.element) else 0
    state.held[event.key] = HeldNow(
        event.key, event.conversation, event.number, event.from_id, event.to_id or "", event.payload_type, size, now
    )


def fold_released(state: ViewState, event: MessageReleasedEvent, _now: Moment) -> None:
    """A message waits no more; one that was edited is listed as it is now."""
    state.held.pop(event.key, None)
    waiting = state.under_way.get((event.conversation, event.number, event.to_id or ""), ())
    for under in waiting if event.how == "edited" else ():
        message = state.messages.get(under.key)
        if message is not None and etree.iselement(event.element):
            size = len(etree.tostring(event.element))
            state.messages[under.key] = message._replace(element=event.element, size=size)


def held_for(state: ViewState) -> Counter[str]:
    """Count for each listener how many messages for it are held."""
    return Counter(each.to for each in state.held.values())


def control_rows(state: ViewState) -> dict[str, Any]:
    """Write down what a person can act on: nothing at all where there is nothing."""
    rows: dict[str, Any] = {}
    if state.breakpoints:
        rows["breakpoints"] = [
            {name: word for name, word in (("listener", listener), ("payload", payload)) if word is not None}
            for listener, payload in state.breakpoints
        ]
    if state.held:
        rows["held"] = [_row(each) for each in list(state.held.values())[:_MOST_HELD]]
        rows["holding"] = len(state.held)
    if state.store:
        rows["store"] = state.store
    return rows


def _row(each: HeldNow) -> dict[str, Any]:
    return {
        "key": each.key,
        "conversation": each.conversation,
        "number": each.number,
        "from": each.sender,
        "to": each.to,
        "type": each.type,
        "bytes": each.size,
    }
