"""What stands under a cell and is renewed in place: an organism's view, or the line about a conversation."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle, display

from xpipe_nb.notebook.view import is_attended

__all__ = ["Picture"]

_SOON = 1.0
"""Seconds until what is saved of an organism is as true as what is seen of it."""
_MOST_PLACES = 20
"""How many cells keep a true picture of one organism, the newest ones."""


class Picture:
    """All places where one thing is shown; they are renewed together.

    A person who looks on sees it renewed soon. Where nobody does, what a cell has changed is shown when the cell ends:
    whoever runs a notebook to save it takes no update after that.

    Args:
        bundle: Makes it, as it is now.
        soon: Seconds within which it is renewed, once for all that happens meanwhile.
    """

    def __init__(self, bundle: Callable[[], dict[str, Any]], soon: float = _SOON) -> None:
        self._bundle, self._delay = bundle, soon
        self._places: deque[DisplayHandle] = deque(maxlen=_MOST_PLACES)
        self._shown: dict[str, Any] = {}
        self._soon: asyncio.TimerHandle | None = None
        self.is_due = False

    @property
    def is_shown(self) -> bool:
        """It stands in a place where it can be renewed; a terminal has none."""
        return bool(self._places)

    def show(self) -> None:
        """Put it under the running cell, too."""
        shell: Any = get_ipython()
        bundle = self._bundle()
        place = display(dict(bundle), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        if place is not None and getattr(shell, "kernel", None) is not None:
            if self._places:
                self.is_due = self.is_due or bundle != self._shown  # the other places follow when the cell ends
            else:
                self._shown = bundle
            self._places.append(place)

    def renew(self) -> None:
        """Show the present state wherever it is shown; nothing is sent when nothing has changed.

        Below `%%capture` it waits for the end of the cell: there it would be kept as the cell's own, and shown nowhere.
        """
        self._stop_timer()
        shell: Any = get_ipython()
        if not self._places or shell is None:
            return
        self.is_due = isinstance(shell.display_pub, CapturingDisplayPublisher)
        bundle = self._shown if self.is_due else self._bundle()
        if bundle != self._shown:
            self._shown = bundle
            for place in self._places:
                place.update(dict(bundle), raw=True)  # type: ignore[no-untyped-call]

    def renew_soon(self) -> None:
        """Do that in a moment, or at the end of the cell: a file may be saved at any time."""
        if not is_attended():
            self.is_due = True
        elif self._soon is None and self._places:
            self._soon = asyncio.get_running_loop().call_later(self._delay, self.renew)

    def finish(self) -> None:
        """Show the last state: at once, or where nobody looks on at the end of the cell."""
        if is_attended():
            self.renew()
        else:
            self.is_due = True

    def _stop_timer(self) -> None:
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
