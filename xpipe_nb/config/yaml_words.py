"""What a YAML parser complains about, in the words of the person who wrote the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from xpipe_nb.errors import Fault

__all__ = ["syntax_fault"]


def syntax_fault(error: YAMLError, text: str) -> Fault:
    """Turn a parser's error into a fault with a line.

    Args:
        error: What PyYAML raised.
        text: The text that it was reading.
    """
    if isinstance(error, ReaderError):
        line = text.count("\n", 0, error.position) + 1
        return Fault("$", f"a control character (U+{_code(error):04X}) in the text", "plain text", line=line)
    if not isinstance(error, MarkedYAMLError):
        return Fault("$", str(error))
    mark = error.problem_mark or error.context_mark
    found = str(error.problem or error.context or "no YAML")
    for pattern, explain in WORDS:
        if match := re.search(pattern, found):
            problem, expected, line = explain(_Spot(error, match, text))
            return Fault("$", problem, expected, line=line)
    return Fault("$", f"this is no YAML: {found}", line=mark.line + 1 if mark else None)


class _Spot:
    """Where a parser stopped: its mark, the lines around, and what it had begun."""

    def __init__(self, error: MarkedYAMLError, match: re.Match[str], text: str) -> None:
        self.match = match
        mark: Any = error.problem_mark or error.context_mark
        lines = text.splitlines() or [""]
        self.line: int = mark.line + 1
        self.column: int = mark.column
        self.here = lines[min(mark.line, len(lines) - 1)]
        self.before = next((line for line in reversed(lines[: mark.line]) if line.strip()), "")
        begun: Any = error.context_mark
        self.begun: int = begun.line + 1 if begun else self.line
        self.context = str(error.context or "")


Words = tuple[str, str, int]

DOUBLED = re.compile(r"(?:^|[{,-])\s*([\w-]+): +([^,\"'{}\[\]]+: ?[^,}]*)")
"""A key whose text holds a second colon."""


def _code(error: ReaderError) -> int:
    character: Any = error.character
    return character if isinstance(character, int) else ord(character)


def _colon(spot: _Spot) -> Words:
    """A colon where no key may stand: a text with a colon, a missing space, or a wrong indentation."""
    if glued := re.match(r"\s*(?:- )?([\w-]+):(\S+)\s*$", spot.before):
        key, value = glued.groups()
        return f"there is no space after the colon in {spot.before.strip()!r}", f"{key}: {value}", spot.line - 1
    if doubled := DOUBLED.search(spot.here):
        key, value = doubled.groups()
        return "a text with a colon needs quotes", f'{key}: "{value.rstrip()}"', spot.line
    if spot.before and ":" not in spot.before and not spot.before.lstrip().startswith("-"):
        return f"there is no colon in {spot.before.strip()!r}", "key: value", spot.line - 1
    return "this line is indented deeper than the one it belongs to", "the same indentation", spot.line


def _character(spot: _Spot) -> Words:
    character = spot.match.group(1)
    if character == r"\t":
        return "a tab in the indentation", "spaces", spot.line
    return f"a text cannot begin with {character}", 'quotes around it: "…"', spot.line


def _unclosed(spot: _Spot) -> Words:
    if spot.match.group(1) == ":" and spot.begun == spot.line and DOUBLED.search(spot.here):
        return _colon(spot)
    opened = "[" if "sequence" in spot.context else "{"
    closing = "]" if opened == "[" else "}"
    return f"the {opened} of line {spot.begun} is not closed", f"a comma, or {closing}", spot.line


def _unclosed_quote(spot: _Spot) -> Words:
    return f"the quote that opens in line {spot.begun} is not closed", "the same quote at its end", spot.begun


def _block_end(spot: _Spot) -> Words:
    expected = "every line of a list to begin with `-`, every other with `key:`, all equally indented"
    return "this line does not fit the lines before it", expected, spot.line


def _no_colon(spot: _Spot) -> Words:
    return "there is no colon after this key", "key: value", spot.begun


def _alias(spot: _Spot) -> Words:
    name = spot.match.group(1)
    return f"*{name} stands for a value named &{name}, but there is none", f'"*{name}", if it is a text', spot.line


def _anchor(spot: _Spot) -> Words:
    return "* and & begin the name of a value", 'quotes around a text that begins with them: "*"', spot.line


def _twice(spot: _Spot) -> Words:
    return "a second document begins here", "one document", spot.line


def _same_anchor(spot: _Spot) -> Words:
    return "a name that begins with & is given twice", "each name once", spot.line


WORDS: tuple[tuple[str, Callable[[_Spot], Words]], ...] = (
    (r"mapping values are not allowed", _colon),
    (r"found character '(\\?.)' that cannot start", _character),
    (r"expected ',' or '[]}]', but got '(.*)'", _unclosed),
    (r"found unexpected end of stream", _unclosed_quote),
    (r"expected <block end>", _block_end),
    (r"could not find expected ':'", _no_colon),
    (r"found undefined alias '(.*)'", _alias),
    (r"expected alphabetic or numeric character", _anchor),
    (r"but found another document", _twice),
    (r"second occurrence", _same_anchor),
)
"""What the parser says, and what we say instead; the first match counts."""
