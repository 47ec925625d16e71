"""The organisms that a notebook runs, by name, for code that has no magics at hand, and who is told of all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xpipe_nb.organism import Organism

__all__ = ["organisms", "remember", "watchers"]

_RUNNING: dict[str, Organism] = {}

organisms: Mapping[str, Organism] = MappingProxyType(_RUNNING)
"""The organisms that `%%organism` has started and that run, by name: `xp.organisms["hello"]`.

It is always empty in a program without a notebook.
"""

watchers: list[Callable[[Organism], None]] = []
"""Are told of each organism that starts, before it handles anything; a notebook draws its bars so, whoever has made it."""


def remember(name: str, organism: Organism | None) -> None:
    """Note which organism has a name now; `None` for none any more."""
    if organism is None:
        _RUNNING.pop(name, None)
    else:
        _RUNNING[name] = organism
