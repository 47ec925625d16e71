"""Patterns that mean the same in Python and in XSD, and the parser that makes sure of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xpipe_nb.errors import DefinitionError

__all__ = ["Pattern"]

_CLASSES = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\r"}
_CONTROLS = {"t": r"\t", "n": r"\n", "r": r"\r"}
_SPECIAL = set("\\.?*+{}()|[]^$-")
_COUNT = re.compile(r"\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\}")
_MOST = 1000
_SIGNS = {"?": (0, 1, "?"), "*": (0, _MOST, "*"), "+": (1, _MOST, "+")}


@dataclass(frozen=True)
class Pattern:
    r"""A rule for the whole text of a `str` field, to be put into `Annotated`.

    The language is the part that XSD and Python's `re` share: literals, `.`, `[...]`, groups, `|`, and the quantifiers
    `? * + {n} {n,} {n,m}`. `\d`, `\w` and `\s` mean ASCII (`[0-9]`, `[a-zA-Z0-9_]`, `[ \t\n\r]`), `.` is any character
    but a line end. The pattern holds for the text from its first to its last character, so `^` and `$` are left out.

    Args:
        text: The pattern.

    Raises:
        DefinitionError: The pattern uses what only one of the two knows (look-around, lazy quantifiers, back-references,
            anchors), or is malformed.

    Example:
        >>> from typing import Annotated
        >>> PlateNumber = Annotated[str, Pattern("[A-Z]{2}-[0-9]{1,4}")]
    """

    text: str
    xsd: str = field(init=False, repr=False, compare=False)
    python: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        xsd, python, _sample = _Reader(self.text).read()
        object.__setattr__(self, "xsd", xsd)
        object.__setattr__(self, "python", re.compile(python))

    def samples(self) -> tuple[str, ...]:
        """Give some texts that follow the pattern: the shortest, and longer ones where it repeats something."""
        made = (_Reader(self.text, extra).read()[2] for extra in _EXTRAS)
        return tuple(dict.fromkeys(text for text in made if self.matches(text)))

    def matches(self, text: str) -> bool:
        """Say whether the whole text follows the pattern."""
        return self.python.fullmatch(text) is not None


_EXTRAS = (0, 1, 2, 3, 5, 8, 13, 21, 34)
"""How often more than needed a sample repeats what may be repeated."""

_Part = tuple[str, str, str]
"""A piece of a pattern: for XSD, for Python, and a text that follows it."""


class _Reader:
    """Reads a pattern once, left to right, and writes it down twice."""

    def __init__(self, text: str, extra: int = 0) -> None:
        self.text, self.at, self.extra = text, 0, extra

    def read(self) -> _Part:
        part = self._branches()
        if self.at < len(self.text):
            raise self._refuse("a ')' without its '('")
        return part

    def _refuse(self, problem: str) -> DefinitionError:
        return DefinitionError("Pattern", f"{problem} at character {self.at + 1} of {self.text!r}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _take(self) -> str:
        char = self._peek()
        self.at += 1
        return char

    def _branches(self) -> _Part:
        branches = [self._branch()]
        while self._peek() == "|":
            self.at += 1
            branches.append(self._branch())
        xsd, python, samples = zip(*branches, strict=True)
        return "|".join(xsd), "|".join(python), samples[0]

    def _branch(self) -> _Part:
        pieces: list[_Part] = []
        while self._peek() not in ("", "|", ")"):
            pieces.append(self._quantified(self._atom()))
        return "".join(p[0] for p in pieces), "".join(p[1] for p in pieces), "".join(p[2] for p in pieces)

    def _atom(self) -> _Part:
        char = self._take()
        if char == "(":
            return self._group()
        if char == "[":
            return self._class()
        if char == ".":
            return ".", r"[^\n\r]", "a"
        if char == "\\":
            return self._escape()
        if char in "^$":
            self.at -= 1
            raise self._refuse(f"{char!r}: a Pattern always holds for the whole text, leave the anchor out")
        if char in "?*+{}]":
            self.at -= 1
            raise self._refuse(f"{char!r} with nothing before it (write '\\{char}' for the character itself)")
        return self._literal(char)

    def _literal(self, char: str) -> _Part:
        xsd = f"\\{char}" if char in _SPECIAL - {"$"} else char
        return xsd, re.escape(char), char

    def _group(self) -> _Part:
        if self._peek() == "?":
            if not self.text.startswith("?:", self.at):
                raise self._refuse("a '(?…' that XSD does not know")
            self.at += 2
        xsd, python, sample = self._branches()
        if self._take() != ")":
            raise self._refuse("a '(' without its ')'")
        return f"({xsd})", f"(?:{python})", sample

    def _escape(self) -> _Part:
        char = self._take()
        if char in _CLASSES and char:
            inside = _CLASSES[char]
            return f"[{inside}]", f"[{inside}]", {"d": "0", "w": "a", "s": " "}[char]
        if char in _CONTROLS and char:
            return _CONTROLS[char], _CONTROLS[char], {"t": "\t", "n": "\n", "r": "\r"}[char]
        if char in _SPECIAL or (char and not char.isalnum() and char.isascii()):
            return self._literal(char)
        self.at -= 1
        raise self._refuse(f"'\\{char}', which XSD and Python do not share")

    def _class(self) -> _Part:
        negated = self._peek() == "^"
        self.at += negated
        inside, samples = "", []
        while self._peek() != "]":
            if self._peek() == "":
                raise self._refuse("a '[' without its ']'")
            text, first = self._range()
            inside += text
            samples.append(first)
        self.at += 1
        if not inside:
            raise self._refuse("an empty '[]'")
        text = f"[{'^' if negated else ''}{inside}]"
        return text, text, _outside(re.compile(text)) if negated else samples[0]

    def _range(self) -> tuple[str, str]:
        low, first = self._member()
        if len(first) != 1 or self._peek() != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return low, first or "a"
        self.at += 1
        high, last = self._member()
        if len(last) != 1 or ord(last) < ord(first) or high[1:2] in ("d", "w", "s"):
            raise self._refuse("a range that is none")
        return f"{low}-{high}", first

    def _member(self) -> tuple[str, str]:
        char = self._take()
        if char == "[":
            self.at -= 1
            raise self._refuse("'[' inside '[...]' (write '\\['); XSD would subtract a class")
        if char != "\\":
            return (f"\\{char}", char) if char in _SPECIAL - {"$"} else (char, char)
        char = self._take()
        if char in _CLASSES and char:
            return _CLASSES[char], ""
        if char in _CONTROLS and char:
            return _CONTROLS[char], {"t": "\t", "n": "\n", "r": "\r"}[char]
        if not char or char.isalnum() or not char.isascii():
            raise self._refuse(f"'\\{char}', which XSD and Python do not share")
        return (f"\\{char}", char) if char in _SPECIAL - {"$"} else (char, char)

    def _quantified(self, atom: _Part) -> _Part:
        xsd, python, sample = atom
        char = self._peek()
        if char not in ("?", "*", "+", "{") or not char:
            return atom
        least, most, text = _SIGNS[char] if char in _SIGNS else self._count()
        self.at += len(text)
        if self._peek() in ("?", "+", "*", "{") and self._peek():
            raise self._refuse("a second quantifier: XSD has no lazy or possessive ones")
        return xsd + text, python + text, sample * min(least + self.extra, most)

    def _count(self) -> tuple[int, int, str]:
        match = _COUNT.match(self.text, self.at)
        if match is None:
            raise self._refuse("a '{' that is no {n}, {n,} or {n,m} (write '\\{' for the character itself)")
        least, most = int(match[1]), int(match[3] or match[1])
        if most < least or most > _MOST:
            raise self._refuse(f"a count out of order or above {_MOST}")
        return least, most if match[3] or not match[2] else _MOST, match[0]


def _outside(negated: re.Pattern[str]) -> str:
    """Give a character that a negated class allows."""
    candidates = (chr(code) for code in (*range(97, 123), *range(48, 58), *range(32, 127), *range(0xA1, 0x2FF)))
    return next((char for char in candidates if negated.fullmatch(char)), "a")
