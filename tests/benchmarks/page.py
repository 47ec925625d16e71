"""The figures in the README: a table of what has a bound, and a picture of the ring beside others, both from one file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from tests.benchmarks import hops
from tests.benchmarks.figures import Figure
from tests.benchmarks.peers.rings import BY_NAME

__all__ = ["PICTURE", "README", "bars", "between_marks", "picture", "section", "write"]

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PICTURE = Path(__file__).parent / "ring.svg"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
"""What stands between these is written by `make bench-keep`."""

TOLD = ("hops", "works", "peers", "lag", "hung", "open", "growth", "memory")
"""What the README tells; how views, magics and frames do is for those who work on them."""

INK, OURS, OTHERS = "#6e7781", "#1a7f8e", "#8c959f"
"""Colours that can be told on white and on black, because a picture does not know on which of them it is shown."""

WIDTH, LEFT, RIGHT, ROW, TOP = 720, 200, 110, 26, 40
"""Of the picture, in pixels: all of it, the names, the numbers, a bar and what is above the first one."""


def write(machine: Mapping[str, str], measured: Mapping[str, Sequence[Figure]]) -> None:
    """Write the picture, and the section of the README.

    Raises:
        KeyError: Something that is to be told was not measured.
    """
    figures = [figure for name in TOLD for figure in measured[name]]
    PICTURE.write_text(picture(bars(figures)), encoding="utf-8")
    README.write_text(between_marks(README.read_text(encoding="utf-8"), section(machine, figures)), encoding="utf-8")


def between_marks(text: str, new: str) -> str:
    """Replace what stands between the marks.

    Raises:
        ValueError: There are no marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"expected {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


# ---- the table


def section(machine: Mapping[str, str], figures: Sequence[Figure]) -> str:
    """The picture and the table, as Markdown."""
    told = [figure for figure in figures if figure.bound is not None or figure.what == hops.FLOOR]
    held = sum(figure.verdict == "holds" for figure in told)
    bounded = sum(figure.bound is not None for figure in told)
    relative = PICTURE.relative_to(ROOT).as_posix()
    system = f"CPython {machine['python']}, {machine['system']} {machine['machine']}"
    busy = f"{machine['processors']} processors with a load of {machine['load']}"
    lines = [
        f"![{alternative(bars(figures))}]({relative})",
        "",
        f"{system}, {busy}; medians of rounds by turns in one process. {held} of {bounded} bounds hold.",
        "",
        "| what | figure | ratio | bound | |",
        "| --- | ---: | ---: | ---: | --- |",
        *(_row(figure) for figure in told),
    ]
    return "\n".join(lines)


def _row(figure: Figure) -> str:
    what = f"{figure.what.strip()} ({figure.note})" if figure.note else figure.what.strip()
    value = "" if figure.value is None else f"{figure.value:,.1f} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    bound = "" if figure.bound is None else f"{figure.bound:.2f}"
    if (
        figure.bound is not None and figure.ratio is not None and figure.ratio == figure.value
    ):  # its bound is one of the figure itself
        ratio, bound = "", f"{figure.bound:g} {figure.unit}"
    cells = (
        re.sub(r"(?<=\d) us\b", " µs", cell).replace("|", "\\|") for cell in (what, value, ratio, bound, figure.verdict)
    )
    return f"| {' | '.join(cells)} |"


# ---- the picture


def bars(figures: Sequence[Figure]) -> list[tuple[str, float | None]]:
    """What a hop costs as a multiple of ours, the cheapest first; `None` is what could not be measured."""
    ratios = {figure.what: figure.ratio for figure in figures}
    quiet, watched = ratios.get(hops.QUIET), ratios.get(hops.WATCHED)
    found: list[tuple[str, float | None]] = [
        ("bare asyncio.Queue", 1 / quiet if quiet else None),
        ("xpipe_nb", 1.0),
        ("xpipe_nb, one subscriber", watched / quiet if quiet and watched else None),
    ]
    for name in BY_NAME:
        ratio = ratios.get(f"hop beside {name}")
        found.append((name, 1 / ratio if ratio else None))
    return sorted(found, key=lambda bar: math.inf if bar[1] is None else bar[1])


def alternative(multiples: Sequence[tuple[str, float | None]]) -> str:
    """The picture in words."""
    told = ", ".join(f"{name} {_times(multiple)}" for name, multiple in multiples)
    return f"What a hop of a ring costs, as a multiple of ours: {told}"


def _times(multiple: float | None) -> str:
    if multiple is None:
        return "not measured"
    return f"{multiple:.2f}" if multiple < 1 else f"{multiple:.1f}"


def picture(multiples: Sequence[tuple[str, float | None]]) -> str:
    """Bars on a logarithmic scale, as SVG."""
    height = TOP + ROW * len(multiples) + 28
    known = [multiple for _, multiple in multiples if multiple is not None]
    low, high = math.floor(math.log10(min(known) * 0.999)), math.ceil(math.log10(max(known)))
    room = WIDTH - LEFT - RIGHT

    def x(multiple: float) -> float:
        return LEFT + room * (math.log10(multiple) - low) / max(1, high - low)

    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    style = f'font-family="system-ui, sans-serif" font-size="13" fill="{INK}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {style}>',
        f"<title>{escape(alternative(multiples))}</title>",
        f'<text x="{LEFT}" y="20" font-weight="600">What a hop costs, as a multiple of ours (less is better)</text>',
        *(_tick(x(10.0**power), 10.0**power, height) for power in range(low, high + 1)),
    ]
    for place, (name, multiple) in enumerate(multiples):
        middle = TOP + ROW * place + ROW / 2
        parts.append(f'<text x="{LEFT - 10}" y="{middle + 4:.0f}" text-anchor="end">{escape(name)}</text>')
        if multiple is None:
            parts.append(f'<text x="{LEFT + 8}" y="{middle + 4:.0f}" font-style="italic">not measured</text>')
            continue
        colour = OURS if name.startswith("xpipe_nb") else OTHERS
        end = x(multiple)
        parts.append(
            f'<rect x="{LEFT}" y="{middle - 9:.0f}" width="{end - LEFT:.1f}" height="18" rx="2" fill="{colour}"/>'
        )
        parts.append(f'<text x="{end + 8:.1f}" y="{middle + 4:.0f}">{_times(multiple)}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _tick(x: float, value: float, height: int) -> str:
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{height - 24}" stroke="{INK}" stroke-opacity="0.3"/>'
        f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" font-size="11">{value:g} ×</text>'
    )
