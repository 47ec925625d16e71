"""What our magics are called in this kernel: their own names, or with a prefix where others had the names first."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PLAIN", "Called"]


@dataclass(frozen=True, slots=True)
class Called:
    """The names, as a person writes them; every message asks here.

    Args:
        prefix: What stands before each name: empty, or `xp_`.

    Example:
        >>> Called("xp_").inject, Called().organism_cell
        ('%xp_inject', '%%organism')
    """

    prefix: str = ""

    @property
    def inject(self) -> str:
        """`%inject`."""
        return f"%{self.prefix}inject"

    @property
    def inject_cell(self) -> str:
        """`%%inject`."""
        return f"%{self.inject}"

    @property
    def organism(self) -> str:
        """`%organism`."""
        return f"%{self.prefix}organism"

    @property
    def organism_cell(self) -> str:
        """`%%organism`."""
        return f"%{self.organism}"

    @property
    def settle(self) -> str:
        """`%settle`."""
        return f"%{self.prefix}settle"

    @property
    def expect(self) -> str:
        """`%expect`."""
        return f"%{self.prefix}expect"


PLAIN = Called()
"""Our own names."""
