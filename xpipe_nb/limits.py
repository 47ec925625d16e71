"""How much one conversation, and one organism's memory of the past, may take."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of every conversation, and of what is kept of finished ones.

    Args:
        max_depth: How many call frames may stand under one another; a deeper send is refused with code `hops`.
        max_messages: How many messages one conversation may send; one more ends it with code `hops`.
        max_history: How many messages a frame remembers; the oldest are forgotten first, and an event says so.
        idle_ttl: For how many seconds a finished conversation may be continued; `None` is as long as it is kept.
        max_dead_letters: How many dead letters are kept; the oldest go first, the count goes on.
        max_finished: How many finished conversations the organism remembers.

    Example:
        >>> Limits(max_depth=8).max_messages
        10000
    """

    max_depth: int = 64
    max_messages: int = 10_000
    max_history: int = 10_000
    idle_ttl: float | None = None
    max_dead_letters: int = 10_000
    max_finished: int = 1_000
