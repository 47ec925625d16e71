"""The gate: the only way from bytes to a tree.

Nothing is repaired here and nothing guessed: `recover=True` would make `AT` of `AT&T`, and 100 of a number cut short.
What can be refused by looking at the text is refused before the parser runs; what it lets through is held to the rules
of the tree. `lxml` >= 6.1.3 is a condition: with 6.1.2 an external parameter entity could still bring a file in.
"""

from __future__ import annotations

import threading
from typing import Any

from lxml import etree

from xpipe_nb.errors import Rejected
from xpipe_nb.xml.encoding import after_declaration, as_text
from xpipe_nb.xml.grammar import SPACE
from xpipe_nb.xml.limits import DEFAULT_LIMITS, GateLimits
from xpipe_nb.xml.namespaces import ENVELOPE_NS
from xpipe_nb.xml.refusal import refused
from xpipe_nb.xml.survey import survey
from xpipe_nb.xml.tree import check_canonical, check_header_comments, check_rules, check_texts
from xpipe_nb.xml.words import in_words

__all__ = ["read_document"]

_SAFE: dict[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
}
# `collect_ids=False` must never be added: with it lxml opens an external DTD although load_dtd is False.

_HARMLESS = (f'xmlns="{ENVELOPE_NS}"', 'xmlns=""')


class _Parsers(threading.local):
    """The parsers of one thread: making one costs more than most documents, and threads may not share one."""

    def __init__(self) -> None:
        self.plain = etree.XMLParser(remove_comments=True, **_SAFE)
        self.with_comments = etree.XMLParser(remove_comments=False, **_SAFE)


_PARSERS = _Parsers()


def read_document(data: bytes | str, limits: GateLimits = DEFAULT_LIMITS) -> etree._Element:
    """Read one document, an envelope or a bare payload, or refuse it.

    Only UTF-8 and XML 1.0 are read. There are no DOCTYPE, no entities but the five of XML, and no processing
    instructions. Comments are dropped and the text around them is joined. Line ends become line feeds (XML 1.0,
    2.11). Threads may call this at the same time.

    Args:
        data: The document; a byte order mark at its head is allowed.
        limits: The caps, most of them applied before the parser runs.

    Returns:
        The root of a tree that holds nothing but elements, text and attributes.

    Raises:
        Rejected: Stage `read`; the reason is one of `too-large`, `encoding`, `empty`, `declaration`, `instruction`,
            `malformed`, `nodes`, `depth`, `attributes`, `text`, `attribute`, `namespace`, `schema-location` and
            `comment` (inside from, to or thread). The detail says what and where.

    Example:
        >>> read_document("<Greeting><Name>World</Name></Greeting>").findtext("Name")
        'World'
        >>> read_document("<Greeting>")
        Traceback (most recent call last):
        xpipe_nb.errors.Rejected: the text ends inside <Greeting> of line 1: </Greeting> is missing (line 1, column 11)
    """
    text = as_text(data, limits)
    if text[:1] != "<":
        _check_head(text)
    survey(text, after_declaration(text), limits)
    root = _parsed(text, _PARSERS.plain)
    if "<!" in text:
        _check_islands(text, root)
    check_rules(root, limits, nodes=text.count("</") + text.count("/>"))
    if len(text) * 4 > limits.max_text:
        check_texts(root.iter(), limits)
    if text.count("xmlns") > sum(map(text.count, _HARMLESS)):
        check_canonical(root)
    return root


def _check_head(text: str) -> None:
    """Refuse a text without anything in it, and a second byte order mark, which libxml2 would pass over."""
    if not text.strip(SPACE):
        raise refused("empty", "the text is empty; an element was expected")
    if text.startswith("\ufeff"):
        raise refused("malformed", "a second byte order mark", 1, 1)


def _parsed(text: str, parser: etree.XMLParser) -> etree._Element:
    """Parse strictly; say what is wrong in our words."""
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise refused("malformed", in_words(error.msg or "the text is not well formed"), line, column) from None


def _check_islands(text: str, root: etree._Element) -> None:
    """Look again at a document with comments or CDATA: where its comments stand, and that no DOCTYPE slipped by."""
    if root.getroottree().docinfo.internalDTD is not None:
        raise Rejected("read", "declaration", "a DOCTYPE is not allowed")
    if "<!--" in text:
        check_header_comments(_parsed(text, _PARSERS.with_comments))
