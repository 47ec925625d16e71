"""Handlers and cells that hold the event loop: who it is and where, seen from a thread, because the loop cannot say it."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from xpipe_nb.dispatch.turn import Turn
from xpipe_nb.notebook.cells import cell_of
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import Shell
from xpipe_nb.notebook.stacks import CellAtWork, HandlerAtWork, cell_at_work, handler_at_work
from xpipe_nb.notebook.waiting import waits_in_ours

__all__ = ["Cells", "Interrupted", "Stopping", "Watchdog"]

GLANCE = 0.1
"""Seconds between two looks at what the loop's thread does, while anything is under way."""
PATIENCE = 0.25
"""Seconds that a loop has to turn once, after a handler was seen at work."""
LINGER = 20
"""How many looks go by with nothing under way before the thread sleeps."""


class Interrupted(Exception):
    """A person has pressed Stop while this handler held the event loop."""


class Watchdog:
    """A thread that looks on while a cell runs or anything is under way, and sleeps otherwise.

    While both are so it wakes the loop now and then, so that Stop acts within a few tenths of a second.

    Args:
        session: The organisms of this kernel; their loop is that of the thread which makes this.
        shell: Says which cell code stands in.
        call_soon: The loop's `call_soon_threadsafe`.
        cells: Which cells run.
    """

    def __init__(self, session: Session, shell: Shell, call_soon: Callable[..., Any], cells: Cells) -> None:
        self._session, self._shell, self._call_soon, self._cells = session, shell, call_soon, cells
        self._loop_thread = threading.get_ident()
        self._wanted, self._stopped = threading.Event(), threading.Event()
        self._told: Turn | None = None
        self._is_held = False
        self._has_beaten = True
        threading.Thread(target=self._watch, name="xpipe-watchdog", daemon=True).start()

    def wake(self) -> None:
        """Look on from now; something may begin."""
        self._wanted.set()

    def close(self) -> None:
        """End the thread."""
        self._stopped.set()
        self._wanted.set()

    def _watch(self) -> None:
        quiet = 0
        while not self._stopped.is_set():
            self._wanted.wait()
            if self._stopped.wait(GLANCE):
                return
            quiet = 0 if self._session.is_busy else quiet + 1
            if quiet > LINGER and not self._cells:
                self._wanted.clear()
                quiet = 0
            if not quiet and self._cells:
                self._beat()
            self._look()

    def _beat(self) -> None:
        """Wake the loop, so that Stop acts at once: a loop with nothing to do looks at it only when it wakes."""
        if self._has_beaten:
            self._has_beaten = False
            try:
                self._call_soon(self._beaten)
            except RuntimeError:  # the loop is closed
                self._stopped.set()

    def _beaten(self) -> None:
        self._has_beaten = True

    def _look(self) -> None:
        """Tell of a handler or a cell that is at work and does not let the loop turn."""
        before = None if self._is_held else self._at_work()
        if before is None:
            return
        turned = threading.Event()
        if not self._soon(turned.set) or turned.wait(PATIENCE):
            return
        now = self._at_work()
        if now is not None and now.who == before.who:
            self._is_held = True
            self._tell(now)
            self._soon(self._freed)

    def _soon(self, act: Callable[[], None]) -> bool:
        """Have something done when the loop turns next; say whether there still is one."""
        try:
            self._call_soon(act)
        except RuntimeError:  # the loop is closed
            self._stopped.set()
            return False
        return True

    def _at_work(self) -> HandlerAtWork | CellAtWork | None:
        frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001 - there is no other way
        handler = handler_at_work(frame)
        if handler is not None or not self._session.runs:
            return handler
        return cell_at_work(frame, lambda file: cell_of(file) is not None)

    def _tell(self, place: HandlerAtWork | CellAtWork) -> None:
        """Say it in all views, since all organisms stand still; a handler is told of in its cell as well, once."""
        if isinstance(place, CellAtWork):
            text = self._cell_said(place)
        else:
            text = self._handler_said(place)
            if place.turn is not self._told:
                self._told = place.turn
                context = place.turn.frame.conversation.context
                say(f"△ {text}") if context is None else context.copy().run(say, f"△ {text}")
        self._show(text)

    def _handler_said(self, place: HandlerAtWork) -> str:
        where = f"{self._shell.cell_of(place.file)}, line {place.line}"
        return (
            f"{place.turn.listener.name} holds the event loop ({where}), so nothing else can run. {self._stop}. Make it "
            "a plain def, which runs in a thread, or cpu_bound: true, which runs it in a process."
        )

    def _cell_said(self, place: CellAtWork) -> str:
        cell, inner = self._shell.cell_of(place.file), self._shell.cell_of(place.inner)
        where = f"line {place.line}" if inner == cell else f"{inner}, line {place.line}"
        return (
            f"{cell.capitalize()} holds the event loop ({where}), so nothing else can run. {self._stop}. What "
            "takes long can be done in a thread: await asyncio.to_thread(function)."
        )

    @property
    def _stop(self) -> str:
        if self._cells:
            return "Stop (interrupt) ends it"
        return "No cell runs, so Stop does not reach it: wait, or restart"

    def _freed(self) -> None:
        """The loop turns again."""
        self._is_held = False
        self._show(None)

    def _show(self, words: str | None) -> None:
        for run in tuple(self._session.runs.values()):
            run.blocked(words)


class Stopping:
    """Lets Stop reach what IPython's own answer to it does not reach, while a cell runs that may wait.

    IPython cancels the cell when the loop next turns; a handler that never lets it turn is not reached by that. Here it
    gets an exception at the line where it is. A terminal does not cancel at all: it leaves the cell on the loop, where
    it would go on some time later; so a cell that waits in something of ours is cancelled here. Anything else is left
    to IPython.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self.cell: asyncio.Task[Any] | None = None

    def begin(self) -> None:
        """Answer to Stop from now on, in the main thread, where it comes.

        Below a cell that does not wait no loop turns, so nothing of ours can be under way there; it is known by
        Python's own answer, with which a kernel runs such cells.
        """
        if self._before is not None or threading.current_thread() is not threading.main_thread():
            return
        if self.cell is not None or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            self._before = signal.signal(signal.SIGINT, self._stop)

    def end(self) -> None:
        """Leave it to whoever answered before."""
        if self._before is None or threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) == self._stop:
            signal.signal(signal.SIGINT, self._before)
        self._before = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if handler_at_work(frame) is not None:
            raise Interrupted("stopped by hand")
        if self.cell is not None and waits_in_ours(self.cell):
            self.cell.get_loop().call_soon_threadsafe(self.cell.cancel)
        elif callable(self._before):
            self._before(number, frame)


class Cells:
    """Which cells run at present: one inside another, or beside it in a thread of its own, as subshells do."""

    def __init__(self) -> None:
        self._depths: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._depths)

    def begin(self) -> bool:
        """A cell begins in this thread; say whether it is the outermost of it."""
        thread = threading.get_ident()
        depth = self._depths[thread] = self._depths.get(thread, 0) + 1
        return depth == 1

    def end(self) -> bool:
        """One ends; say whether it was the outermost of its thread."""
        thread = threading.get_ident()
        depth = self._depths.pop(thread, 1) - 1
        if depth:
            self._depths[thread] = depth
        return not depth
