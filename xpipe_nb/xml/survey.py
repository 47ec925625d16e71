"""What can be counted in a text before any parser sees it: nodes, attributes, islands."""

from __future__ import annotations

import re

from xpipe_nb.xml.islands import islands
from xpipe_nb.xml.limits import GateLimits
from xpipe_nb.xml.refusal import refused_at

__all__ = ["survey"]

_TAG = re.compile(r"""<[^<>"'/][^<>"']*+(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*+""")
_QUOTED = re.compile(r"""("[^"<]*+"|'[^'<]*+')""")


def survey(text: str, start: int, limits: GateLimits) -> None:
    """Count before work: a document that has too much of something never reaches the parser.

    Args:
        text: The document.
        start: The offset behind its XML declaration.
        limits: The caps.

    Raises:
        Rejected: `declaration`, `instruction`, `nodes`, `attributes` or `malformed`, with the place.
    """
    tags = text.count("<") - text.count("</")
    attributes = text.count("=") > limits.max_attributes
    if tags <= limits.max_nodes and not attributes and "<!" not in text and text.find("<?", start) < 0:
        return
    position, nodes = start, 0
    for island in islands(text, start, limits.max_nodes):
        nodes += 1 + _stretch(text, position, island.start, attributes, limits)
        if nodes > limits.max_nodes:
            raise _too_many(text, island.start, limits)
        position = island.end
    nodes += _stretch(text, position, len(text), attributes, limits)
    if nodes > limits.max_nodes:
        raise _too_many(text, len(text), limits)


def _stretch(text: str, start: int, end: int, attributes: bool, limits: GateLimits) -> int:
    """Count the start tags between two islands, and look at their attributes if they may be too many."""
    if attributes:
        _check_attributes(text, start, end, limits)
    return text.count("<", start, end) - text.count("</", start, end)


def _check_attributes(text: str, start: int, end: int, limits: GateLimits) -> None:
    """Refuse a tag with more attributes and namespace declarations than allowed."""
    if text.count("=", start, end) <= limits.max_attributes:
        return
    for tag in _TAG.finditer(text, start, end):
        if tag[0].count("=") > limits.max_attributes < _QUOTED.sub("", tag[0]).count("="):
            raise refused_at(
                "attributes", f"more than {limits.max_attributes} attributes in one tag", text, tag.start()
            )


def _too_many(text: str, offset: int, limits: GateLimits) -> Exception:
    return refused_at("nodes", f"more than {limits.max_nodes:,} elements, comments and CDATA sections", text, offset)
