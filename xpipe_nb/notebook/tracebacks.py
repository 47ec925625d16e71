"""What a person sees of an error that ends their cell: their own lines, and where they stopped waiting one sentence.

IPython shows every error through `showtraceback`. While the extension is loaded our frames are taken out there, with
the library's frames below them, and nowhere else; what fails by a fault of ours is shown whole.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.notebook.mistakes import is_foreign, is_ours, show_as

__all__ = ["keep_ours_out"]

_EXPECTED = (XPipeError, asyncio.CancelledError, KeyboardInterrupt)
"""What ours may raise into a cell; anything else that begins in our files is a fault of ours."""


def keep_ours_out(shell: Any, stopped: Callable[[TracebackType | None], str | None]) -> Callable[[], None]:
    """Take our frames out of what the shell shows; give the function that puts it back.

    Args:
        shell: IPython's own shell.
        stopped: Says in a sentence what a cell waited in when it was stopped, if that was of ours.
    """
    show, was_wrapped = shell.showtraceback, "showtraceback" in vars(shell)

    def showtraceback(exc_tuple: Any = None, *arguments: Any, **options: Any) -> None:
        error = (exc_tuple or sys.exc_info())[1]
        if error is None:
            show(exc_tuple, *arguments, **options)
            return
        if isinstance(error, asyncio.CancelledError) and (sentence := stopped(error.__traceback__)):
            error.args = (sentence,)
            show_as(error, sentence)
        with _without_ours(error):
            show((type(error), error, error.__traceback__), *arguments, **options)

    shell.showtraceback = showtraceback

    def undo() -> None:
        if shell.showtraceback is not showtraceback:  # whoever has wrapped it since keeps it
            return
        del shell.showtraceback  # the method of its class shows again
        if was_wrapped:
            shell.showtraceback = show

    return undo


@contextmanager
def _without_ours(error: BaseException) -> Iterator[None]:
    """Leave only the person's way to an error, and to what led to it, as long as it is shown."""
    every = list(_all_behind(error))
    before = [(each, each.__traceback__, each.__cause__, each.__context__, each.__suppress_context__) for each in every]
    for each in every:
        each.__traceback__ = _persons(each)
    for each in every:
        if isinstance(each, XPipeError):
            _cut(each)
    try:
        yield
    finally:
        for each, way, cause, context, suppressed in before:
            each.__traceback__, each.__cause__, each.__context__ = way, cause, context
            each.__suppress_context__ = suppressed


def _all_behind(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [each.__cause__, each.__context__, *getattr(each, "exceptions", ())]


def _persons(error: BaseException) -> TracebackType | None:
    """Give the traceback without our frames and without what they have called."""
    kept, is_below_ours = [], False
    way = error.__traceback__
    while way is not None:
        file = way.tb_frame.f_code.co_filename
        is_below_ours = is_ours(file) or (is_below_ours and is_foreign(file))
        if not is_below_ours:
            kept.append(way)
        way = way.tb_next
    if is_below_ours and not isinstance(error, _EXPECTED):
        return error.__traceback__
    for each in reversed(kept):
        way = TracebackType(way, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return way


def _cut(error: XPipeError) -> None:
    """Leave out what led to an error of ours when nothing of the person's is in it."""
    if error.__cause__ is not None and error.__cause__.__traceback__ is None:
        error.__cause__ = None
    if error.__context__ is not None and error.__context__.__traceback__ is None:
        error.__suppress_context__ = True
