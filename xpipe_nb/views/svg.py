"""The still picture of a graph: SVG with presentation attributes only, its own white ground and light inks.

It is what a saved notebook shows with no kernel, on white and on black pages: no script, no style sheet, no ids, no
fonts of its own, nothing that changes from one drawing to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import hypot

from lxml import etree

from xpipe_nb.views.graph import Graph, Kind, Node
from xpipe_nb.views.layout import Curve, Layout, Point, lay_out
from xpipe_nb.views.lettering import printable, text_width, wrapped

__all__ = ["svg_text"]

INK, MUTED, LINE, FRAME, GROUND = "#1f1f1f", "#5c6166", "#8c8c8c", "#e0e0e0", "#ffffff"
_FONT = "system-ui, Helvetica, Arial, sans-serif"
_NAME, _SMALL = 12.0, 11.0
_INSET, _LEADING, _GAP = 12.0, 16.0, 16.0
_MARGIN, _HEADER = 13.0, 28.0
_COLUMNS = 96
"""How many characters of a line below the graph are shown."""


@dataclass(frozen=True, slots=True)
class _Card:
    """What stands in one node: its lines, measured before it is placed."""

    node: Node
    name: str
    lines: tuple[str, ...]
    width: float
    height: float


def svg_text(graph: Graph) -> str:
    """Draw a graph; `Graph.to_svg` calls this."""
    cards = [_card(node) for node in graph.nodes]
    numbers = {node.name: number for number, node in enumerate(graph.nodes)}
    ends = [(numbers[edge.source], numbers[edge.target]) for edge in graph.drawn_edges()]
    layout = _laid_out(tuple((card.width, card.height) for card in cards), tuple(ends))
    lines = [row for line in graph.lines for row in wrapped(printable(line), _COLUMNS, 1)]
    title, note = printable(graph.title), printable(graph.note)
    header = text_width(title, _NAME, bold=True) + _GAP / 2 + text_width(note, _SMALL) if title else 0.0
    top = _MARGIN + (_HEADER if title else 0.0)
    bottom = layout.height + top + (_LEADING / 2 if lines else 0.0)
    widest = max([layout.width, header, *(text_width(line, _SMALL) for line in lines)])
    width, height = widest + 2 * _MARGIN, bottom + _LEADING * len(lines) + _MARGIN
    svg = _frame(width, height, f"{title}: {note}" if note else title or "graph")
    if title:
        _title(svg, title, note)
    body = etree.SubElement(svg, "g", transform=f"translate({_n(_MARGIN)} {_n(top)})")
    for curve in layout.curves:
        _draw_edge(body, curve)
    for card, centre in zip(cards, layout.centres, strict=True):
        _draw_card(body, card, centre)
    for number, line in enumerate(lines, 1):
        _text(svg, line, (_MARGIN, bottom + _LEADING * number), MUTED)
    return etree.tostring(svg, encoding="unicode")


@lru_cache(maxsize=8)
def _laid_out(sizes: tuple[Point, ...], ends: tuple[tuple[int, int], ...]) -> Layout:
    """Lay out what has changed its lines only, and not its nodes, but once."""
    return lay_out(sizes, ends)


def _card(node: Node) -> _Card:
    name = printable(node.name)
    lines = wrapped(printable(node.description), 32, 2)
    if node.accepts:
        lines += wrapped(printable("takes " + ", ".join(node.accepts)), 32, 2)
    head = text_width(name, _NAME, bold=True) + _GAP + text_width(node.kind, _SMALL)
    width = max([head, *(text_width(line, _SMALL) for line in lines)]) + 2 * _INSET
    return _Card(node, name, tuple(lines), round(width), 14.0 + _LEADING * (1 + len(lines)))


def _frame(width: float, height: float, label: str) -> etree._Element:
    box = f"0 0 {_n(width)} {_n(height)}"
    attributes = {"viewBox": box, "width": _n(width), "height": _n(height), "role": "img", "aria-label": label}
    svg = etree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **attributes, "font-family": _FONT})
    ground = {"x": "0.5", "y": "0.5", "width": _n(width - 1), "height": _n(height - 1)}
    etree.SubElement(svg, "rect", {**ground, "fill": GROUND, "stroke": FRAME})
    return svg


def _title(svg: etree._Element, title: str, note: str) -> None:
    _text(svg, title, (_MARGIN, 21), INK, bold=True)
    _text(svg, note, (_MARGIN + text_width(title, _NAME, bold=True) + _GAP / 2, 21), MUTED)


def _draw_edge(parent: etree._Element, curve: Curve) -> None:
    start, *rest = map(_pair, curve.points)
    cubics = "".join(f"C{' '.join(rest[at : at + 3])}" for at in range(0, len(rest), 3))
    line = {"d": f"M{start}{cubics}", "fill": "none", "stroke": LINE, "stroke-width": "1"}
    etree.SubElement(parent, "path", line)
    etree.SubElement(parent, "path", d=_arrow(curve.points[-1], curve.tip), fill=LINE)


def _arrow(base: Point, tip: Point) -> str:
    """Draw the arrow's head from the end of the line to the tip, as wide as it is long."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = hypot(dx, dy) or 1.0
    side = (-dy / length * 4, dx / length * 4)
    left, right = (base[0] + side[0], base[1] + side[1]), (base[0] - side[0], base[1] - side[1])
    return f"M{_pair(left)}L{_pair(tip)}L{_pair(right)}z"


