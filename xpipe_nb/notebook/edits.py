"""The edit loop: a cell that defines a handler or a payload anew is taken over by the organisms that use it.

After each cell, and before a message is sent in one, the names in use are compared with what they were, by identity: a
few dictionary look-ups when nothing of ours has changed. What was bound anew is reloaded, and one line under the edited cell says what changed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.events import ReloadEvent
from xpipe_nb.listeners import mark_of
from xpipe_nb.notebook.mistakes import one_line
from xpipe_nb.notebook.reloads import edited_line
from xpipe_nb.notebook.runs import Run
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import Shell

__all__ = ["Edits"]

_ALIKE = 0.75
"""How like a name must be to another to be taken for it, renamed; from 0 to 1."""


class Edits:
    """Looks after each cell whether something in use was defined anew.

    Args:
        session: The organisms of this kernel.
        shell: Runs what is asynchronous, at once.
    """

    def __init__(self, session: Session, shell: Shell) -> None:
        self._session, self._shell = session, shell
        self._told: set[str] = set()
        self._defined_by: dict[str, list[str]] = {}

    def after_cell(self, text: str, cell: str = "") -> list[str]:
        """Take over what the cell has defined anew; give the lines that say so.

        Args:
            text: The cell as it was written.
            cell: What the front end knows it by, if it says so.
        """
        lines = self.so_far()
        if "listener" in text:
            lines += self._renamed(text, cell)
        return lines

    def so_far(self) -> list[str]:
        """Take over what has been defined anew by now, in a cell that has not ended; give the lines that say so."""
        namespace = self._session.namespace
        lines: list[str] = []
        for run in self._session.runs.values():
            if any(namespace.get(name, known) is not known for name, known in run.watched.items()):
                lines += self._taken_over(run)
        return lines

    def _taken_over(self, run: Run) -> Iterator[str]:
        if run.organism.state not in ("running", "paused"):
            return
        try:
            configs = run.source.again(run.organism.name, self._session.namespace).listeners
            event = self._shell.at_once(run.organism.reload(configs, self._session.namespace))
        except (XPipeError, OSError) as wrong:
            event = ReloadEvent(success=False, cause=wrong)
        run.watch(self._session.namespace)
        if event.cause is not None:
            yield f"{one_line(event.cause)}\n{run.organism.name} runs on unchanged."
        elif event.changes:
            run.picture.renew_soon()
            yield edited_line(run.organism, event)

    def _renamed(self, text: str, cell: str) -> Iterator[str]:
        """Name the functions that no organism has, but that look like one that an organism has, renamed.

        They are named like it, or stand in the cell where it stood.
        """
        defined, used = _names(text)
        gone = set(self._defined_by.get(cell, ())) - set(defined)
        if cell:
            self._defined_by[cell] = defined
        known = [name for run in self._session.runs.values() for name in run.organism.listeners]
        for name in defined:
            function = self._session.namespace.get(name)
            if name in used | self._told or mark_of(function) is None or self._is_in_use(name, function):
                continue
            before = next(iter([*get_close_matches(name, known, cutoff=_ALIKE), *(gone & set(known))]), None)
            if before is not None:
                self._told.add(name)
                yield f"{name} is new and nobody uses it; add it to %%organism {self._owner(before)}"

    def _owner(self, listener: str) -> str:
        return next(name for name, run in self._session.runs.items() if listener in run.organism.listeners)

    def _is_in_use(self, name: str, function: Any) -> bool:
        return any(
            name in run.organism.listeners or any(each.handler is function for each in run.organism.listeners.values())
            for run in self._session.runs.values()
        )


def _names(text: str) -> tuple[list[str], set[str]]:
    """Give the functions that a cell defines at its top, and the names that it uses."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # a magic, or nothing that has run
        return [], set()
    defined = [each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    used = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    return defined, used
