"""`%%time` and `%%capture` for cells that wait: IPython's own run their body by themselves, and cannot await.

The step that awaits our calls renames the two in cells whose body has calls of ours; no other cell gets here.
"""

from __future__ import annotations

import ast
import inspect
import re
import time
from collections.abc import Callable
from typing import Any

from IPython.core.magics.execution import ExecutionMagics
from IPython.display import display
from IPython.utils.capture import capture_output

from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.saying import say

__all__ = ["PREFIX", "TWINS", "Twins", "has_calls"]

PREFIX = "xp_"
TWINS = frozenset({("run_cell_magic", "time"), ("run_line_magic", "time"), ("run_cell_magic", "capture")})
"""How IPython calls the magics that have a twin."""

_CALLS = re.compile(r"%(?:xp_)?(?:inject|organism|settle|expect)\b")


def has_calls(body: str) -> bool:
    """Say whether a text that another magic would run has magics of ours in it."""
    return _CALLS.search(body) is not None


class Twins:
    """The functions behind the two.

    Args:
        shell: IPython's own shell.
        begin: Makes the handle of some work: what it is in words, and the work.
    """

    def __init__(self, shell: Any, begin: Callable[[str, Any], Handle]) -> None:
        self._shell, self._begin = shell, begin

    def time(self, line: str, cell: str | None = None) -> Handle:
        """Run a body and say how long it took, in the processor and on the wall."""
        return self._begin("%time", lambda _handle: self._timed(line if cell is None else cell))

    def capture(self, line: str, cell: str) -> Handle:
        """Run a body and keep what it shows, in the variable that the line names."""
        return self._begin("%%capture", lambda _handle: self._captured(line, cell))

    async def _timed(self, body: str) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            return await self._run(body)
        finally:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            say(f"CPU times: total: {_span(cpu)}\nWall time: {_span(wall)}")

    async def _captured(self, line: str, body: str) -> None:
        asked = ExecutionMagics.capture.parser.parse_argstring(line)  # its own options
        with capture_output(not asked.no_stdout, not asked.no_stderr, not asked.no_display) as kept:
            try:
                value = await self._run(body)
                shown, metadata = self._shell.display_formatter.format(value)
                if value is not None and shown:  # what `%inject` has shown already has no other form
                    display(shown, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
            finally:
                if asked.output:
                    self._shell.user_ns[asked.output] = kept

    async def _run(self, body: str) -> Any:
        """Run a body as IPython runs a cell, awaiting what is to be awaited; give the value of its last line."""
        text = self._shell.transform_cell(body)
        number = len(self._shell.history_manager.input_hist_raw) - 1  # of this cell, whenever IPython counts on
        name = self._shell.compile.cache(text, number, raw_code=body)
        statements = ast.parse(text, name).body
        last = statements.pop() if statements and isinstance(statements[-1], ast.Expr) else None
        await self._value(ast.Module(statements, []), name, "exec")
        return await self._value(ast.Expression(last.value), name, "eval") if isinstance(last, ast.Expr) else None

    async def _value(self, tree: ast.Module | ast.Expression, name: str, mode: str) -> Any:
        flags = self._shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code = compile(tree, name, mode, flags=flags, dont_inherit=True)
        value = eval(code, self._shell.user_ns)  # noqa: S307 - their code, in their kernel
        return await value if code.co_flags & inspect.CO_COROUTINE else value


def _span(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"
