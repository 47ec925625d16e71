"""Whose code is at work on a stack: a handler's, or that of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from xpipe_nb.dispatch.turn import Turn
from xpipe_nb.workers import local

__all__ = ["CellAtWork", "HandlerAtWork", "cell_at_work", "handler_at_work"]

_CALLS_HANDLERS = str(local.__file__)
_OURS = str(Path(local.__file__).parent.parent)


class HandlerAtWork(NamedTuple):
    """A handler that runs, and the line of its own code that it is at."""

    turn: Turn
    file: str
    line: int

    @property
    def who(self) -> int:
        """The same for as long as it is the same call of the handler."""
        return id(self.turn)


class CellAtWork(NamedTuple):
    """A cell that runs, and the line that it is at: its own, or that of a function from another cell."""

    who: int
    file: str
    inner: str
    line: int


def handler_at_work(frame: FrameType | None) -> HandlerAtWork | None:
    """Find the innermost handler on a stack."""
    inner: FrameType | None = None
    for each in _outwards(frame):
        if each.f_code.co_filename == _CALLS_HANDLERS:
            turn = each.f_locals.get("turn")
            is_handler = inner is not None and not inner.f_code.co_filename.startswith(_OURS)
            if isinstance(turn, Turn) and inner is not None and is_handler:
                return HandlerAtWork(turn, inner.f_code.co_filename, inner.f_lineno)
        inner = each
    return None


def cell_at_work(frame: FrameType | None, is_cell: Callable[[str], bool]) -> CellAtWork | None:
    """Find the outermost cell on a stack, with the innermost line of a cell.

    Args:
        frame: The innermost frame.
        is_cell: Says whether a file's code stands in a cell.
    """
    frames = [each for each in _outwards(frame) if is_cell(each.f_code.co_filename)]
    if not frames:
        return None
    inner, outer = frames[0], frames[-1]
    return CellAtWork(id(outer), outer.f_code.co_filename, inner.f_code.co_filename, inner.f_lineno)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
