"""The one written form of a tree: what is signed, compared and shown to hooks."""

from __future__ import annotations

from lxml import etree

__all__ = ["canonical"]


def canonical(element: etree._Element) -> bytes:
    """Write an element in Exclusive XML Canonicalization 1.0, without comments.

    Args:
        element: The element; text behind it is not part of it.

    Raises:
        lxml.etree.C14NError: A namespace is no absolute URI; a tree that passed the gate holds none.

    Example:
        >>> canonical(etree.XML('<Greeting b="2"  a="1"/>'))
        b'<Greeting a="1" b="2"></Greeting>'
    """
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
