"""A graph as text: what a terminal, a screen reader and a text diff can show."""

from __future__ import annotations

from collections import defaultdict

from xpipe_nb.views.graph import Graph, Node
from xpipe_nb.views.lettering import printable

__all__ = ["adjacency_text"]


def adjacency_text(graph: Graph) -> str:
    """Write each node in a line of aligned columns, and below it one arrow for each node it may send to.

    What else is said of the graph stands at the end.
    """
    targets: dict[str, list[str]] = defaultdict(list)
    for edge in graph.drawn_edges():
        targets[edge.source].append(edge.target)
    rows = [_cells(node) for node in graph.nodes]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    indent = "  " if graph.title else ""
    lines = [_heading(graph)] if graph.title else []
    for node, row in zip(graph.nodes, rows, strict=True):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
        lines.append(indent + "  ".join(cells).rstrip())
        lines += [f"{indent}  -> {printable(target)}" for target in targets[node.name]]
    lines = lines or ["no listeners"]
    return "\n".join([*lines, *(indent + printable(line) for line in graph.lines)])


def _heading(graph: Graph) -> str:
    return printable(f"{graph.title}: {graph.note}" if graph.note else graph.title)


def _cells(node: Node) -> tuple[str, str, str, str]:
    takes = "takes " + ", ".join(node.accepts) if node.accepts else ""
    return printable(node.name), node.kind, printable(takes), printable(node.description)
