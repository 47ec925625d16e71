"""Four questions to a node that the type stubs of lxml answer too narrowly."""

from __future__ import annotations

from typing import Any

from lxml import etree

__all__ = ["kind_of", "line_of", "local_name", "namespace_of"]

_KINDS = {etree.Comment: "comment", etree.ProcessingInstruction: "instruction", etree.Entity: "entity"}


def kind_of(node: etree._Element) -> str:
    """Say what a node of a tree is: `element`, `comment`, `instruction` or `entity`."""
    tag: Any = node.tag
    return "element" if isinstance(tag, str) else _KINDS[tag]


def line_of(node: etree._Element) -> int | None:
    """Give the line that a node was read in, counted from 1; `None` when it was built by a program."""
    line: Any = node.sourceline
    return line if isinstance(line, int) else None


def local_name(node: etree._Element | str) -> str:
    """Give the name of an element, or of a tag, without its namespace."""
    return (node if isinstance(node, str) else node.tag).rpartition("}")[2]


def namespace_of(element: etree._Element) -> str:
    """Give the namespace of an element; an empty text for none."""
    return element.tag[1:].partition("}")[0] if element.tag[:1] == "{" else ""
