"""One way to refuse a text: a sentence that ends with the place."""

from __future__ import annotations

from xpipe_nb.errors import Rejected

__all__ = ["at", "place_of", "refused", "refused_at"]


def at(line: int | None, column: int | None) -> str:
    """Write a place for people, as the end of a sentence; lines and columns count from 1."""
    if line is None:
        return ""
    return f" (line {line})" if column is None else f" (line {line}, column {column})"


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Give the line and the column of one character, both counted from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def refused(
    reason: str, problem: str, line: int | None = None, column: int | None = None, *, stage: str = "read"
) -> Rejected:
    """Make the refusal of a document; the caller raises it."""
    return Rejected(stage, reason, problem + at(line, column), line=line, column=column)


def refused_at(reason: str, problem: str, text: str, offset: int) -> Rejected:
    """Make the refusal of a document for what stands at one character of its text."""
    line, column = place_of(text, offset)
    return refused(reason, problem, line, column)
