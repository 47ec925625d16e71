"""Budgets below the still picture of a graph: a bar for each conversation, its ticks, and the figures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lxml import etree

from xpipe_nb.budgets import THRESHOLDS
from xpipe_nb.views.lettering import printable, text_width
from xpipe_nb.views.svg import FRAME, GROUND, INK, LINE, MUTED

__all__ = ["Meter", "under"]

_BAR, _USED, _NEAR, _FULL = "#ebebeb", "#5b6b7b", "#b97400", "#b3261e"
_MARGIN, _ROW, _GAP, _SIZE, _HEIGHT = 13.0, 24.0, 12.0, 11.0, 10.0
_LENGTH = 200.0
_STRIPE = 4.0


class Meter(NamedTuple):
    """What is shown of one budget.

    Args:
        name: Whose it is: `#1 done`.
        words: The figures: `18,400 of 50,000 tokens`.
        used: The share of the limit that is spent, from 0; `None` without a limit.
        reserved: The share that is set aside.
    """

    name: str
    words: str
    used: float | None = None
    reserved: float = 0.0


def under(svg: str, meters: Sequence[Meter]) -> str:
    """Put budgets below a picture, with presentation attributes only; without any, the picture stays as it is.

    Args:
        svg: What `Graph.to_svg` gives.
        meters: The budgets, one line each.

    Example:
        >>> from xpipe_nb.views.graph import Graph, Node
        >>> "18,400 of 50,000" in under(Graph((Node("a"),)).to_svg(), [Meter("#1 done", "18,400 of 50,000", 0.37)])
        True
    """
    if not meters:
        return svg
    root = etree.fromstring(svg)
    _, _, width, top = map(float, root.get("viewBox", "0 0 0 0").split())
    names = max(text_width(printable(each.name), _SIZE) for each in meters)
    words = max(text_width(printable(each.words), _SIZE) for each in meters)
    wide = max(width, 2 * _MARGIN + names + words + _LENGTH + 2 * _GAP)
    _enlarge(root, wide, top + _ROW * len(meters) + _MARGIN)
    group = etree.SubElement(root, "g", transform=f"translate({_n(_MARGIN)} {_n(top)})")
    for number, each in enumerate(meters):
        _draw(etree.SubElement(group, "g", transform=f"translate(0 {_n(_ROW * number)})"), each, names)
    return etree.tostring(root, encoding="unicode")


def _enlarge(root: etree._Element, width: float, height: float) -> None:
    """Give the picture and its ground another size."""
    root.set("viewBox", f"0 0 {_n(width)} {_n(height)}")
    ground = next(iter(root))
    for element, less in ((root, 0.0), (ground, 1.0)):
        element.set("width", _n(width - less))
        element.set("height", _n(height - less))
    ground.set("fill", GROUND)
    ground.set("stroke", FRAME)


def _draw(parent: etree._Element, meter: Meter, names: float) -> None:
    _text(parent, printable(meter.name), 0.0, INK)
    left = names + _GAP
    if meter.used is not None:
        _bar(etree.SubElement(parent, "g", transform=f"translate({_n(left)} 2)"), meter.used, meter.reserved)
    _text(parent, printable(meter.words), left + _LENGTH + _GAP, MUTED)


def _bar(parent: etree._Element, used: float, reserved: float) -> None:
    """Solid is used, striped is reserved."""
    near, _, full = THRESHOLDS
    percent = 100 * (used + reserved)
    ink = _USED if percent < near else _NEAR if percent < full else _FULL
    solid = _LENGTH * min(1.0, used)
    etree.SubElement(parent, "rect", width=_n(_LENGTH), height=_n(_HEIGHT), fill=_BAR)
    etree.SubElement(parent, "rect", width=_n(solid), height=_n(_HEIGHT), fill=ink)
    end = min(_LENGTH, solid + _LENGTH * reserved)
    stripes = "".join(f"M{_n(at)},0v{_n(_HEIGHT)}" for at in _steps(solid + _STRIPE / 2, end))
    if stripes:
        etree.SubElement(parent, "path", {"d": stripes, "stroke": ink, "stroke-width": "2"})
    ticks = "".join(f"M{_n(_LENGTH * each / 100)},-3v{_n(_HEIGHT + 6)}" for each in THRESHOLDS)
    etree.SubElement(parent, "path", {"d": ticks, "stroke": LINE})


def _steps(start: float, end: float) -> list[float]:
    return [start + _STRIPE * number for number in range(max(0, int((end - start) / _STRIPE) + 1)) if end > start]


def _text(parent: etree._Element, text: str, x: float, ink: str) -> None:
    attributes = {"x": _n(x), "y": "11", "font-size": _n(_SIZE), "fill": ink}
    etree.SubElement(parent, "text", attributes).text = text


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
