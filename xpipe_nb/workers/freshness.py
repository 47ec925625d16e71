"""When what functions name may have been changed in place, beyond what a look at it can tell."""

from __future__ import annotations

__all__ = ["FRESHNESS", "Freshness"]


class Freshness:
    """Counts the occasions: a cell was executed."""

    def __init__(self) -> None:
        self.generation = 0

    def renew(self) -> None:
        """Have all functions packed anew before they travel again."""
        self.generation += 1


FRESHNESS = Freshness()
"""That of this process: a cell changes what all organisms see."""
