"""What a completion consists of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Found", "starting"]


class Found(NamedTuple):
    """Something that may stand at the cursor.

    Args:
        text: What is written.
        kind: What it is, in a word; JupyterLab shows it beside the text.
    """

    text: str
    kind: str


def starting(fragment: str, found: Iterable[Found]) -> list[Found]:
    """Keep what begins with what is written already.

    Example:
        >>> starting("gre", [Found("greeter", "listener"), Found("shouter", "listener")])
        [Found(text='greeter', kind='listener')]
    """
    return [each for each in found if each.text.startswith(fragment)]
