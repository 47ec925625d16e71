"""Who is told of each batch of `xp.map`; apart from it, so that a notebook can ask before anybody needs worker processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xpipe_nb.workers.mapping import Batch

__all__ = ["watchers"]

watchers: list[Callable[[Batch], None]] = []
"""Are told of each batch that begins; a notebook draws its bar so. `batch.subscribe` tells how far it is."""
