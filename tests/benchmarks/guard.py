"""What was lost since the ratios of `reference.json`: a row whose ratio rose by more than a fifth, or is no more.

The ratios are of things that are measured by turns in one process, so that they mean the same on another day, as far
as the machine is about as busy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from tests.benchmarks.figures import Figure

__all__ = ["REFERENCE", "Ratios", "keep", "losses", "reference"]

REFERENCE = Path(__file__).parent / "reference.json"
"""The committed ratios."""

LOSS = 1.2
"""How many times its reference a ratio may be."""

Ratios: TypeAlias = dict[str, float]
"""By the names of the rows."""


def keep(measured: Mapping[str, Sequence[Figure]], path: Path = REFERENCE) -> None:
    """Make the ratios of now the reference.

    Args:
        measured: The figures, by what was measured; what was not keeps the ratios that it has.
        path: The file.
    """
    known = reference(path) if path.exists() else {}
    for name, figures in measured.items():
        ratios = {each.what: round(each.ratio, 4) for each in figures if each.guarded and each.ratio is not None}
        if ratios:
            known[name] = ratios
    path.write_text(json.dumps(known, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def reference(path: Path = REFERENCE) -> dict[str, Ratios]:
    """The ratios to compare with, by what was measured."""
    known: dict[str, Ratios] = json.loads(path.read_text(encoding="utf-8"))
    return known


def losses(figures: Sequence[Figure], known: Ratios) -> dict[str, str]:
    """Say what was lost, by the names of the rows.

    Args:
        figures: What was measured now.
        known: The ratios that the same measurement gave before; a row that is new loses nothing.
    """
    now = {figure.what: figure for figure in figures}
    lost = {}
    for what, before in known.items():
        figure = now.get(what)
        if figure is None or figure.ratio is None:
            why = "there is no such row" if figure is None else figure.note
            lost[what] = f"was {before:.3g}, is not measured: {why}"
        elif figure.ratio > LOSS * before:
            more = 100 * (figure.ratio / before - 1)
            lost[what] = f"was {before:.3g}, is {figure.ratio:.3g}, {more:.0f} % more"
    return lost
