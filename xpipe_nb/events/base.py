"""What all events have."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic

__all__ = ["PumpEvent"]


@dataclass(frozen=True, slots=True)
class PumpEvent:
    """Anything that a subscriber can be told; `at` is when it happened, in seconds of the monotonic clock."""

    at: float = field(default_factory=monotonic, kw_only=True, compare=False, repr=False)
