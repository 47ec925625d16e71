"""Repair of text that a model or a person wrote: an explicit step before the gate, never a part of it.

It changes only what cannot be markup, closes nothing, drops no character inside an element, and tells all it did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from xpipe_nb.errors import Rejected
from xpipe_nb.xml.encoding import as_text
from xpipe_nb.xml.gate import read_document
from xpipe_nb.xml.grammar import NAME_START
from xpipe_nb.xml.islands import island_at, islands
from xpipe_nb.xml.limits import DEFAULT_LIMITS, GateLimits
from xpipe_nb.xml.mend import Edit, Mender, applied, origin
from xpipe_nb.xml.refusal import at, place_of, refused, refused_at

__all__ = ["Repaired", "repair_text"]

_MARKUP = re.compile(rf"<(?:{NAME_START}|/{NAME_START}|!|\?{NAME_START})")
_FENCE = re.compile(r"^[ \t]*+(?:`{3,}+|~{3,}+)[ \t]*+[\w+.-]*+[ \t\r]*+$", re.MULTILINE)
_LISTED = 20
"""How many changes of one kind are told one by one."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a text held.

    Args:
        elements: Each top-level element, well formed and read by the gate once already, in order.
        places: The line and the column where each of them stood, both counted from 1.
        repairs: What was done, in words; text that stood outside the elements is quoted whole.
        prose: The text outside the elements, without fences and XML declarations.
    """

    elements: tuple[str, ...] = ()
    places: tuple[tuple[int, int], ...] = ()
    repairs: tuple[str, ...] = ()
    prose: str = ""


def repair_text(text: str | bytes, limits: GateLimits = DEFAULT_LIMITS) -> Repaired:
    r"""Find the elements in a text and mend what can only have been meant as text.

    Mended are: a bare `&`, a `<` that begins no name, end tag, comment or CDATA section, the `>` of a `]]>`, and the
    named entities of HTML. Markdown fences, an XML declaration and prose around the elements are taken off. Inside
    comments and CDATA sections nothing is changed. As in any XML, line ends are read as line feeds later.

    Args:
        text: What was written; bytes must be UTF-8.
        limits: The caps of the gate; no more changes than `max_nodes` are made.

    Raises:
        Rejected: What the gate refuses, with the place in the text as it was written: a declaration or instruction
            wherever it stands, a tag that is cut or misspelt, an entity that HTML does not know.

    Example:
        >>> repair_text("Sure:\n<Note><Text>AT&T, a < b</Text></Note>").elements
        ('<Note><Text>AT&amp;T, a &lt; b</Text></Note>',)
    """
    written = as_text(text, limits)
    for _ in islands(written, 0, limits.max_nodes, declarations=True):
        pass  # what must not stand anywhere is refused before anything is changed
    pieces = list(_pieces(written, limits))
    if not any(piece.element for piece in pieces):
        return Repaired(prose=written)
    elements = tuple(_checked(written, piece, limits) for piece in pieces if piece.element)
    places = tuple(place_of(written, piece.start) for piece in pieces if piece.element)
    outside = [(piece, _without_fences(written, piece)) for piece in pieces if not piece.element]
    prose = "\n".join(text for _, (text, _) in outside if text)
    notes = [note for piece in pieces for note in piece.notes]
    for piece, (kept, fences) in outside:
        notes += fences
        if kept:
            notes.append(Edit(piece.start, piece.end, "", f"kept outside text: {kept!r}"))
    return Repaired(elements, places, tuple(_told(written, sorted(notes))), prose)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the text: an element with its edits, or what stands outside with what is dropped from it."""

    start: int
    end: int
    element: bool
    notes: tuple[Edit, ...] = ()


def _pieces(text: str, limits: GateLimits) -> Iterator[_Piece]:
    """Cut a text into its elements, its XML declarations and what stands between."""
    mender = Mender(text, limits)
    begin = position = 0
    while found := _MARKUP.search(text, position):
        start, after = found.start(), text[found.start() + 1]
        if after == "/":
            raise refused_at("malformed", "an end tag without its start tag", text, start)
        if after == "!":
            position = island_at(text, start).end
            continue
        yield _Piece(begin, start, element=False)
        if after == "?":
            position = island_at(text, start, declarations=True).end
            yield _Piece(start, start, element=False, notes=(Edit(start, position, "", "dropped the XML declaration"),))
        else:
            position = mender.end_of(start)
            yield _Piece(start, position, element=True, notes=tuple(mender.edits))
            mender.edits.clear()
        begin = position
    yield _Piece(begin, len(text), element=False)


def _checked(text: str, piece: _Piece, limits: GateLimits) -> str:
    """Write a mended element and let the gate read it; what is still broken is told by its place in the original."""
    mended = applied(text, piece.start, piece.end, piece.notes)
    try:
        read_document(mended, limits)
    except Rejected as error:
        if error.line is None:
            raise
        problem = error.detail.removesuffix(at(error.line, error.column))
        offset = _offset(mended, error.line, error.column or 1)
        line, column = place_of(text, origin(offset, piece.start, piece.notes))
        raise refused(error.reason, problem, line, column if error.column else None) from None
    return mended


def _offset(text: str, line: int, column: int) -> int:
    """Give the offset of a place; libxml2's columns may lie behind the end of a line."""
    start = 0
    for _ in range(line - 1):
        start = text.find("\n", start) + 1
    return min(start + column - 1, len(text))


def _without_fences(text: str, piece: _Piece) -> tuple[str, list[Edit]]:
    """Take Markdown fences out of the text outside; what is left is kept."""
    outside = text[piece.start : piece.end]
    fences = [
        Edit(piece.start + found.start(), piece.start + found.end(), "", "removed Markdown fence")
        for found in _FENCE.finditer(outside)
    ]
    return applied(text, piece.start, piece.end, fences).strip(), fences


def _told(text: str, notes: list[Edit]) -> Iterator[str]:
    """Say what was done, in order; a long row of the same is summed up at its end."""
    seen: Counter[str] = Counter()
    for note in notes:
        if note.what.startswith("kept"):
            yield note.what
            continue
        seen[note.what] += 1
        if seen[note.what] <= _LISTED:
            line, column = place_of(text, note.start)
            yield f"{note.what} at line {line}, column {column}"
    for what, count in seen.items():
        if count > _LISTED:
            yield f"{what} at {count - _LISTED} more places"
