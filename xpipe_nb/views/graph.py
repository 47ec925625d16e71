"""The graph of an organism: who is in it and who may send to whom, as data, DOT, SVG, PNG and text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from xpipe_nb.names import is_system_name

if TYPE_CHECKING:
    from xpipe_nb.listeners import Listener

__all__ = ["Edge", "Graph", "Kind", "Node", "graph_of", "kind_of"]

Kind = Literal["agent", "tool", "cpu_bound", "system", "port", "person"]
"""What a node is; its shape says so: agents rounded, tools square, ports and persons pills."""


@dataclass(frozen=True, slots=True)
class Node:
    """One listener (or port) of a graph.

    Args:
        name: Its name in the organism.
        kind: What it is.
        description: What it does, in its author's words.
        accepts: The tags of the payload classes it takes, sorted.
    """

    name: str
    kind: Kind = "tool"
    description: str = ""
    accepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A way that messages may take.

    Args:
        source: The name of the sender.
        target: The name of the receiver.
    """

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Graph:
    """Who is in an organism and who may send to whom; the same graph always gives the same picture.

    Args:
        nodes: The listeners, in the order of their declaration.
        edges: The declared ways; one that names an unknown node is not drawn.
        title: The name of the organism.
        note: What is said beside the title, such as `running · 2 listeners`.
        lines: What is said below the picture and below the text, such as the chains of the last conversations.

    Example:
        >>> print(Graph((Node("greeter", "agent"), Node("shouter")), (Edge("greeter", "shouter"),)).to_text())
        greeter  agent
          -> shouter
        shouter  tool
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()
    title: str = ""
    note: str = ""
    lines: tuple[str, ...] = ()

    def drawn_edges(self) -> Iterator[Edge]:
        """Give the edges whose both ends are nodes of this graph."""
        names = {node.name for node in self.nodes}
        return (edge for edge in self.edges if edge.source in names and edge.target in names)

    def to_dot(self) -> str:
        """Write the graph in the DOT language, for any Graphviz tool."""
        from xpipe_nb.views.dot import dot_text

        return dot_text(self)

    def to_svg(self) -> str:
        """Draw the graph as an SVG document with its own white ground; Graphviz's library lays it out."""
        from xpipe_nb.views.svg import svg_text

        return svg_text(self)

    def to_png(self) -> bytes:
        """Draw the graph as a PNG image, for pages that show no SVG."""
        from xpipe_nb.views.dot import png_bytes

        return png_bytes(self)

    def to_text(self) -> str:
        """Write the graph as a list of nodes, each with the nodes it may send to below it."""
        from xpipe_nb.views.text import adjacency_text

        return adjacency_text(self)


def graph_of(listeners: Iterable[Listener], *, title: str = "", note: str = "") -> Graph:
    """Read the graph off resolved listeners: an edge for each declared peer, nothing for what is not known.

    Args:
        listeners: The listeners, in the order of their declaration.
        title: The name of the organism.
        note: What is said beside the title.
    """
    listeners = tuple(listeners)
    nodes = tuple(Node(each.name, kind_of(each), each.description, tuple(sorted(each.accepts))) for each in listeners)
    edges = tuple(Edge(each.name, peer) for each in listeners for peer in each.peers or () if peer != "*")
    return Graph(nodes, edges, title, note)


def kind_of(listener: Listener) -> Kind:
    """Say what a listener is drawn as."""
    if is_system_name(listener.name):
        return "system"
    if listener.agent:
        return "agent"
    return "cpu_bound" if listener.cpu_bound else "tool"
