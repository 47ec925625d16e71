"""Handlers that hold the event loop: who it is and where, seen from a thread, because the loop cannot say it."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from xpipe_nb.dispatch.turn import Turn
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import Shell
from xpipe_nb.notebook.waiting import waits_in_ours
from xpipe_nb.workers import local

__all__ = ["Cells", "Interrupted", "Stopping", "Watchdog"]

GLANCE = 0.1
"""Seconds between two looks at what the loop's thread does, while anything is under way."""
PATIENCE = 0.25
"""Seconds that a loop has to turn once, after a handler was seen at work."""
LINGER = 20
"""How many looks go by with nothing under way before the thread sleeps."""

_CALLS_HANDLERS = str(local.__file__)
_OURS = str(Path(local.__file__).parent.parent)


class Interrupted(Exception):
    """A person has pressed Stop while this handler held the event loop."""


class _Place(NamedTuple):
    turn: Turn
    file: str
    line: int


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
        """Tell of a handler that is at work and does not let the loop turn."""
        before = self._at_work()
        if before is None or before.turn is self._told:
            return
        turned = threading.Event()
        try:
            self._call_soon(turned.set)
        except RuntimeError:  # the loop is closed
            self._stopped.set()
            return
        if turned.wait(PATIENCE):
            return
        now = self._at_work()
        if now is not None and now.turn is before.turn:
            self._told = now.turn
            self._tell(now)

    def _at_work(self) -> _Place | None:
        return _handler_below(sys._current_frames().get(self._loop_thread))  # noqa: SLF001 - there is no other way

    def _tell(self, place: _Place) -> None:
        name = place.turn.listener.name
        where = f"{self._shell.cell_of(place.file)}, line {place.line}"
        stop = (
            "Stop (interrupt) ends it" if self._cells else "No cell runs, so Stop does not reach it: wait, or restart"
        )
        text = (
            f"{name} holds the event loop ({where}), so nothing else can run. {stop}. Make it a plain def, which "
            "runs in a thread, or cpu_bound: true, which runs it in a process."
        )
        conversation = place.turn.frame.conversation
        if conversation.context is None:
            say(f"△ {text}")
        else:
            conversation.context.copy().run(say, f"△ {text}")
        run = self._session.runs.get(conversation.organism_name)
        if run is not None:
            run.blocked(text)


def _handler_below(frame: FrameType | None) -> _Place | None:
    """Find the innermost handler on a stack, with the line that it is at."""
    inner: FrameType | None = None
    for each in _outwards(frame):
        if each.f_code.co_filename == _CALLS_HANDLERS:
            turn = each.f_locals.get("turn")
            is_handler = inner is not None and not inner.f_code.co_filename.startswith(_OURS)
            if isinstance(turn, Turn) and inner is not None and is_handler:
                return _Place(turn, inner.f_code.co_filename, inner.f_lineno)
        inner = each
    return None


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


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
        if _handler_below(frame) is not None:
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
