"""What this kernel and its front end can do, found out once when the extension is loaded."""

from __future__ import annotations

import asyncio
import importlib
import platform
import re
from collections.abc import Coroutine, Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from xpipe_nb._version import __version__

__all__ = ["NESTED", "Shell"]

_T = TypeVar("_T")

NESTED = (
    "nest_asyncio has changed this kernel's event loop, and organisms may hang on it. xpipe_nb does not need it: a "
    "cell can await. Take nest_asyncio.apply() out and restart the kernel."
)

_CAUSAL = (7,)
"""From this ipykernel on, prints and displays of a task go to the cell that began it."""


class Shell:
    """IPython's shell, as the rest of us wants to know it.

    Args:
        shell: IPython's own.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self.kernel = getattr(shell, "kernel", None)
        self.displays_follow_tasks = self.kernel is None or _numbers(_version_of("ipykernel")) >= _CAUSAL
        self.has_matchers = hasattr(getattr(shell, "Completer", None), "custom_matchers") and _has_context_matchers()

    @property
    def is_headless(self) -> bool:
        """No person looks on: whoever runs the cells takes no input, as nbclient and nbconvert do not."""
        return self.kernel is not None and not getattr(self.kernel, "_allow_stdin", True)

    @property
    def has_widgets(self) -> bool:
        """This kernel can show what a person acts on."""
        return self.kernel is not None and _can_import("anywidget")  # which needs ipywidgets, and both must be whole

    @property
    def is_nested(self) -> bool:
        """nest_asyncio was applied."""
        return bool(getattr(asyncio, "_nest_patched", False))

    def present_cell(self) -> int:
        """Give the number of the cell that runs now, or ran last."""
        # IPython counts on before, or after, a cell has run; its history does not.
        history = self._shell.history_manager
        return len(history.input_hist_raw) - 1 if history else int(self._shell.execution_count)

    def cell_of(self, file: str) -> str:
        """Say where code stands: `cell 3` for code of a cell, else the file."""
        label = getattr(self._shell.compile, "format_code_name", lambda _file: None)(file)
        if label is None:
            return file
        return f"cell {label[1].removeprefix('In[').removesuffix(']')}"

    def at_once(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine that never waits, from a place that cannot await."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:  # a terminal between two cells
            return self._shell.loop_runner(coroutine)  # type: ignore[no-any-return]
        try:
            coroutine.send(None)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        raise RuntimeError("it waits")

    def next_cell(self, code: str) -> None:
        """Write a new cell below the one that runs."""
        self._shell.set_next_input(code)

    def report(self, more: Iterable[tuple[str, str]] = ()) -> str:
        """Say versions and abilities in a table; each "no" with what helps.

        Args:
            more: Further rows, each with its name.
        """
        rows = [
            ("xpipe_nb", __version__, ""),
            ("Python", platform.python_version(), ""),
            *((name, _version_of(name) or "not installed", "") for name in ("IPython", "ipykernel", "lxml")),
            ("front end", self._front_end(), ""),
            *self._abilities(),
            *((name, value, "") for name, value in more),
        ]
        width = max(len(name) for name, _, _ in rows)
        return "\n".join(
            f"{name.ljust(width)}  {value}{f' · {remedy}' if remedy else ''}" for name, value, remedy in rows
        )

    def _front_end(self) -> str:
        if self.kernel is None:
            return "terminal"
        return "none attached (headless)" if self.is_headless else "attached"

    def _abilities(self) -> list[tuple[str, str, str]]:
        remedy = "pip install anywidget" if self.kernel is not None else "a terminal shows none; a notebook does"
        return [
            _row("displays under their cause", self.displays_follow_tasks, "done by our own capture; ipykernel 7 can"),
            _row("completion", self.has_matchers, "pip install 'ipython>=8.18'"),
            _row("live widgets", self.has_widgets, remedy),
            _row("event loop as it came", not self.is_nested, "take nest_asyncio.apply() out, restart the kernel"),
        ]


def _row(name: str, able: bool, remedy: str) -> tuple[str, str, str]:
    return name, "yes" if able else "no", "" if able else remedy


def _can_import(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


@cache
def _version_of(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _has_context_matchers() -> bool:
    from IPython.core import completer

    return hasattr(completer, "context_matcher")
