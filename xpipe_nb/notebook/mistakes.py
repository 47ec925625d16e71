"""Mistakes in one line: an error that fails its cell without a traceback of ours, and stays an exception.

IPython asks an exception for `_render_traceback_` before it draws a traceback. While the extension is loaded, our
errors have that method: the cell fails (so Run All stops) and shows one line. The exception itself is what it is, so
`try` and `except` in a cell work as anywhere else.
"""

from __future__ import annotations

import os
import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

import xpipe_nb.errors
from xpipe_nb.errors import XPipeError
from xpipe_nb.notebook.places import place_of
from xpipe_nb.wording import did_you_mean

__all__ = [
    "Mistake",
    "hide_tracebacks",
    "is_foreign",
    "is_ours",
    "one_line",
    "show_as",
    "show_tracebacks",
    "unknown_word",
]

_OURS = f"{Path(xpipe_nb.errors.__file__).parent}{os.sep}"
_LIBRARY = sysconfig.get_path("stdlib")


class Mistake(XPipeError):
    """Something that a person wrote in a magic and that cannot be done as it stands.

    Args:
        text: What is there, what was expected, the nearest right word: one or two short sentences.
    """


def one_line(error: BaseException) -> str:
    """Say an error in as few lines as it has things to say, each marked; no class name, no traceback."""
    text = str(error).strip() or type(error).__name__
    return "\n".join(f"✕ {line}" for line in text.splitlines())


def unknown_word(what: str, word: str, known: Iterable[str], *, where: str = "") -> Mistake:
    """Give the mistake of a word that is not known: the nearest one first, then the others.

    Example:
        >>> str(unknown_word("listener", "greter", ["greeter", "shouter"], where=" in hello"))
        "No listener 'greter' in hello. Did you mean greeter? Others: shouter."
    """
    return Mistake(f"No {what} {word!r}{where}.{did_you_mean(word, known, there_are='There are')}")


def show_as(error: BaseException, *lines: str) -> None:
    """Let one exception be shown as these lines, should it reach the end of a cell."""
    error._render_traceback_ = lambda: list(lines)  # type: ignore[attr-defined]  # IPython looks for it


def hide_tracebacks() -> None:
    """Show our errors as one line from now on."""
    XPipeError._render_traceback_ = _render  # type: ignore[attr-defined]  # the method that IPython looks for


def show_tracebacks() -> None:
    """Show our errors like all others again."""
    if "_render_traceback_" in vars(XPipeError):
        del XPipeError._render_traceback_  # type: ignore[attr-defined]  # set by hide_tracebacks


def _render(error: XPipeError) -> list[str]:
    """Give the one line, after the way to it if it leads through functions of the person's own."""
    way = [summary for summary in traceback.extract_tb(error.__traceback__) if _is_persons(summary)]
    own = [summary for summary in way if summary.name != "<module>"]
    places = [f"{place_of(summary.filename, summary.lineno)}, in {summary.name}: {summary.line}" for summary in own]
    return [*places, one_line(error)]


def is_ours(file: str) -> bool:
    """Say whether a file is one of this package's."""
    return file.startswith(_OURS)


def is_foreign(file: str) -> bool:
    """Say whether a file is one of a library's, Python's own among them."""
    return file.startswith((_LIBRARY, "<frozen")) or "site-packages" in file


def _is_persons(summary: traceback.FrameSummary) -> bool:
    return not is_ours(summary.filename) and not is_foreign(summary.filename)
