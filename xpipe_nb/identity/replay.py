"""What was seen before: no sealed message is taken twice, and none that is too old to be sure."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush

from xpipe_nb.errors import Rejected
from xpipe_nb.xml import Stamp

__all__ = ["Seen"]

_MOST = 1_000_000
"""How many stamps are remembered; only signers that are trusted can fill it, and then it takes no more."""

_RESOLUTION = 1e-6
"""Seconds by which the time of a stamp may be rounded."""


class Seen:
    """Remembers the stamps of a window of time, and knows of none before its own beginning.

    What was taken before it was made is forgotten (a restart, say), so a message that was sealed earlier than that is
    refused: it may have been taken already. Kerberos does the same for the same reason (RFC 4120, 3.2.3).

    Args:
        clock: Gives the time in seconds since 1970 (UTC).
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since = clock()
        self._stamps: set[tuple[str, str]] = set()
        self._until: list[tuple[float, tuple[str, str]]] = []
        self._lock = threading.Lock()  # organisms in several threads may share an identity

    def take(self, signer: str, stamp: Stamp, window: float) -> None:
        """Take a stamp, once.

        Args:
            signer: The key that signed it; nobody can use up another's ids.
            stamp: The stamp of a message whose signature is right.
            window: How many seconds its time may lie behind or ahead of ours.

        Raises:
            Rejected: Stage `verify`; reason `window` when it is too old or comes from the future, `replay` when it
                was taken before, or may have been.
        """
        now = self._clock()
        if abs(now - stamp.time) > window:
            way = "ago" if now > stamp.time else "from now"
            detail = f"it was sealed {abs(now - stamp.time):,.1f} s {way}; at most {window:g} s are allowed (window)"
            raise Rejected("verify", "window", detail)
        if stamp.time < self._since - _RESOLUTION:
            detail = (
                f"it was sealed before {_shown(self._since)}, when this identity was loaded, and may have been taken"
            )
            raise Rejected("verify", "replay", f"{detail} by then; have it sealed again")
        with self._lock:
            self._forget(now)
            self._remember((signer, stamp.id), stamp.time + window)

    def __len__(self) -> int:
        return len(self._stamps)

    def _forget(self, now: float) -> None:
        """Forget what the window keeps out by itself now."""
        while self._until and self._until[0][0] < now:
            self._stamps.discard(heappop(self._until)[1])

    def _remember(self, key: tuple[str, str], until: float) -> None:
        if key in self._stamps:
            raise Rejected("verify", "replay", f"message {key[1]} was taken already; a message is taken once")
        if len(self._stamps) >= _MOST:
            raise Rejected("verify", "replay", f"{_MOST:,} messages came within the window; no more can be remembered")
        self._stamps.add(key)
        heappush(self._until, (until, key))


def _shown(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
