"""Which cell code stands in, and which cell it was begun by: the numbers that a notebook shows beside its cells."""

from __future__ import annotations

import re
from contextvars import ContextVar

__all__ = ["BEGUN_BY", "cell_of"]

BEGUN_BY: ContextVar[int | None] = ContextVar("xpipe_cell", default=None)
"""The number of the cell that began what runs here; tasks take it with them, and so do conversations."""

_NUMBER = re.compile(r"\[(\d+)\]")


def cell_of(file: str) -> int | None:
    """Give the number of the cell that a file's code stands in; `None` for a file that is one."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    label = None if shell is None else shell.compile.format_code_name(file)
    found = None if label is None else _NUMBER.search(label[1])
    return None if found is None else int(found[1])
