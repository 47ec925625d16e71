"""A measured figure, its bound, and how a table of them is printed and kept."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import aiostream
import lxml.etree

import xpipe_nb

__all__ = ["Figure", "save", "table"]


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Args:
        what: What was measured, for people.
        value: The figure.
        unit: The unit of the figure.
        ratio: The figure against its floor; what the bound is about.
        bound: The highest ratio that is allowed; `None` is a row that only informs.
        detail: Every round's figure, or whatever else should be kept.
    """

    what: str
    value: float
    unit: str
    ratio: float | None = None
    bound: float | None = None
    detail: object = None

    @property
    def verdict(self) -> str:
        """`holds`, `fails`, or nothing where there is no bound."""
        if self.bound is None or self.ratio is None:
            return ""
        return "holds" if self.ratio <= self.bound else "fails"


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of aligned columns."""
    rows = [("what", "figure", "ratio", "bound", "")]
    rows += [
        (
            figure.what,
            f"{figure.value:,.1f} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.bound is None else f"{figure.bound:g}",
            figure.verdict,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [f"{row[0]:<{widths[0]}}  " + "  ".join(map(str.rjust, row[1:], widths[1:])) for row in rows]
    return "\n".join(line.rstrip() for line in lines)


def save(figures: Sequence[Figure], path: Path) -> None:
    """Keep the figures as JSON, with what they were measured on."""
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "xpipe_nb": xpipe_nb.__version__,
        "aiostream": aiostream.__version__,
        "lxml": lxml.etree.__version__,
    }
    figures_as_data = [{**asdict(figure), "verdict": figure.verdict} for figure in figures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "figures": figures_as_data}, indent=2) + "\n", encoding="utf-8")
