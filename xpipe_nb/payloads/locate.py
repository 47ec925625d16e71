"""Where an element stands in its text; libxml2 keeps no columns, so expat reads the text a second time, after an error."""

from __future__ import annotations

from collections.abc import Sequence
from xml.parsers import expat

from lxml import etree

__all__ = ["locate", "path_of"]


class _Found(Exception):
    """Stops the parser at the place."""


def path_of(element: etree._Element, top: etree._Element | None = None) -> tuple[int, ...]:
    """Give the place of an element in its tree: the number of each step down, counted from 0.

    Args:
        element: The element.
        top: Where the path begins; the root of the tree when it is `None`.

    Example:
        >>> root = etree.fromstring("<a><b/><c><d/></c></a>")
        >>> path_of(root[1][0])
        (1, 0)
    """
    steps: list[int] = []
    node = element
    while node is not top and (parent := node.getparent()) is not None:
        steps.append(sum(1 for _ in node.itersiblings("*", preceding=True)))
        node = parent
    return tuple(reversed(steps))


def locate(text: str | bytes, path: Sequence[int]) -> tuple[int, int] | None:
    r"""Find the start tag of an element.

    Args:
        text: The document.
        path: Which child element at each step down from the root, counted from 0; comments do not count.

    Returns:
        The line and the column, both counted from 1 (columns in characters), or `None` when the text has no such element.

    Example:
        >>> locate("<a>\n  <b/><c/>\n</a>", (1,))
        (2, 7)
    """
    document = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    return _Search(tuple(path)).run(document)


class _Search:
    """One pass over the text: where we are, and where we want to be."""

    def __init__(self, path: tuple[int, ...]) -> None:
        self.path, self.here, self.next = path, [], [0]  # type: tuple[int, ...], list[int], list[int]
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.found: tuple[int, int] | None = None

    def run(self, document: str) -> tuple[int, int] | None:
        try:
            self.parser.Parse(document.encode("utf-8", "surrogatepass"), True)
        except _Found:
            pass
        except expat.ExpatError:
            return None
        return self.found

    def start(self, _name: str, _attributes: object) -> None:
        self.here.append(self.next[-1])
        self.next[-1] += 1
        self.next.append(0)
        if tuple(self.here[1:]) == self.path:
            self.found = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
            raise _Found

    def end(self, _name: str) -> None:
        self.here.pop()
        self.next.pop()
