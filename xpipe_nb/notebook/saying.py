"""Lines of ours under a cell."""

from __future__ import annotations

import sys

__all__ = ["say"]


def say(text: object, *, is_error: bool = False) -> None:
    """Write a text and its end of line at once: `print` writes them apart, and a handler's print may come between.

    Args:
        text: One line or more.
        is_error: It goes where errors go.
    """
    (sys.stderr if is_error else sys.stdout).write(f"{text}\n")
