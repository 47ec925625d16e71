"""The grammar of names on the wire, and the nearest known word to a misspelt one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["SYSTEM", "SYSTEM_LISTENERS", "is_name", "is_system_name", "nearest"]

SYSTEM = "system"
"""The name under which the pump itself speaks; nobody outside may use it."""

SYSTEM_LISTENERS = (
    "system.boot",
    "system.todo",
    "system.todo-complete",
    "system.sequence",
    "system.sequence.factory",
    "system.buffer",
)
"""The pump's own listeners, which every organism has."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*", re.ASCII)


def is_name(text: str) -> bool:
    """Say whether `text` is a legal name of a listener or a port, matched whole."""
    return _NAME.fullmatch(text) is not None


def is_system_name(text: str) -> bool:
    """Say whether `text` is `system` or one of the names below it."""
    return text == SYSTEM or text.startswith(f"{SYSTEM}.")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that comes closest to `word`, or `None` when none is near.

    Where no letters are alike enough, the only one that ends in `_` and the word will do.

    Example:
        >>> nearest("greter", ["greeter", "shouter"]), nearest("url", ["redis_url", "address"])
        ('greeter', 'redis_url')
    """
    by_folded = {name.casefold(): name for name in known}
    folded = word.casefold()
    found = get_close_matches(folded, by_folded, n=1, cutoff=0.6) or [
        name for name in by_folded if folded and name.endswith(f"_{folded}")
    ]
    return by_folded[found[0]] if len(found) == 1 else None
