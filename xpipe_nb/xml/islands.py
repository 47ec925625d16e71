"""A linear scan for the markup that begins with `<!` or `<?`.

Comments and CDATA sections are islands: what looks like markup inside them is none, so they must be found in order,
each from its opening to the first closing after it. A regular expression over the whole construct goes back and forth
on text such as `<!--<!--<!--`; this scan looks at no character twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from xpipe_nb.xml.encoding import after_declaration
from xpipe_nb.xml.grammar import NAME_START
from xpipe_nb.xml.refusal import refused_at

__all__ = ["CDATA", "COMMENT", "Island", "island_at", "islands"]

COMMENT = ("<!--", "-->", "comment")
CDATA = ("<![CDATA[", "]]>", "CDATA section")

_OPENING = re.compile(rf"<!|<\?(?={NAME_START})")


class Island(NamedTuple):
    """A stretch of text from `start` up to `end` in which nothing is markup."""

    start: int
    end: int


def islands(text: str, start: int, most: int, *, declarations: bool = False) -> Iterator[Island]:
    """Give every comment and CDATA section of a text in order, and refuse whatever else begins like them.

    Args:
        text: The document.
        start: Where to begin, in characters: behind the XML declaration, if there is one.
        most: How many islands there may be.
        declarations: Whether an XML declaration counts as an island, wherever it stands.

    Raises:
        Rejected: `declaration` for any other `<!`, `instruction` for a processing instruction, `malformed` for an
            island without an end, `nodes` for too many; each with the place.

    Example:
        >>> list(islands("<a><!-- <!DOCTYPE> --></a>", 0, most=10))
        [Island(start=3, end=22)]
    """
    found = 0
    opening = _OPENING.search(text, start)
    while opening:
        island = island_at(text, opening.start(), declarations=declarations)
        found += 1
        if found > most:
            raise refused_at("nodes", f"more than {most:,} comments and CDATA sections", text, island.start)
        yield island
        opening = _OPENING.search(text, island.end)


def island_at(text: str, start: int, *, declarations: bool = False) -> Island:
    """Find where the island that begins at `start` ends, or refuse what begins there."""
    for opening, closing, name in (COMMENT, CDATA):
        if text.startswith(opening, start):
            end = text.find(closing, start + len(opening))
            if end < 0:
                raise refused_at(
                    "malformed", f"the {name} that begins here never ends: {closing} is missing", text, start
                )
            return Island(start, end + len(closing))
    if declarations and (end := after_declaration(text, start)) > start:
        return Island(start, end)
    if text[start + 1] == "?":
        raise refused_at("instruction", "processing instructions are not allowed", text, start)
    problem = "a DOCTYPE or another <! declaration is not allowed, only comments and CDATA sections are"
    raise refused_at("declaration", problem, text, start)
