"""A graph in the DOT language, and the PNG that Graphviz's library draws from it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape

from xpipe_nb.views.graph import Graph, Kind, Node
from xpipe_nb.views.lettering import printable, wrapped
from xpipe_nb.views.svg import INK, LINE, MUTED

__all__ = ["dot_text", "png_bytes"]

_SHAPES: Mapping[Kind, Mapping[str, str]] = {
    "agent": {"shape": "box", "style": "rounded"},
    "tool": {"shape": "box"},
    "cpu_bound": {"shape": "box", "peripheries": "2"},
    "system": {"shape": "octagon"},
    "port": {"shape": "ellipse"},
    "person": {"shape": "ellipse"},
}


def dot_text(graph: Graph) -> str:
    """Write a graph in DOT; `Graph.to_dot` calls this."""
    from graphviz import Digraph
    from graphviz import escape as as_text

    dot = Digraph(graph_attr={"rankdir": "LR", "bgcolor": "white", "fontname": "Helvetica"})
    dot.attr("node", color=LINE, fontname="Helvetica", fontsize="12", margin="0.16,0.08")
    dot.attr("edge", color=LINE, arrowsize="0.8")
    if graph.title:
        heading = as_text(printable(f"{graph.title}  {graph.note}"))
        dot.attr("graph", label=heading, labelloc="t", labeljust="l", fontsize="12", fontcolor=INK)
    for node in graph.nodes:
        dot.node(node.name, label=_label(node), **_SHAPES[node.kind])
    for edge in graph.drawn_edges():
        dot.edge(edge.source, edge.target)
    return str(dot.source)


def _label(node: Node) -> str:
    """Write a node's text as one of Graphviz's HTML-like labels: the name and kind, then what it does and takes."""
    lines = wrapped(printable(node.description), 32, 2)
    if node.accepts:
        lines += wrapped(printable("takes " + ", ".join(node.accepts)), 32, 2)
    small = "".join(f'<BR ALIGN="LEFT"/>{_small(line)}' for line in lines)
    return f'<<B>{escape(printable(node.name))}</B>   {_small(node.kind)}{small}<BR ALIGN="LEFT"/>>'


def _small(text: str) -> str:
    return f'<FONT POINT-SIZE="11" COLOR="{MUTED}">{escape(text)}</FONT>'


def png_bytes(graph: Graph) -> bytes:
    """Draw a graph as PNG; `Graph.to_png` calls this."""
    from pygraphviz import AGraph

    with _font_warnings_dropped():
        return bytes(AGraph(string=dot_text(graph)).draw(format="png", prog="dot"))


@contextmanager
def _font_warnings_dropped() -> Iterator[None]:
    """Keep what the font library writes to the process's standard error from the person; pass on the rest."""
    saved = os.dup(2)
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            caught.seek(0)
            for line in caught:
                if not line.startswith((b"Fontconfig ", b"\n", b"(process:")):
                    os.write(saved, line)
            os.close(saved)
