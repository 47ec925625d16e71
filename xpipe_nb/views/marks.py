"""What to underline in a message's text: what a repair has changed, and the place that was refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher

__all__ = ["Mark", "changed", "wrong"]

Mark = tuple[int, int]
"""The positions of the first character and of the one after the last."""

_LONGEST = 6_000
"""Characters up to which two texts are compared: it takes the square of that."""
_MOST = 40
_BACK = 8
"""How many words before the place of a refusal are looked at."""
_TOKEN = re.compile(r"\w+|&#?\w+;|[^\w\s]")
_PLACE = re.compile(r"line (\d+), column (\d+)")
_WORD = re.compile(r"</?[^\s<>]*>?|[^\s<>]+")
_START = re.compile(r"<[^\W\d][^<>]*>")


def changed(before: str, after: str) -> tuple[list[Mark], list[Mark]]:
    """Compare a text with what was made of it; how it is laid out does not count.

    Returns:
        What is no longer there, in the first text, and what is new, in the second.

    Example:
        >>> changed("<A>b & c</A>", "<A>b &amp; c</A>")
        ([(5, 6)], [(5, 10)])
    """
    if len(before) > _LONGEST or len(after) > _LONGEST:
        return [], []
    ours, theirs = list(_TOKEN.finditer(before)), list(_TOKEN.finditer(after))
    matcher = SequenceMatcher(None, [each[0] for each in ours], [each[0] for each in theirs], autojunk=False)
    steps = [step for step in matcher.get_opcodes() if step[0] != "equal"]
    lost = _joined((ours[step[1]].start(), ours[step[2] - 1].end()) for step in steps if step[2] > step[1])
    new = _joined((theirs[step[3]].start(), theirs[step[4] - 1].end()) for step in steps if step[4] > step[3])
    return lost[:_MOST], new[:_MOST]


def _joined(marks: Iterable[Mark]) -> list[Mark]:
    """Make one mark of two that touch."""
    joined: list[Mark] = []
    for begin, end in marks:
        if joined and joined[-1][1] == begin:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((begin, end))
    return joined


def wrong(detail: str, raw: str, shown: str) -> list[Mark]:
    """Find what a refusal is about: the value at the place that it names, else the first element.

    Args:
        detail: The refusal in words, which may name a line and a column of `raw`.
        raw: The text as it came.
        shown: The text as it is shown, which may be laid out in other lines.

    Example:
        >>> text = "<Say><Volume>loud</Volume></Say>"
        >>> [text[begin:end] for begin, end in wrong("expected int (<Say> line 1, column 6)", text, text)]
        ['loud']
    """
    places = _PLACE.findall(detail)
    at = _offset(raw, *map(int, places[-1])) if places else 0
    starts = list(_START.finditer(shown))
    if shown == raw and not any(each.start() == at for each in starts):
        return [_word_at(raw, at, detail)] if places and raw.strip() else []
    number = sum(1 for each in _START.finditer(raw) if each.start() < at) if places else 0
    if number >= len(starts):
        return []
    start = starts[number]
    return [start.span() if not places or start[0] in detail else _value_of(start, shown)]


def _offset(text: str, line: int, column: int) -> int:
    lines = text.splitlines(keepends=True)
    return min(len(text), sum(map(len, lines[: line - 1])) + column - 1)


def _word_at(text: str, at: int, detail: str) -> Mark:
    """Give the tag or word at a position, or the nearest before it that the refusal names: a parser sees some too late."""
    words = [*_WORD.finditer(text.rstrip())]
    number = next((number for number, each in enumerate(words) if each.end() > at), len(words) - 1)
    near = reversed(words[max(0, number - _BACK) : number + 1])
    named = (each for each in near if each[0] in detail and not (len(each[0]) == 1 and each[0].isalnum()))
    return next(named, words[number]).span()


def _value_of(start: re.Match[str], text: str) -> Mark:
    """Give the text of an element without children, else its start tag."""
    end = text.find("<", start.end())
    is_value = text.startswith("</", end) and text[start.end() : end].strip()
    return (start.end(), end) if is_value else start.span()
