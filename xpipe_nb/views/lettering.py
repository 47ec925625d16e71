"""Lettering: which characters a picture can show, how wide a text will be, and where its lines break."""

from __future__ import annotations

import re
from unicodedata import east_asian_width

__all__ = ["printable", "text_width", "wrapped"]

# What XML 1.0 cannot carry (its production 2, "Char"), and lone surrogates.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NARROW = frozenset("ijl|!.,:;'`()[]{}frtI/\\ \"-")
_WIDE = frozenset("mwMWQOGDNHU@%&#—…")


def printable(text: str) -> str:
    """Replace each character that XML cannot carry by the replacement character, and runs of blanks by one blank."""
    return " ".join(_UNPRINTABLE.sub("\ufffd", text).split())


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate from above how wide a text is in a sans-serif face.

    No font is asked, so that a picture does not depend on the machine that drew it. The figures hold for DejaVu
    Sans, which is a fifth wider than most.

    Args:
        text: One line.
        size: The font size, in the unit of the result.
        bold: Whether it is set in a semibold or bold weight.
    """
    return sum(map(_em, text)) * size * (1.1 if bold else 1.0)


def _em(character: str) -> float:
    if character in _NARROW:
        return 0.42
    if character in _WIDE:
        return 0.98
    return 1.05 if east_asian_width(character) in "FW" else 0.72 if character.isupper() else 0.64


def wrapped(text: str, columns: int, lines: int) -> list[str]:
    """Break a text into at most so many lines of about so many characters; what is left becomes an ellipsis."""
    rows: list[str] = []
    for word in _pieces(text.split(), columns):
        if rows and len(rows[-1]) + 1 + len(word) <= columns:
            rows[-1] += " " + word
        else:
            rows.append(word)
    if len(rows) <= lines:
        return rows
    return [*rows[: lines - 1], rows[lines - 1][: columns - 1].rstrip() + "…"]


def _pieces(words: list[str], columns: int) -> list[str]:
    return [word[at : at + columns] for word in words for at in range(0, len(word), columns)]
