"""Where nodes and edges of the live graph stand: laid out once, and kept when more of them come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from math import hypot
from typing import Any, NamedTuple

from xpipe_nb.views.layout import Curve, Layout, Point, lay_out
from xpipe_nb.views.lettering import printable, text_width

__all__ = ["Line", "Place", "Places", "below", "connect", "extended", "places_of"]

# The least width holds `error, retry in 3 s` below the name.
_HEIGHT, _LEAST, _MOST, _GAP, _EDGE, _FOOT = 46, 150, 280, 32, 6, 22

_WAYS: tuple[tuple[int, dict[str, Any]], ...] = (
    (880, {"apart": 72, "beside": _GAP}),
    (1000, {"apart": 56, "beside": _GAP}),
    (880, {"apart": 40, "beside": 24, "downward": True}),
)
"""How a graph may be laid out, the best first, and how wide it may be then: a page has some 870 pixels for it.

Between two columns there is room for a label and an arrow.
"""


class Place(NamedTuple):
    """The box of a node, in pixels from the top left."""

    x: int
    y: int
    w: int
    h: int = _HEIGHT


class Line(NamedTuple):
    """The path of an edge in SVG's words, and the point where its label stands."""

    d: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Places:
    """A whole graph's geometry.

    Args:
        width: In pixels.
        height: In pixels.
        nodes: The box of each node by name.
        lines: The lines that the layout drew, by their ends.
    """

    width: int
    height: int
    nodes: Mapping[str, Place]
    lines: Mapping[tuple[str, str], Line]

    def line(self, source: str, target: str) -> Line:
        """Give the line between two nodes, one of our own where the layout drew none."""
        known = self.lines.get((source, target))
        if known is not None:
            return known
        start, end = self.nodes[source], self.nodes[target]
        return below(start, end) if self._is_barred(start, end) else connect(start, end)

    def _is_barred(self, start: Place, end: Place) -> bool:
        """Whether a node stands between two of one row, so that a straight line would go through it."""
        if start.y != end.y:
            return False
        return any(
            box.x > start.x + start.w and box.x + box.w < end.x and box.y == end.y for box in self.nodes.values()
        )


def places_of(nodes: Sequence[tuple[str, str]], edges: Iterable[tuple[str, str]], port: str = "console") -> Places:
    """Lay a graph out, with the injector's port to the left of all that nobody sends to.

    Args:
        nodes: Name and kind of each listener.
        edges: The declared ways.
        port: The name of the port.
    """
    names = [port, *(name for name, _ in nodes)]
    widths = [_width(port, "port"), *(_width(name, kind) for name, kind in nodes)]
    numbers = {name: number for number, name in enumerate(names)}
    ends = [(a, b) for a, b in dict.fromkeys(edges) if a in numbers and b in numbers]
    targets = {b for a, b in ends if a != b}
    first = [name for name in names[1:] if name not in targets] or names[1:2]
    ends = [*((port, name) for name in first), *ends]
    pairs = [(numbers[a], numbers[b]) for a, b in ends]
    layout = _narrow_enough([(width, _HEIGHT) for width in widths], pairs)
    boxes = {
        name: Place(round(x - width / 2) + _EDGE, round(y - _HEIGHT / 2) + _EDGE, width)
        for name, width, (x, y) in zip(names, widths, layout.centres, strict=True)
    }
    lines = {end: _line(curve) for end, curve in zip(ends, layout.curves, strict=True)}
    # At the foot there is room for a line that goes below the last row.
    return Places(round(layout.width) + 2 * _EDGE, round(layout.height) + 2 * _EDGE + _FOOT, boxes, lines)


