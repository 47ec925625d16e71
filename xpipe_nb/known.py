"""The organisms that a notebook runs, by name, for code that has no magics at hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xpipe_nb.organism import Organism

__all__ = ["organisms", "remember"]

_RUNNING: dict[str, Organism] = {}

organisms: Mapping[str, Organism] = MappingProxyType(_RUNNING)
"""The organisms that `%%organism` has started and that run, by name: `xp.organisms["hello"]`.

It is always empty in a program without a notebook.
"""


def remember(name: str, organism: Organism | None) -> None:
    """Note which organism has a name now; `None` for none any more."""
    if organism is None:
        _RUNNING.pop(name, None)
    else:
        _RUNNING[name] = organism
