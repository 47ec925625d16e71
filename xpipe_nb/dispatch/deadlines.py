"""One shared set of deadlines: looked through every 50 ms, so that a turn pays next to nothing for its own."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["Deadlines"]

RESOLUTION = 0.05
"""Seconds between two looks."""

PATIENCE = 1.0
"""Seconds that a handler has to leave after its time is over; one that swallows its cancellation is then left behind."""


class Deadlines:
    """Cancels the turns whose time is over; at most as many entries as handlers run.

    Args:
        abandon: Is told of a turn that did not leave although it was cancelled again and again.
        now: The clock, in seconds.
    """

    def __init__(self, abandon: Callable[[Turn], None], now: Callable[[], float] = monotonic) -> None:
        self._abandon = abandon
        self._now = now
        self._watched: set[Turn] = set()
        self._expired: dict[Turn, float] = {}
        self._ticking: asyncio.TimerHandle | None = None

    def watch(self, turn: Turn, seconds: float) -> None:
        """Give a turn so many seconds from now."""
        turn.deadline = self._now() + seconds
        self._watched.add(turn)
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(RESOLUTION, self.look)

    def forget(self, turn: Turn) -> None:
        """The turn is over."""
        self._watched.discard(turn)
        if self._expired:
            self._expired.pop(turn, None)

    def pause(self, turn: Turn) -> None:
        """Stop the clock of a turn that waits for somebody else; its deadline now holds what is left."""
        if turn in self._watched:
            self._watched.discard(turn)
            turn.deadline -= self._now()

    def resume(self, turn: Turn) -> None:
        """Let the clock of a paused turn go on."""
        if turn.listener.timeout is not None and not turn.expired:
            self.watch(turn, turn.deadline)

    def expel(self, turn: Turn) -> None:
        """See to it that a turn that was cancelled leaves, or is left behind."""
        self._watched.discard(turn)
        self._expired[turn] = self._now() + PATIENCE
        if self._ticking is None:
            self._ticking = asyncio.get_running_loop().call_later(RESOLUTION, self.look)

    def stop(self) -> None:
        """Look no more."""
        self._watched.clear()
        self._expired.clear()
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    def look(self) -> None:
        """Cancel every turn whose time is over, and leave behind those that would not go."""
        now = self._now()
        for turn in [turn for turn in self._watched if turn.deadline <= now]:
            self._watched.discard(turn)
            turn.expired = True
            self._expired[turn] = now + PATIENCE
        for turn, last in list(self._expired.items()):
            if turn.task is None:
                self._expired.pop(turn, None)
            elif now >= last:
                self._expired.pop(turn)
                self._abandon(turn)
            else:
                turn.task.cancel()
        self._ticking = None
        if self._watched or self._expired:
            self._ticking = asyncio.get_running_loop().call_later(RESOLUTION, self.look)
