"""What is saved in a file: a snapshot without times, and as many details as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xpipe_nb.listeners import Listener
from xpipe_nb.views.detail import listener_detail, message_detail
from xpipe_nb.views.places import Places
from xpipe_nb.views.snapshot import LARGEST, size_of, snapshot
from xpipe_nb.views.state import ViewState

__all__ = ["saved"]

_LONGEST = 1_000
_NEWEST = 20


def saved(state: ViewState, places: Places, session: str, listeners: Mapping[str, Listener]) -> dict[str, Any]:
    """Write a state down for a page without a kernel.

    Args:
        state: What is known.
        places: Where the nodes stand.
        session: Which start of the organism it belongs to.
        listeners: The listeners, whose contracts are shown on a click.
    """
    written = snapshot(state, places, session, live=False, largest=LARGEST * 3 // 5)
    details: dict[str, dict[str, Any]] = {"listeners": {}, "messages": {}}
    room = LARGEST - size_of({**written, "details": details}) - 1
    for table, key, detail in _details(state, written, listeners):
        room -= size_of({key: detail})
        if room < 0:
            break
        details[table][key] = detail
    return {**written, "details": details}


def _details(
    state: ViewState, written: Mapping[str, Any], listeners: Mapping[str, Listener]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Give contracts first, then the newest messages that are in the snapshot."""
    for name, listener in listeners.items():
        yield "listeners", name, listener_detail(listener, _LONGEST)
    for row in reversed(written["messages"]["rows"][-_NEWEST:]):
        yield "messages", str(row["key"]), message_detail(state.messages[row["key"]], state, _LONGEST)