def _draw_card(parent: etree._Element, card: _Card, centre: Point) -> None:
    left, top = centre[0] - card.width / 2, centre[1] - card.height / 2
    group = etree.SubElement(parent, "g", transform=f"translate({_n(left)} {_n(top)})")
    tip = etree.SubElement(group, "title")
    tip.text = ". ".join(filter(None, [f"{card.name} ({card.node.kind})", printable(card.node.description)]))
    for path in _outline(card.node.kind, card.width, card.height):
        etree.SubElement(group, "path", {"d": path, "fill": GROUND, "stroke": LINE})
    _text(group, card.name, (_INSET, 19), INK, bold=True)
    _text(group, card.node.kind, (card.width - _INSET, 19), MUTED, end=True)
    for number, line in enumerate(card.lines, 1):
        _text(group, line, (_INSET, 19 + _LEADING * number), MUTED)


def _outline(kind: Kind, width: float, height: float) -> list[str]:
    """Give the paths of a kind's shape, the furthest back first."""
    match kind:
        case "agent":
            return [_rounded(width, height, 10)]
        case "port" | "person":
            return [_rounded(width, height, min(height / 2, 23))]
        case "system":
            w, h = width, height
            return [f"M9,0H{_n(w - 9)}L{_n(w)},9V{_n(h - 9)}L{_n(w - 9)},{_n(h)}H9L0,{_n(h - 9)}V9z"]
        case "cpu_bound":  # a second sheet behind the first: another process
            return [f"M4,-4H{_n(width + 4)}V{_n(height - 4)}H4z", f"M0,0H{_n(width)}V{_n(height)}H0z"]
        case "tool":
            return [f"M0,0H{_n(width)}V{_n(height)}H0z"]


def _rounded(width: float, height: float, radius: float) -> str:
    w, h, r = _n(width - 2 * radius), _n(height - 2 * radius), _n(radius)
    corner = f"a{r},{r} 0 0 1 "
    return f"M{r},0h{w}{corner}{r},{r}v{h}{corner}-{r},{r}h-{w}{corner}-{r},-{r}v-{h}{corner}{r},-{r}z"


def _text(parent: etree._Element, text: str, at: Point, ink: str, *, bold: bool = False, end: bool = False) -> None:
    if not text:
        return
    attributes = {"x": _n(at[0]), "y": _n(at[1]), "font-size": _n(_NAME if bold else _SMALL), "fill": ink}
    if bold:
        attributes["font-weight"] = "600"
    if end:
        attributes["text-anchor"] = "end"
    etree.SubElement(parent, "text", attributes).text = text


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _pair(point: Point) -> str:
    return f"{_n(point[0])},{_n(point[1])}"
