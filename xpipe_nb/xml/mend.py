"""Mending one element: what was plainly meant as text becomes text, and all else stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html.entities import html5
from typing import NamedTuple

from xpipe_nb.xml.grammar import NAME, NAME_START
from xpipe_nb.xml.islands import island_at
from xpipe_nb.xml.limits import GateLimits
from xpipe_nb.xml.refusal import place_of, refused_at

__all__ = ["Edit", "Mender", "applied", "origin"]

_S = "[ \t\r\n]"
_VALUE = """(?:"[^"]*+"|'[^']*+')"""
_ATTRIBUTE = rf"{NAME}{_S}*+={_S}*+{_VALUE}"
_ODD = r"&(?!(?:lt|gt|amp|quot|apos|#[0-9]++|#x[0-9A-Fa-f]++);)"
_IN_TEXT = re.compile(rf"<|{_ODD}|\]\]>")
_IN_VALUE = re.compile(rf"<|{_ODD}")


class _Patterns(NamedTuple):
    """The patterns with names in them."""

    start: re.Pattern[str]
    end: re.Pattern[str]
    values: re.Pattern[str]
    opens: re.Pattern[str]
    entity: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    """Compile them with the first repair: XML's classes of letters take longer than all else that is imported here."""
    return _Patterns(
        start=re.compile(rf"<({NAME})((?:{_S}++{_ATTRIBUTE})*+){_S}*+(/?)>"),
        end=re.compile(rf"</({NAME}){_S}*+>"),
        values=re.compile(rf"{NAME}{_S}*+={_S}*+({_VALUE})"),
        opens=re.compile(rf"<(?:{NAME_START}|/{NAME_START}|!|\?{NAME_START})"),
        entity=re.compile(rf"&({NAME});"),
    )


class Edit(NamedTuple):
    """One change: the characters from `start` up to `end` became `new`; `what` says so."""

    start: int
    end: int
    new: str
    what: str


class Mender:
    """Reads one element of a text from its start tag to its end tag, and notes what must change in it.

    Args:
        text: The whole text, so that places are places in it.
        limits: The caps on nodes, depth and, as a cap on changes, again nodes.
    """

    def __init__(self, text: str, limits: GateLimits) -> None:
        self.text, self.limits = text, limits
        self._patterns = _patterns()
        self.edits: list[Edit] = []
        self.open: list[tuple[str, int]] = []
        self.nodes = 0

    def end_of(self, start: int) -> int:
        """Give the offset behind the element that begins at `start`.

        Raises:
            Rejected: `malformed` when it does not end, or a tag in it is broken; `nodes` or `depth`.
        """
        position = self._start_tag(start)
        while self.open:
            found = _IN_TEXT.search(self.text, position)
            if found is None:
                name, begin = self.open[-1]
                line, column = place_of(self.text, begin)
                problem = f"the text ends inside <{name}> of line {line}, column {column}: </{name}> is missing"
                raise refused_at("malformed", problem, self.text, len(self.text))
            position = self._take(found.start())
        return position

    def _take(self, start: int) -> int:
        """Step over what stands at `start`: a tag, an island, or something to mend."""
        if self.text[start] == "&":
            return self._reference(start)
        if self.text[start] == "]":
            return self._edit(start + 2, start + 3, "&gt;", "escaped > of ]]>")
        if not self._patterns.opens.match(self.text, start):
            return self._edit(start, start + 1, "&lt;", "escaped <")
        after = self.text[start + 1]
        if after == "/":
            return self._end_tag(start)
        if after in "!?":
            return island_at(self.text, start).end
        return self._start_tag(start)

    def _start_tag(self, start: int) -> int:
        """Step over a start tag, or an empty element, and mend the values of its attributes."""
        found = self._patterns.start.match(self.text, start)
        if found is None:
            raise self._broken_tag(start)
        self.nodes += 1
        if self.nodes > self.limits.max_nodes:
            raise refused_at("nodes", f"more than {self.limits.max_nodes:,} elements", self.text, start)
        for value in self._patterns.values.finditer(self.text, *found.span(2)):
            self._value(*value.span(1))
        if not found[3]:
            self.open.append((found[1], start))
            if len(self.open) > self.limits.max_depth:
                problem = f"elements are nested more than {self.limits.max_depth} deep"
                raise refused_at("depth", problem, self.text, start)
        return found.end()

    def _end_tag(self, start: int) -> int:
        """Step over an end tag, which must close the element that is open."""
        found = self._patterns.end.match(self.text, start)
        if found is None:
            raise self._broken_tag(start)
        name, begin = self.open.pop()
        if found[1] != name:
            line, column = place_of(self.text, begin)
            problem = f"mismatched tag: </{found[1]}> closes <{name}> of line {line}, column {column}"
            raise refused_at("malformed", problem, self.text, start)
        return found.end()

    def _value(self, start: int, end: int) -> None:
        """Mend the value of an attribute."""
        position = start
        while found := _IN_VALUE.search(self.text, position, end):
            position = found.start()
            if self.text[position] == "&":
                position = self._reference(position)
            elif self._patterns.opens.match(self.text, position):
                raise refused_at("malformed", "markup in the value of an attribute", self.text, position)
            else:
                position = self._edit(position, position + 1, "&lt;", "escaped <")

    def _reference(self, start: int) -> int:
        """Mend an & that begins no reference of XML: one of HTML becomes its characters, any other an &amp;."""
        found = self._patterns.entity.match(self.text, start)
        if found is None:
            return self._edit(start, start + 1, "&amp;", "escaped &")
        characters = html5.get(f"{found[1]};")
        if characters is None:
            problem = f"unknown entity {found[0]}: neither XML nor HTML knows it; write &amp; for a plain &"
            raise refused_at("malformed", problem, self.text, start)
        return self._edit(start, found.end(), "".join(f"&#{ord(c)};" for c in characters), f"resolved {found[0]}")

    def _edit(self, start: int, end: int, new: str, what: str) -> int:
        self.edits.append(Edit(start, end, new, what))
        if len(self.edits) > self.limits.max_nodes:
            raise refused_at("nodes", f"more than {self.limits.max_nodes:,} repairs", self.text, start)
        return end

    def _broken_tag(self, start: int) -> Exception:
        """Refuse what begins like a tag and is none; it is never guessed where it was to end."""
        if self.text.find(">", start) < 0:
            return refused_at("malformed", "the text ends inside a tag", self.text, start)
        shown = self.text[start : start + 20].split()[0]
        problem = f"{shown} begins a tag that is not well formed: write &lt; for a plain <"
        return refused_at("malformed", problem, self.text, start)


def applied(text: str, start: int, end: int, edits: Iterable[Edit]) -> str:
    """Write a stretch of text with its edits."""
    parts: list[str] = []
    position = start
    for edit in edits:
        parts += (text[position : edit.start], edit.new)
        position = edit.end
    parts.append(text[position:end])
    return "".join(parts)


def origin(offset: int, start: int, edits: Iterable[Edit]) -> int:
    """Give the offset in the original text of a character of the mended stretch that began at `start`."""
    shift = start
    for edit in edits:
        if edit.start - shift >= offset:
            break
        if edit.start - shift + len(edit.new) > offset:
            return edit.start
        shift += (edit.end - edit.start) - len(edit.new)
    return offset + shift
