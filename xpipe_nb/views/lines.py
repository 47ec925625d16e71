"""The lines of the live graph: where an edge runs, around the nodes, and where on it a label can be read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from math import hypot
from typing import NamedTuple

from xpipe_nb.views.layout import Curve, Point, lead_around

__all__ = ["HEIGHT", "Line", "Place", "connect", "drawn", "led"]

HEIGHT = 46
"""Of a node, in pixels."""

_CLEAR = 10
"""How far a line stays away from the nodes that it goes around: half of a label, and a little more."""

_MOST = 20
"""Around so many nodes a line is led; where more stand between there is no time for that."""

_LABELS = ((60, 8), (33, 8))
"""Half of the width and of the height of a label: one that gives a short reason, and one that only counts."""


class Place(NamedTuple):
    """The box of a node, in pixels from the top left."""

    x: int
    y: int
    w: int
    h: int = HEIGHT


class Line(NamedTuple):
    """The path of an edge in SVG's words, and the point where its label stands."""

    d: str
    x: int
    y: int


def drawn(curve: Curve, edge: int = 0) -> Line:
    """Write a curve down, so many pixels further to the right and further down."""

    def pair(point: Point) -> str:
        return f"{round(point[0]) + edge},{round(point[1]) + edge}"

    start, *rest = curve.points
    cubics = "".join(f"C{pair(rest[n])} {pair(rest[n + 1])} {pair(rest[n + 2])}" for n in range(0, len(rest), 3))
    x, y = _half([*curve.points, curve.tip, curve.tip, curve.tip])
    return Line(f"M{pair(start)}{cubics}L{pair(curve.tip)}", round(x) + edge, round(y) + edge)


def led(source: Place, target: Place, others: Sequence[Place], lines: Iterable[Line], wide: int) -> Line:
    """Lead an edge that came up later past all other nodes, its label where neither a node nor a label stands.

    Args:
        source: The node that it leaves.
        target: The node at which it arrives.
        others: The nodes that it must not run beneath; it may where more than twenty stand between.
        lines: Those whose labels are there already.
        wide: How wide the picture is, in pixels; line and label stay in it if they can.
    """
    straight = connect(source, target)
    near = [box for box in others if _is_near(box, source, target)]
    if len(near) > _MOST:
        return straight
    line = _way(source, target, near, straight, wide)
    labels = [Place(other.x - 33, other.y - 8, 66, 16) for other in lines]
    beside = Place(-200, -9_999, 200, 99_999), Place(wide, -9_999, 200, 99_999)
    x, y = _spot(line, [*near, source, target, *labels, *beside])
    return line._replace(x=x, y=y)


def _way(source: Place, target: Place, near: Sequence[Place], straight: Line, wide: int) -> Line:
    inner = [Place(box.x + 8, box.y + 8, box.w - 16, box.h - 16) for box in (source, target)]
    if source == target or not _meets(straight, [*near, *inner]):
        return straight
    if source.y == target.y:
        dip = _below(source, target)
        if not _meets(dip, near):
            return dip
    forward, back = target.x >= source.x + source.w, source.x >= target.x + target.w
    boxes, sides = [source, target, *near], ("w" if back else "e", "w" if forward else "e")
    from_sides = drawn(lead_around(boxes, sides=sides, clear=_CLEAR))
    if _is_within(from_sides, wide):
        return from_sides
    free = drawn(lead_around(boxes, sides=(), clear=_CLEAR))
    return free if _is_within(free, wide) else from_sides


def _is_within(line: Line, wide: int) -> bool:
    return all(0 <= x <= wide for x, _ in _walked(line.d))


def _is_near(box: Place, source: Place, target: Place) -> bool:
    """Whether a node stands between two others, or beside what does."""
    left, right = min(source.x, target.x), max(source.x + source.w, target.x + target.w)
    top, bottom = min(source.y, target.y), max(source.y + source.h, target.y + target.h)
    return _overlaps(box, (left - box.w, top - 2 * HEIGHT, right + box.w, bottom + 2 * HEIGHT))


def _meets(line: Line, boxes: Sequence[Place]) -> bool:
    """Whether a line runs beneath one of these boxes, or all but touches it."""
    walked = list(_walked(line.d))
    around = _around(walked, 3)
    near = [box for box in boxes if _overlaps(box, around)]
    return any(_overlaps(box, (x - 3, y - 3, x + 3, y + 3)) for x, y in walked for box in near)


def _spot(line: Line, boxes: Sequence[Place]) -> tuple[int, int]:
    """Find the point of a line, near its middle, at which no box covers a label; a long label first, then a short one."""
    walked = list(_walked(line.d))
    middle = len(walked) // 2
    near = sorted(range(len(walked)), key=lambda at: abs(at - middle))
    tries = [(line.x, line.y), *((round(walked[at][0]), round(walked[at][1])) for at in near)]
    around = _around(walked, 2 * _LABELS[0][0] + 6)
    boxes = [box for box in boxes if _overlaps(box, around)]
    goes_back = walked[-1][0] < walked[0][0] + 6
    for half, high in _LABELS:
        # A label of a line back stands to the right of its point, so that the line is seen, or else on it.
        for right in (half + 6, 0) if goes_back else (0,):
            for x, y in tries:
                label = x + right - half, y - high, x + right + half, y + high
                if not any(_overlaps(box, label) for box in boxes):
                    return x, y
    return tries[0]


def _around(points: Sequence[Point], more: float) -> tuple[float, float, float, float]:
    """Give what is around all of these points: left, top, right and bottom."""
    across, down = zip(*points, strict=True)
    return min(across) - more, min(down) - more, max(across) + more, max(down) + more


def _overlaps(box: Place, other: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = other
    return box.x < right and left < box.x + box.w and box.y < bottom and top < box.y + box.h


def _walked(path: str) -> Iterator[Point]:
    """Walk along the cubic curves of a path; its arrow's tip is left out."""
    numbers = [int(number) for number in re.findall(r"-?\d+", path.partition("L")[0])]
    points: list[Point] = list(zip(numbers[::2], numbers[1::2], strict=True))
    yield points[0]
    for begin in range(0, len(points) - 3, 3):
        yield from _along(points[begin : begin + 4], 24)


def _half(points: Sequence[Point]) -> Point:
    """Give the point half way along a chain of cubic curves."""
    walked = [points[0]]
    for begin in range(0, len(points) - 3, 3):
        walked += _along(points[begin : begin + 4], 8)
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(walked)]
    left = sum(lengths) / 2
    for (a, b), length in zip(pairwise(walked), lengths, strict=True):
        if length and left <= length:
            return a[0] + (b[0] - a[0]) * left / length, a[1] + (b[1] - a[1]) * left / length
        left -= length
    return walked[-1]


def _along(points: Sequence[Point], steps: int) -> Iterable[Point]:
    """Give so many points of a cubic curve, its end the last."""
    for step in range(1, steps + 1):
        at = step / steps
        weights = ((1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3)
        x, y = (sum(weight * point[axis] for weight, point in zip(weights, points, strict=True)) for axis in (0, 1))
        yield x, y


def _below(source: Place, target: Place) -> Line:
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
