"""The organism as a whole: its state, its settings, its breakpoints, its pipeline and where it is written to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xpipe_nb.events.base import PumpEvent

__all__ = ["ORGANISM", "BackendEvent", "BreakpointsEvent", "OrganismStateEvent", "PipelineFailed", "ReloadEvent"]


ORGANISM = "$"
"""The key of `ReloadEvent.changes` for the organism's own settings."""


@dataclass(frozen=True, slots=True)
class OrganismStateEvent(PumpEvent):
    """The organism is now `running`, `paused`, `stopping` or `stopped`."""

    state: str


@dataclass(frozen=True, slots=True)
class BackendEvent(PumpEvent):
    """The shared state is `away` (what is to be written waits), `back`, `refused` (it waits, too) or `corrupt`.

    Args:
        where: The store, without secrets, such as `Redis at 127.0.0.1:6379/0`.
        state: In a word; an entry that was found `corrupt` was left out, and the rest goes on.
        error: What happened, in a sentence for the person; empty for `back`.
        waiting: How many changes wait to be written.
    """

    where: str
    state: str
    error: str = ""
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class BreakpointsEvent(PumpEvent):
    """There are other breakpoints now: `points` has a pair for each, the listener and the payload class."""

    points: tuple[tuple[str | None, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class ReloadEvent(PumpEvent):
    """A new table of listeners, and with it new settings, was taken over, or refused.

    Args:
        success: Whether it was taken over.
        added_listeners: The names that are new.
        removed_listeners: The names that are gone; they stay at work in the frames that are open.
        updated_listeners: The names whose listener is another one now.
        changes: What changed about each of these: setting to old and new value. Under `$`, which is no listener's
            name, the same of the organism's own settings, such as `max_tokens_per_thread` or `limits.max_depth`.
        error: Why it was refused.
        cause: The same as an exception, with its fields.
    """

    success: bool
    added_listeners: list[str] = field(default_factory=list)
    removed_listeners: list[str] = field(default_factory=list)
    updated_listeners: list[str] = field(default_factory=list)
    changes: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    error: str | None = None
    cause: Exception | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PipelineFailed(PumpEvent):
    """A stage broke at one message, or an operator or a second source raised or ended; the pump goes on.

    Args:
        stage: The stage, or the source.
        error: What it did, in words for the person; what was lost by it is a dead letter.
    """

    stage: str
    error: str
