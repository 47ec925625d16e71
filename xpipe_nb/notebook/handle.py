"""What a magic returns: work that has started already and can be awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from xpipe_nb.notebook.mistakes import one_line
from xpipe_nb.notebook.saying import say

__all__ = ["Handle"]

Work = Callable[["Handle"], Coroutine[Any, Any, Any]]


class Handle:
    """Work on the kernel's loop, begun when the magic was called, in the context of the calling cell.

    Args:
        what: What it is, for `repr` and notices, such as `%inject greeter`.
        work: Makes the coroutine; it gets the handle, to look at `names` and `is_assigned`.
        cannot_wait: What to say when the place of the call cannot wait.

    Raises:
        RuntimeError: When no event loop runs here.
    """

    def __init__(self, what: str, work: Work, cannot_wait: str) -> None:
        self.names: tuple[str, ...] = ()
        self.is_assigned = False
        self.is_cell_value = False
        self.is_left_to_ipython = False
        self._what, self._cannot_wait = what, cannot_wait
        self._awaited, self._has_told = False, False
        loop = asyncio.get_running_loop()
        loop.call_soon(self.say_that_nobody_waits)  # before the work begins, after an `await` in the same expression
        self._task = loop.create_task(work(self), name=what)
        self._task.add_done_callback(self._say_what_nobody_sees)

    def assigned(self, *names: str) -> Handle:
        """Note that the result goes to these names of the notebook (the step that awaits our calls writes this)."""
        self.names, self.is_assigned = names, True
        return self

    def shown(self) -> Handle:
        """Note that the result is the value of the cell, which IPython will show (written by the same step)."""
        self.is_cell_value = True
        return self

    def __await__(self) -> Generator[Any, None, Any]:
        self._awaited = True
        return self._wait().__await__()

    async def _wait(self) -> Any:
        return await self._task  # to cancel the waiting cancels the work

    def say_that_nobody_waits(self) -> None:
        """Say once that the place of the call could not wait, if it has not done so by now."""
        if not self._awaited and not self._has_told:
            self._has_told = True
            say(self._cannot_wait)

    def _say_what_nobody_sees(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or task.exception() is None or self._awaited:
            return
        say(one_line(task.exception() or RuntimeError()), is_error=True)

    def __repr__(self) -> str:
        state = "under way" if not self._task.done() else "ended" if self._task.cancelled() else "done"
        return f"{self._what} · {state}"
