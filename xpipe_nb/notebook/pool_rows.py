"""What the doctor says of worker processes: one row for each pool."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from xpipe_nb.organism import Organism
from xpipe_nb.workers.starting import planned

__all__ = ["pool_rows"]


def pool_rows(organisms: Iterable[Organism]) -> Iterator[tuple[str, str]]:
    """Give what each pool is called, and how it is; also for those that nobody has needed yet.

    Args:
        organisms: Whose pools there are; that of `xp.map` is this process's.
    """
    for organism in organisms:
        workers = organism.workers
        yield f"workers of {organism.name}", (workers.condition or planned(organism.config)).words(workers)
    module: Any = sys.modules.get("xpipe_nb.workers.shared_pool")  # it is there if anybody has called `xp.map`
    shared = None if module is None else module.SHARED.look()
    if shared is not None:
        yield "workers of xp.map", shared.condition.words(shared)
