"""How far a piece of work is, as a line of text: for terminals and files, and beside the bar that a page draws."""

from __future__ import annotations

import math
from dataclasses import dataclass

from xpipe_nb.views.lettering import printable

__all__ = ["Progress", "progress_lines"]

WIDTH = 20
"""How many letters a bar has."""
MOST_LINES = 8
"""How many bars are shown together."""
_LONGEST_TEXT = 60


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is: `done` of `total`, in any unit.

    Args:
        name: What works: a listener, or a function.
        done: How much is done.
        total: How much there is; `None` if nobody knows.
        text: What it is at, in a word or two.

    Example:
        >>> Progress("sieve", 3, 4, "primes up to 30,000").line
        'sieve ███████████████░░░░░  75 % · 3 of 4 · primes up to 30,000'
    """

    name: str
    done: float
    total: float | None = None
    text: str = ""

    @property
    def share(self) -> float | None:
        """The part that is done, from 0 to 1; `None` if that cannot be said."""
        if not _is_number(self.done) or not _is_number(self.total) or not self.total or self.total < 0:
            return None
        return min(1.0, max(0.0, self.done / self.total))

    @property
    def words(self) -> str:
        """What stands beside a bar: `75 % · 3 of 4 · primes`."""
        share = self.share
        text = printable(str(self.text))
        text = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
        count = _written(self.done) if share is None else f"{_written(self.done)} of {_written(self.total)}"
        parts = [count] if share is None else [f"{math.floor(100 * share):3d} %", count]
        return " · ".join([*parts, text] if text else parts)

    @property
    def line(self) -> str:
        """All of it in one line."""
        share = self.share
        if share is None:
            return f"{self.name} {self.words}"
        full = math.floor(WIDTH * share)
        return f"{self.name} {'█' * full}{'░' * (WIDTH - full)} {self.words}"


def progress_lines(every: list[Progress]) -> list[str]:
    """Write several below each other; more than fit are counted."""
    lines = [each.line for each in every[:MOST_LINES]]
    return lines if len(every) <= MOST_LINES else [*lines, f"… and {len(every) - MOST_LINES:,} more"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _written(value: object) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.6g}" if isinstance(value, float) else printable(str(value))
