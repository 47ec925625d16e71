"""Views: what observers see of an organism, as plain data and pictures; nothing here runs anything."""

from __future__ import annotations

from xpipe_nb.views.graph import Edge, Graph, Kind, Node, graph_of

__all__ = ["Edge", "Graph", "Kind", "Node", "graph_of"]
