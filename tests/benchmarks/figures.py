"""A measured figure, its bound, and how a table of them is printed and kept."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["Figure", "load", "save", "table"]


@dataclass(frozen=True)
class Figure:
    """One row of the table.

    Args:
        what: What was measured, for people; a row is found again by it.
        value: The figure; `None` where it could not be measured.
        unit: The unit of the figure.
        ratio: The figure against its floor, or against a peer's; what the bound is about.
        bound: The highest ratio that is allowed; `None` is a row that only informs.
        detail: Every round's figure, or whatever else should be kept.
        note: What else belongs to the row, or why there is no figure.
        guarded: The ratio is of things measured by turns, so that it means the same on another day.
    """

    what: str
    value: float | None
    unit: str
    ratio: float | None = None
    bound: float | None = None
    detail: object = None
    note: str = ""
    guarded: bool = False

    @property
    def is_measured(self) -> bool:
        """Whether there is a figure, and a ratio where there is a bound."""
        numbers = (self.value,) if self.bound is None else (self.value, self.ratio)
        return not any(number is None or math.isnan(number) for number in numbers)

    @property
    def verdict(self) -> str:
        """`holds`, `fails`, `not measured`, or nothing where there is no bound."""
        if not self.is_measured:
            return "not measured"
        if self.bound is None:
            return ""
        return "holds" if self.ratio <= self.bound else "fails"

    @property
    def is_shown(self) -> bool:
        """Whether the bound, if there is one, was seen to hold."""
        return self.bound is None or self.verdict == "holds"


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of aligned columns."""
    rows = [("what", "figure", "ratio", "bound", "", "")]
    rows += [
        (
            figure.what,
            "" if figure.value is None else f"{figure.value:,.1f} {figure.unit}",
            "" if figure.ratio is None else f"{figure.ratio:.2f}",
            "" if figure.bound is None else f"{figure.bound:.3g}",
            figure.verdict,
            figure.note,
        )
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = [
        f"{row[0]:<{widths[0]}}  " + "  ".join(map(str.rjust, row[1:5], widths[1:])) + f"  {row[5]}" for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def save(measured: Mapping[str, Sequence[Figure]], path: Path) -> None:
    """Keep the figures as JSON, by what was measured, with what they were measured on."""
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "processors": str(os.cpu_count()),
        "load": f"{os.getloadavg()[2]:.1f}",  # of the last quarter of an hour
        **{name: version(name) for name in ("xpipe_nb", "aiostream", "lxml")},
    }
    rows = {name: [{**asdict(each), "verdict": each.verdict} for each in figures] for name, figures in measured.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"machine": machine, "measured": rows}, indent=2) + "\n", encoding="utf-8")


def load(path: Path) -> tuple[dict[str, str], dict[str, list[Figure]]]:
    """Give what was kept: the machine, and the figures by what was measured."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    return kept["machine"], {name: [_figure(row) for row in rows] for name, rows in kept["measured"].items()}


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(**{name: value for name, value in row.items() if name != "verdict"})
