"""Handlers that hold the event loop: who it is and where, seen from a thread, because the loop cannot say it."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple

from xpipe_nb.dispatch import handled
from xpipe_nb.dispatch.turn import Turn
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.shell import Shell

__all__ = ["Interrupted", "Watchdog", "stopping_handlers"]

GLANCE = 0.1
"""Seconds between two looks at what the loop's thread does, while anything is under way."""
PATIENCE = 0.25
"""Seconds that a loop has to turn once, after a handler was seen at work."""
LINGER = 20
"""How many looks go by with nothing under way before the thread sleeps."""

_CALLS_HANDLERS = str(handled.__file__)
_OURS = str(Path(handled.__file__).parent.parent)


class Interrupted(Exception):
    """A person has pressed Stop while this handler held the event loop."""


class _Place(NamedTuple):
    turn: Turn
    file: str
    line: int


class Watchdog:
    """A thread that looks on while anything is under way, and sleeps otherwise.

    Args:
        session: The organisms of this kernel; their loop is that of the thread which makes this.
        shell: Says which cell code stands in.
        call_soon: The loop's `call_soon_threadsafe`.
    """

    def __init__(self, session: Session, shell: Shell, call_soon: Callable[..., Any]) -> None:
        self._session, self._shell, self._call_soon = session, shell, call_soon
        self._loop_thread = threading.get_ident()
        self._wanted, self._stopped = threading.Event(), threading.Event()
        self._told: Turn | None = None
        self.a_cell_waits = False
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
            quiet = 0 if self._is_busy() else quiet + 1
            if quiet > LINGER:
                self._wanted.clear()
                quiet = 0
            self._look()

    def _is_busy(self) -> bool:
        return any(run.organism.pump.conversations.active for run in tuple(self._session.runs.values()))

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
        stop = "Stop (interrupt) ends it" if self.a_cell_waits else "no cell waits, so only a restart ends it"
        text = (
            f"{name} holds the event loop ({where}), so nothing else can run. {stop}. Make it a plain def, which "
            "runs in a thread (cpu_bound, a process of its own, is not built yet)."
        )
        conversation = place.turn.frame.conversation
        if conversation.context is None:
            print(f"△ {text}")  # noqa: T201 - it belongs under a cell
        else:
            conversation.context.copy().run(print, f"△ {text}")
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


class stopping_handlers:  # noqa: N801 - it reads as what it does: `with stopping_handlers():`
    """Let Stop reach a handler that holds the loop, while a cell runs.

    IPython's own answer to Stop is to cancel the cell when the loop next turns; a handler that never lets it turn is
    not reached by that. Here it gets an exception at the line where it is. Anything else is left to IPython.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._depth = 0

    def __enter__(self) -> None:
        self._depth += 1
        if self._depth == 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 and self._before is not None:
            if signal.getsignal(signal.SIGINT) == self._stop:
                signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if _handler_below(frame) is not None:
            raise Interrupted("stopped by hand")
        if callable(self._before):
            self._before(number, frame)
