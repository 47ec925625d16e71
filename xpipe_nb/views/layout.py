"""Layout: where each node and edge of a picture stands, found by Graphviz's library; no `dot` program is needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Curve", "Layout", "Point", "lay_out", "lead_around"]

Point = tuple[float, float]
"""A place in pixels; x grows to the right, y downward."""

_PIXELS_PER_INCH = 72


@dataclass(frozen=True, slots=True)
class Curve:
    """One edge: a chain of cubic curves and the tip of its arrow.

    Args:
        points: The start, then three points for each cubic curve.
        tip: Where the arrow ends.
    """

    points: tuple[Point, ...]
    tip: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything stands.

    Args:
        width: The width of the whole.
        height: The height of the whole.
        centres: The centre of each node, by its position in the sizes given.
        curves: The curve of each edge, in the order given.
    """

    width: float
    height: float
    centres: tuple[Point, ...]
    curves: tuple[Curve, ...]


def lay_out(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[tuple[int, int]],
    *,
    apart: float = 43.2,
    beside: float = 21.6,
    free: Collection[int] = (),
    downward: bool = False,
    from_sides: bool = False,
) -> Layout:
    """Place boxes of known sizes from left to right, or from top to bottom.

    Graphviz gets no text at all: no font is loaded, and no name can be mistaken for its language.

    Args:
        sizes: Width and height of each node, in pixels.
        edges: The positions of the nodes that each edge joins.
        apart: How far columns stand apart, in pixels.
        beside: How far nodes of one column stand apart, in pixels.
        free: The edges, by position, that do not push their second node to a later column.
        downward: Whether the columns are rows, the first at the top.
        from_sides: Whether edges to a later column leave from the middle of a side and arrive at one.
    """
    from pygraphviz import AGraph

    direction, nodesep = "TB" if downward else "LR", _inches(beside)
    sides = {"tailport": "s" if downward else "e", "headport": "n" if downward else "w"} if from_sides else {}
    graph = AGraph(directed=True, strict=False, rankdir=direction, nodesep=nodesep, ranksep=_inches(apart))
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    graph.edge_attr.update(arrowsize="0.8")
    for number, (width, height) in enumerate(sizes):
        graph.add_node(str(number), width=_inches(width), height=_inches(height))
    for number, (source, target) in enumerate(edges):
        ends = {"constraint": "false"} if number in free else sides
        graph.add_edge(str(source), str(target), key=str(number), **ends)
    graph.layout(prog="dot")
    _, _, width, height = map(float, graph.graph_attr["bb"].split(","))
    centres = tuple(_flipped(graph.get_node(str(number)).attr["pos"], height) for number in range(len(sizes)))
    found: Mapping[str, str] = {edge.name: edge.attr["pos"] for edge in graph.edges_iter(keys=False)}
    curves = tuple(_curve(found[str(number)], height) for number in range(len(edges)))
    return Layout(round(width, 1), round(height, 1), centres, curves)


def lead_around(boxes: Sequence[tuple[float, float, float, float]], *, sides: tuple[str, ...], clear: float) -> Curve:
    """Lead an edge from the first of these boxes to the second, around the others; all of them stay where they are.

    It takes 2 ms with ten boxes, 10 ms with 25 and seconds with 200: give only what stands between the two.

    Args:
        boxes: Left, top, width and height of each, in pixels.
        sides: At which it leaves and arrives, as points of the compass; none is left to Graphviz.
        clear: How far it stays away from the others, in pixels.
    """
    from pygraphviz import AGraph

    graph = AGraph(directed=True, splines="true", esep=f"+{clear:g},{clear:g}")
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    graph.edge_attr.update(arrowsize="0.8")
    for number, (left, top, width, height) in enumerate(boxes):
        middle = f"{left + width / 2},{-top - height / 2}"
        graph.add_node(str(number), width=_inches(width), height=_inches(height), pos=middle)
    graph.add_edge("0", "1", **dict(zip(("tailport", "headport"), sides, strict=False)))
    graph.layout(prog="nop")  # all stays where it is, but for the origin
    left, top, width, height = boxes[0]
    x, y = map(float, graph.get_node("0").attr["pos"].split(","))
    curve = _curve(graph.get_edge("0", "1").attr["pos"], y + top + height / 2)
    right = left + width / 2 - x
    return Curve(tuple((a + right, b) for a, b in curve.points), (curve.tip[0] + right, curve.tip[1]))


def _inches(pixels: float) -> str:
    return f"{pixels / _PIXELS_PER_INCH:.4f}"


def _flipped(place: str, height: float) -> Point:
    x, y = map(float, place.split(","))
    return round(x, 1), round(height - y, 1)


def _curve(spline: str, height: float) -> Curve:
    """Read Graphviz's form of a spline: `e,x,y` is the tip, the rest are the points."""
    tip, *points = re.sub(r"\\\n", "", spline).split()
    return Curve(tuple(_flipped(point, height) for point in points), _flipped(tip.removeprefix("e,"), height))
