"""Code as a cell has it: in `__main__`, in no file, with its lines where tracebacks look for them."""

from __future__ import annotations

import linecache
from itertools import count
from types import SimpleNamespace
from typing import Any

import xpipe_nb

__all__ = ["Notebook"]

PAYLOADS = """
from dataclasses import field
import asyncio, logging, os, signal, sys, threading, time, warnings

@xp.payload
class Num:
    n: int

@xp.payload
class Res:
    n: int
    pid: int = 0
    text: str = ""
"""


class Notebook:
    """A namespace that cells are run in.

    Args:
        cells: The first of them; there are the payloads `Num` and `Res` already.
    """

    _numbers = count(1)

    def __init__(self, *cells: str) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__", "xp": xpipe_nb}
        for cell in (PAYLOADS, *cells):
            self.run(cell)

    def run(self, cell: str) -> SimpleNamespace:
        """Run a cell; give all names as attributes."""
        file = f"<cell {next(self._numbers)} of the tests>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        exec(compile(cell, file, "exec"), self.names)
        return SimpleNamespace(**self.names)
