"""Shared state in a view: that its store is away, for as long as it is."""

from __future__ import annotations

from xpipe_nb.events import BackendEvent
from xpipe_nb.views.state import Moment, ViewState

__all__ = ["fold_backend"]


def fold_backend(state: ViewState, event: BackendEvent, _now: Moment) -> None:
    """The store of the shared state went away, refuses us, or is back."""
    if event.state == "back":
        state.store = ""
    elif event.state in ("away", "refused"):
        after = "is back" if event.state == "away" else "takes us"
        state.store = f"{event.error.rstrip('.')}. What happens meanwhile is written once {event.where} {after}."
