"""Where nodes and edges of the live graph stand: laid out once, and kept when more of them come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xpipe_nb.views.layout import Layout, lay_out
from xpipe_nb.views.lettering import printable, text_width
from xpipe_nb.views.lines import HEIGHT, Line, Place, drawn, led

__all__ = ["Places", "extended", "places_of"]

# The least width holds `error, retry in 3 s` below the name.
_LEAST, _MOST, _GAP, _EDGE, _FOOT = 150, 280, 32, 6, 22

_WAYS: tuple[tuple[int, dict[str, Any]], ...] = (
    (880, {"apart": 72, "beside": _GAP}),
    (1000, {"apart": 56, "beside": _GAP}),
    (880, {"apart": 40, "beside": 24, "downward": True}),
)
"""How a graph may be laid out, the best first, and how wide it may be then: a page has some 870 pixels for it.

Between two columns there is room for a label and an arrow.
"""


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
    _led: dict[tuple[str, str], Line] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The lines that came up later; to find one takes its time, so each is found once."""

    def line(self, source: str, target: str) -> Line:
        """Give the line between two nodes, one of our own where the layout drew none."""
        ends = source, target
        line = self.lines.get(ends) or self._led.get(ends)
        if line is None:
            others = [box for name, box in self.nodes.items() if name not in ends]
            there = [*self.lines.values(), *self._led.values()]
            line = self._led[ends] = led(self.nodes[source], self.nodes[target], others, there, self.width)
        return line


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
    layout = _narrow_enough([(width, HEIGHT) for width in widths], pairs)
    boxes = {
        name: Place(round(x - width / 2) + _EDGE, round(y - HEIGHT / 2) + _EDGE, width)
        for name, width, (x, y) in zip(names, widths, layout.centres, strict=True)
    }
    lines = {end: drawn(curve, _EDGE) for end, curve in zip(ends, layout.curves, strict=True)}
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
            x, y = _EDGE, y + HEIGHT + _GAP
        boxes[name] = Place(x, y, width)
        x += width + _GAP
    wide = max(box.x + box.w for box in boxes.values()) + _EDGE
    return replace(places, width=max(places.width, wide), height=y + HEIGHT + _EDGE + _FOOT, nodes=boxes)


def _width(name: str, kind: str) -> int:
    wanted = 27 + text_width(printable(name), 12, bold=True) + 12 + text_width(kind, 11) + 12
    return round(min(max(wanted, _LEAST), _MOST))
