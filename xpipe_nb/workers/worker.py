"""One worker process, as its pool sees it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from xpipe_nb.events import WorkerState
from xpipe_nb.workers.channel import Link
from xpipe_nb.workers.process import Leave, Lookup, Ready, surroundings

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.workers.executor import Hear
    from xpipe_nb.workers.jobs import Answer, Job
    from xpipe_nb.workers.launching import Launcher
    from xpipe_nb.workers.reports import Ending

__all__ = ["Errand", "Worker"]

KNOWN = 64
"""Of how many functions it is remembered that the worker has them."""


class Errand:
    """A job on its way.

    Args:
        job: The job.
        hear: Is told what its worker tells.
    """

    __slots__ = ("ending", "hear", "is_begun", "job", "worker")

    def __init__(self, job: Job, hear: Hear) -> None:
        self.job, self.hear = job, hear
        self.ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self.worker: Worker | None = None
        self.is_begun = False


class Worker:
    """A process, the connection to it, and what it does.

    Args:
        received: Is told of each message from it.
        lost: Is told once when the connection is closed.
    """

    def __init__(self, received: Callable[[Worker, Any], None], lost: Callable[[Worker], None]) -> None:
        self._link = Link(lambda message: received(self, message), lambda: lost(self))
        self.pid = 0
        self.errand: Errand | None = None
        self.calls = 0  # how many answers its handler waits for
        self.is_held = False  # it has an answer, but may not go on yet
        self.tasks = 0
        self.since = monotonic()
        self.is_gone = False
        self.is_leaving = False
        self.killed = ""  # by whom, in a clause
        self._known: OrderedDict[str, None] = OrderedDict()
        self._end: socket.socket | None = None
        self._path: list[str] = []

    @property
    def state(self) -> str:
        """In a word, as in `WorkerState`."""
        if self.errand is not None:
            return "waiting" if self.calls else "busy"
        return "idle" if self.pid else "starting"

    async def start(self, launch: Launcher) -> None:
        """Start the process; it says when it is ready."""
        ours, theirs = socket.socketpair()
        self._end = ours
        try:
            with theirs:
                launch.launch(theirs)
        except BaseException:
            ours.close()
            raise
        await asyncio.get_running_loop().create_connection(lambda: self._link, sock=ours)
        around = surroundings()
        self._path = around.path
        self._link.send(around)

    def is_ready(self, ready: Ready) -> None:
        """It waits for jobs now."""
        self.pid, self.since = ready.pid, monotonic()

    def give(self, errand: Errand) -> None:
        """Hand it a job; a function that it has is not sent again."""
        self.errand, errand.worker = errand, self
        self.since = monotonic()
        self.tasks += 1
        job = errand.job
        if job.function.hash in self._known:
            job = replace(job, function=replace(job.function, data=b"", sources={}))
        self._remember(job.function.hash)
        if (path := [*sys.path]) != self._path:
            self._path = path
            self._link.send(Lookup(path))
        self._link.send(job)

    def give_again(self) -> None:
        """Hand it the job once more, with its function."""
        if self.errand is not None:
            self._link.send(self.errand.job)

    def _remember(self, digest: str) -> None:
        self._known[digest] = None
        self._known.move_to_end(digest)
        if len(self._known) > KNOWN:
            self._known.popitem(last=False)

    def answer(self, answer: Answer) -> None:
        """Send an answer to its handler."""
        self._link.send(answer)

    def is_done(self) -> None:
        """It has done its job."""
        self.errand, self.calls, self.is_held, self.since = None, 0, False, monotonic()

    def leave(self) -> None:
        """Let it end by itself."""
        self.is_leaving = True
        self._link.send(Leave())

    def kill(self, how: str = "") -> None:
        """End it at once; one that only starts ends when it sees that nobody is here.

        Args:
            how: What is said of whatever it worked on, in a clause; nothing says what can be seen of the process.
        """
        self.killed = how
        if self.pid and not self.is_gone:
            with suppress(ProcessLookupError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        if not self.pid:
            self._link.close()

    def cut(self) -> None:
        """Close the connection."""
        self._link.close()

    def disown(self) -> None:
        """Close this process's copy of the connection, which is a fork of the one that the worker works for."""
        if self._end is not None:
            self._end.close()

    def look(self) -> WorkerState:
        """Give what it does, for people."""
        errand = self.errand
        if errand is None:
            return WorkerState(self.pid, self.state, tasks=self.tasks)
        job = errand.job
        seconds = monotonic() - self.since
        number = job.conversation or None
        return WorkerState(self.pid, self.state, job.listener, number, seconds, job.timeout, tasks=self.tasks)
