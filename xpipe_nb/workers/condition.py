"""How a pool of worker processes is as a whole, and how one of them ended, for whoever looks for what is wrong."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xpipe_nb.events import WorkerState

__all__ = ["PoolCondition", "how_it_ended"]


@dataclass(frozen=True, slots=True)
class PoolCondition:
    """How a pool of worker processes is.

    Args:
        size: How many work at once, at most.
        start_method: How they are started: `forkserver` or `spawn`.
        died: How many have ended that nobody had told to: crashed, or killed from outside, by `kill`, or for memory.
        last_failure: What became of the last of these, or why the last one could not be started; empty for no failure.

    Example:
        >>> PoolCondition(2, "forkserver").words([])
        '2 at most, forkserver · none runs · none has died'
    """

    size: int
    start_method: str
    died: int = 0
    last_failure: str = ""

    def words(self, workers: Iterable[WorkerState]) -> str:
        """Say it in a line, with what each of its workers does."""
        states = Counter(worker.state for worker in workers)
        now = ", ".join(f"{count} {state}" for state, count in states.items()) or "none runs"
        died = f"{self.died:,} died" if self.died else "none has died"
        failure = f" · last failure: {self.last_failure}" if self.last_failure else ""
        return f"{self.size} at most, {self.start_method} · {now} · {died}{failure}"


def how_it_ended(status: int | None) -> str:
    """Say how a worker ended, in a clause.

    Args:
        status: Its exit code, or minus the number of its signal; `None` if nobody knows.

    Example:
        >>> how_it_ended(3)
        'ended itself (exit code 3)'
    """
    if status is None:
        return "is gone"
    if status == -getattr(signal, "SIGKILL", 9):
        return "was killed (by hand, or because the machine ran out of memory)"
    if status < 0:
        return f"crashed ({signal.Signals(-status).name})"
    return f"ended itself (exit code {status})"
