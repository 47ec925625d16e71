"""How often something is sent to the front ends: only what changed, only when they are ready, at most ten times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import thread_time

__all__ = ["Pace"]

SEEN, UNSEEN = 0.1, 1.0
"""Seconds between two drawings: while somebody can see a view, and while nobody can."""

SHARE = 0.025
"""How much of the loop's time drawing may take: hundreds of listeners are drawn less often."""


class Pace:
    """Decides when to draw.

    After each drawing it waits for the acknowledgement of one front end, so that a machine that sleeps has nothing
    waiting for it.

    Args:
        draw: Sends what is new; says whether anything was.
        loop: The loop on which to draw.
    """

    def __init__(self, draw: Callable[[], bool], loop: asyncio.AbstractEventLoop) -> None:
        self._draw, self._loop = draw, loop
        self._fronts: dict[str, bool] = {}
        self._interval = SEEN
        self._cost = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._owed = False
        self._changed = False

    @property
    def watched(self) -> bool:
        """A front end is there."""
        return bool(self._fronts)

    def changed(self) -> None:
        """Something is new: draw it when its time has come."""
        self._changed = True
        if self._timer is None and self._fronts and not self._owed:
            seen = min(UNSEEN, max(self._interval, self._cost / SHARE))
            interval = seen if any(self._fronts.values()) else UNSEEN
            self._timer = self._loop.call_at(max(self._last + interval, self._loop.time()), self._due)

    def _due(self) -> None:
        self._timer = None
        self._last = self._loop.time()
        self._changed = False
        began = thread_time()
        self._owed = self._draw()
        self._cost = thread_time() - began

    def slow_down(self, rate: float) -> None:
        """Draw that many times a second at most, from once to ten times."""
        self._interval = 1 / min(1 / SEEN, max(1 / UNSEEN, rate))

    # ---- what front ends say

    def came(self, front: str) -> None:
        """A front end has opened, and was sent everything."""
        self._fronts.setdefault(front, True)
        self._owed, self._changed = True, False
        self._last = self._loop.time()
        self._stop_timer()

    def seen(self, front: str, seen: bool) -> None:
        """A front end can be seen by somebody, or not; what waited for that is drawn sooner."""
        if front in self._fronts:
            self._fronts[front] = seen
            self._again()

    def acknowledged(self) -> None:
        """A front end has drawn what it was sent."""
        self._owed = False
        if self._changed:
            self.changed()

    def left(self, front: str) -> None:
        """A front end is gone."""
        self._fronts.pop(front, None)
        if not self._fronts:
            self._stop_timer()

    def close(self) -> None:
        """Draw no more."""
        self._fronts.clear()
        self._stop_timer()

    def _again(self) -> None:
        if self._timer is not None:
            self._stop_timer()
            self.changed()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
