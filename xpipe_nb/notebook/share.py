"""What a cell shows of the output of one conversation, and what is kept of it.

Prints are shown up to a number of lines and of bytes, displays up to a number and to bytes of their own; lines that are
written again and again (a progress bar) are shown now and then, and kept in their last state.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from time import monotonic
from typing import Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.notebook.sizes import size_of, size_said
from xpipe_nb.wording import counted

__all__ = ["MOST_BYTES", "MOST_DISPLAYED", "MOST_DISPLAYS", "MOST_KEPT", "MOST_LINES", "PAUSE", "Bar", "Kept", "Share"]

MOST_LINES = 200
"""How many lines of one conversation a cell shows."""
MOST_BYTES = 64_000
"""How many bytes of them."""
MOST_DISPLAYS = 200
"""How many displays of one conversation a cell shows."""
MOST_DISPLAYED = 1_000_000
"""How many bytes of them; the one that goes beyond is still shown, since half a picture is none."""
MOST_KEPT = 16_000_000
"""How many letters `conversation.output` holds, and how many bytes `conversation.displays`; a handler that prints for ever must not fill the memory."""
PAUSE = 0.1
"""Seconds between two updates of one display, and between two states of one line."""

_PIECES = re.compile(r"[^\n]*\n|[^\n]+")
_ERASE = re.compile(r"\x1b\[[02]?K")


class Bar:
    r"""A line that is written again and again from its beginning, with `\r`.

    Args:
        text: What stands in it so far.
        place: Where it stands among what is kept; `None` if it is not kept.
    """

    def __init__(self, text: str, place: int | None) -> None:
        self.text, self.place = text, place
        self.is_due = self.is_planned = False
        self._column = len(text)
        self._drawn_at = 0.0

    def write(self, text: str) -> None:
        r"""Write over it as a terminal does: `\r` goes back to its beginning, and what is not written over stays."""
        first, *others = text.split("\r")
        self._over(first)
        for part in others:
            self._column = 0
            self._over(part)

    def _over(self, part: str) -> None:
        end = self._column + len(part)
        rest = "" if _ERASE.search(part) else self.text[end:]
        self.text, self._column = f"{self.text[: self._column]}{part}{rest}", end

    @property
    def wait(self) -> float:
        """Seconds until it may be drawn again."""
        return self._drawn_at + PAUSE - monotonic()

    def drawn(self) -> str:
        """Give its present state, to be written over the one before."""
        self._drawn_at, self.is_due = monotonic(), False
        return f"\r{self.text}"


class Kept:
    """A display that a handler has made, in its last state; as the value of a cell it is shown again.

    Args:
        data: Its forms, by type.
        metadata: What is said beside them.
        is_shown: Whether the cell that caused it shows it.
    """

    def __init__(self, data: Mapping[str, Any], metadata: Mapping[str, Any] | None, *, is_shown: bool) -> None:
        self.data, self.metadata, self.is_shown = dict(data), dict(metadata or {}), is_shown

    def _repr_mimebundle_(self, **_wanted: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.data, self.metadata

    def __repr__(self) -> str:
        return str(self.data.get("text/plain", f"display of {', '.join(self.data) or 'nothing'}"))


class Share:
    """How much of a conversation's output its cell may still show.

    Args:
        conversation: The conversation; what is kept is kept there.
        kept: How much of it is kept already, if it is continued: letters, and bytes of displays.
    """

    def __init__(self, conversation: Conversation, kept: tuple[int, int] = (0, 0)) -> None:
        self.context = conversation.context
        self.bars: dict[str, Bar] = {}
        self._printed = conversation.printed
        self._kept, self._kept_displays = kept
        self._unfinished: dict[str, list[int]] = {}
        self._open: set[str] = set()
        self._lines, self._size = MOST_LINES, MOST_BYTES
        self._displays, self._displayed = MOST_DISPLAYS, MOST_DISPLAYED
        self._cut = ""
        self._held_lines = self._held_size = self._held_displays = self._lost_displays = 0
        self._ends_open = False

    @property
    def kept(self) -> tuple[int, int]:
        """How much is kept: letters, and bytes of displays."""
        return self._kept, self._kept_displays

    # ---- prints

    def written(self, stream: str, text: str) -> str:
        """Keep a text, and give what is shown of it at once; a bar of which something is not shown yet `is_due`.

        Args:
            stream: Where it is written: each stream has lines of its own.
            text: The text.
        """
        if stream not in self.bars and "\r" not in text:
            self._keep(stream, text)
            return self._taken(stream, text)
        return "".join([self._piece(stream, piece) for piece in _PIECES.findall(text.replace("\r\n", "\n"))])

    def _piece(self, stream: str, piece: str) -> str:
        bar = self.bars.get(stream)
        if bar is None and "\r" not in piece:
            self._keep(stream, piece)
            return self._taken(stream, piece)
        if bar is None:
            bar = self.bars[stream] = self._new_bar(stream)
        bar.write(piece.removesuffix("\n"))
        if bar.place is not None:
            self._printed[bar.place] = bar.text
        if piece.endswith("\n"):
            return self._finished(stream, bar)
        bar.is_due = not self._cut
        return self.drawn(stream) if bar.is_due and bar.wait <= 0 else ""

    def drawn(self, stream: str) -> str:
        """Give the present state of the bar of a stream, if it is not shown yet."""
        bar = self.bars.get(stream)
        if bar is None or not bar.is_due:
            return ""
        self._open.add(stream)
        return bar.drawn()

    def _new_bar(self, stream: str) -> Bar:
        """Make a bar of the line that is unfinished."""
        places = self._unfinished.pop(stream, [])
        text = "".join(self._printed[each] for each in places)
        if self._kept > MOST_KEPT:
            return Bar(text, None)
        for each in places:
            self._printed[each] = ""
        self._printed.append(text)
        return Bar(text, len(self._printed) - 1)

    def _finished(self, stream: str, bar: Bar) -> str:
        del self.bars[stream]
        self._keep(stream, "\n")
        self._kept += len(bar.text)
        line = f"{bar.text}\n"
        if self._cut:
            self._hold(line)
            return ""
        self._open.discard(stream)
        self._lines, self._size = max(0, self._lines - 1), max(0, self._size - size_of(line))
        return f"\r{line}"

    def _keep(self, stream: str, text: str) -> None:
        if self._kept > MOST_KEPT:
            return
        self._kept += len(text)
        if self._kept > MOST_KEPT:
            self._printed.append("\n… the rest is not kept\n")
            return
        whole, end, begun = text.rpartition("\n")
        if end:
            self._printed.append(whole + end)
            self._unfinished.pop(stream, None)
        if begun:
            self._printed.append(begun)
            self._unfinished.setdefault(stream, []).append(len(self._printed) - 1)

    def _taken(self, stream: str, text: str) -> str:
        """Give what may be shown of a text, and hold back the rest."""
        if self._cut:
            self._hold(text)
            return ""
        shown = self._part(text)
        if shown:
            self._lines, self._size = self._lines - shown.count("\n"), self._size - size_of(shown)
            (self._open.discard if shown.endswith("\n") else self._open.add)(stream)
        if len(shown) < len(text):
            self._hold(text[len(shown) :])
        return shown

    def _part(self, text: str) -> str:
        """Cut a text at what is left of the lines, or of the bytes."""
        part = text
        if not self._lines or text.count("\n") > self._lines:
            part, self._cut = "".join(_PIECES.findall(text)[: self._lines]), "lines"
        if size_of(part) > self._size:
            part, self._cut = part.encode(errors="replace")[: self._size].decode(errors="ignore"), "bytes"
        return part

    def _hold(self, text: str) -> None:
        self._held_lines += text.count("\n")
        self._held_size += size_of(text)
        self._ends_open = not text.endswith("\n")

    # ---- displays

    def displayed(
        self, conversation: Conversation, data: Mapping[str, Any], metadata: Mapping[str, Any] | None
    ) -> Kept:
        """Keep a display; say in it whether it is shown."""
        size = size_of(data)
        kept = Kept(data, metadata, is_shown=self._displays > 0 and self._displayed > 0)
        if kept.is_shown:
            self._displays, self._displayed = self._displays - 1, self._displayed - size
        else:
            self._held_displays += 1
        self._kept_displays += size
        if self._kept_displays <= MOST_KEPT:
            conversation.displays.append(kept)
        elif not kept.is_shown:
            kept.data = {}
            self._lost_displays += 1
        self._keep("", f"{data.get('text/plain', '')}\n")
        return kept

    # ---- ends

    @property
    def is_unfinished(self) -> bool:
        """Something was held back, or is not shown yet."""
        return bool(self._cut or self._held_displays) or any(bar.is_due for bar in self.bars.values())

    def line_end(self, stream: str) -> str:
        """Give what ends the line that stands in the cell, if it is not ended; once."""
        is_open = stream in self._open
        self._open.discard(stream)
        return "\n" if is_open else ""

    def held_back(self, place: str) -> str:
        """Say what was held back, and where it is; once. From then on nothing more is shown.

        Args:
            place: How the conversation is written in Python.
        """
        lines = []
        if self._cut:
            by_lines = counted(self._held_lines + self._ends_open, "line")
            count = by_lines if self._cut == "lines" else size_said(self._held_size)
            lines.append(f"… {count} more: {place}.output\n")
        if self._held_displays:
            lost = f" ({self._lost_displays:,} of them are not kept)" if self._lost_displays else ""
            lines.append(f"… {counted(self._held_displays, 'display')} more: {place}.displays{lost}\n")
        if self._cut:
            self._lines = self._size = 0
        self._cut, self._ends_open = "", False
        self._held_lines = self._held_size = self._held_displays = self._lost_displays = 0
        return "".join(lines)