def _narrow_enough(sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> Layout:
    """Take the first way that fits a page, else the narrowest; nodes stand as many columns in as there are steps to them.

    An edge inside of a column, or back, moves nobody: an agent that asks four others has them all side by side, even
    if these ask each other as well.
    """
    steps = _steps(len(sizes), edges)
    free = {number for number, (a, b) in enumerate(edges) if steps[b] != steps[a] + 1}
    layouts = []
    for wide, way in _WAYS:
        layout = lay_out(sizes, edges, free=free, from_sides=True, **way)
        layouts.append(layout)
        if layout.width <= wide:
            return layout
    return min(layouts, key=lambda layout: layout.width)


def _steps(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """Count the edges from the first node to each; whoever is not reached begins anew beside it."""
    after: dict[int, list[int]] = {}
    for a, b in edges:
        after.setdefault(a, []).append(b)
    steps = [-1] * count
    for first in range(count):
        if steps[first] >= 0:
            continue
        steps[first] = min(first, 1)
        ahead = [first]
        for node in ahead:
            for target in after.get(node, ()):
                if steps[target] < 0:
                    steps[target] = steps[node] + 1
                    ahead.append(target)
    return steps


def extended(places: Places, nodes: Sequence[tuple[str, str]]) -> Places:
    """Add nodes in a row of their own at the bottom; whatever was there stays where it is."""
    new = [(name, kind) for name, kind in nodes if name not in places.nodes]
    if not new:
        return places
    boxes, x, y = dict(places.nodes), _EDGE, places.height + _GAP - _EDGE - _FOOT
    for name, kind in new:
        width = _width(name, kind)
        if x > _EDGE and x + width > places.width - _EDGE:
            x, y = _EDGE, y + _HEIGHT + _GAP
        boxes[name] = Place(x, y, width)
        x += width + _GAP
    wide = max(box.x + box.w for box in boxes.values()) + _EDGE
    return replace(places, width=max(places.width, wide), height=y + _HEIGHT + _EDGE + _FOOT, nodes=boxes)


def _width(name: str, kind: str) -> int:
    wanted = 27 + text_width(printable(name), 12, bold=True) + 12 + text_width(kind, 11) + 12
    return round(min(max(wanted, _LEAST), _MOST))


def _line(curve: Curve) -> Line:
    start, *rest = curve.points
    cubics = "".join(f"C{_pair(rest[n])} {_pair(rest[n + 1])} {_pair(rest[n + 2])}" for n in range(0, len(rest), 3))
    x, y = _half([*curve.points, curve.tip, curve.tip, curve.tip])
    return Line(f"M{_pair(start)}{cubics}L{_pair(curve.tip)}", round(x) + _EDGE, round(y) + _EDGE)


def _pair(point: Point) -> str:
    return f"{round(point[0]) + _EDGE},{round(point[1]) + _EDGE}"


def _half(points: Sequence[Point]) -> Point:
    """Give the point half way along a chain of cubic curves."""
    walked = [points[0]]
    for begin in range(0, len(points) - 3, 3):
        walked += [_on_cubic(points[begin : begin + 4], step / 8) for step in range(1, 9)]
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(walked)]
    left = sum(lengths) / 2
    for (a, b), length in zip(pairwise(walked), lengths, strict=True):
        if length and left <= length:
            return a[0] + (b[0] - a[0]) * left / length, a[1] + (b[1] - a[1]) * left / length
        left -= length
    return walked[-1]


def _on_cubic(points: Sequence[Point], at: float) -> Point:
    weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def below(source: Place, target: Place) -> Line:
    """Draw a way below what stands between two nodes of one row."""
    left, right, y = source.x + source.w * 3 // 4, target.x + target.w // 4, source.y + source.h
    return Line(f"M{left},{y}C{left},{y + 26} {right},{y + 26} {right},{y + 2}", (left + right) // 2, y + 19)


@lru_cache(maxsize=4096)
def connect(source: Place, target: Place) -> Line:
    """Draw a way for an edge that came up later: forward from side to side, back and up or down in an arc."""
    if source == target:
        x, y = source.x + source.w // 2, source.y
        return Line(f"M{x - 14},{y}C{x - 20},{y - 24} {x + 20},{y - 24} {x + 14},{y}", x, y - 14)
    top, bottom = source.y + source.h // 2, target.y + target.h // 2
    if target.x >= source.x + source.w:
        left, right = source.x + source.w, target.x - 2
        half = (left + right) // 2
        return Line(f"M{left},{top}C{half},{top} {half},{bottom} {right},{bottom}", half, (top + bottom) // 2)
    right, end = source.x + source.w, target.x + target.w + 4
    out = max(right, end) + 46
    path = f"M{right},{top}C{out},{top} {out},{bottom} {end},{bottom}"
    return Line(path, (right + 3 * out + 3 * out + end) // 8, (top + bottom) // 2)
