"""What a cell is told of an organism that it has started or stopped."""

from __future__ import annotations

from dataclasses import dataclass

from xpipe_nb.events import ReloadEvent
from xpipe_nb.notebook.runs import Run

__all__ = ["Ended", "Started"]


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of an organism's conversations when it was stopped.

    Args:
        name: The organism's name.
        done: How many had come to a good end by themselves.
        failed: How many had ended in an error.
        cut: The ones that were still under way, with the listener they were in: `#4, in shouter`.
    """

    name: str
    done: int
    failed: int
    cut: tuple[str, ...]

    def __str__(self) -> str:
        cut = f", {len(self.cut)} ended ({'; '.join(self.cut)})" if self.cut else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.name} stopped: {self.done} done{failed}{cut}"


@dataclass(frozen=True, slots=True)
class Started:
    """An organism that has just been started, or has taken over what its cell says now.

    Args:
        run: The organism and what is kept beside it.
        before: What became of the one that had its name, if one was stopped.
        reloaded: What changed, if it ran already and runs on.
        bound: The name it has in the notebook, if it has one.
    """

    run: Run
    before: Ended | None = None
    reloaded: ReloadEvent | None = None
    bound: str | None = None
