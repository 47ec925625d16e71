"""What a worker process runs: jobs, one after the other, until the other end of its socket is closed."""

from __future__ import annotations

import atexit
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import time_ns

from xpipe_nb.workers.channel import Channel
from xpipe_nb.workers.imported import Imported
from xpipe_nb.workers.jobs import Answer, Job
from xpipe_nb.workers.performing import Performer
from xpipe_nb.workers.reports import Started

__all__ = ["Leave", "Lookup", "Missing", "Ready", "Surroundings", "ignore_interrupts", "main", "serve", "surroundings"]

NICER = 5
"""By how much a worker is nicer than the process that it works for: whose event loop has to be prompt."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a worker takes over of the process that it works for, before its first job.

    Args:
        path: Where modules are looked for.
        folder: The current folder.
        environment: The variables of the environment.
    """

    path: list[str] = field(repr=False)
    folder: str
    environment: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """From now on modules are looked for somewhere else.

    Args:
        path: Where.
    """

    path: list[str]


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has begun to wait for jobs.

    Args:
        pid: Its process id.
    """

    pid: int


@dataclass(frozen=True, slots=True)
class Missing:
    """The function of the job just sent is not here (any more); send it by value."""


@dataclass(frozen=True, slots=True)
class Leave:
    """There are no more jobs; from a worker: it begins no other one, and ends."""


def surroundings() -> Surroundings:
    """Give those of this process."""
    try:
        folder = str(os.getcwd())  # noqa: PTH109 - a text is what travels
    except OSError:  # it was removed
        folder = ""
    return Surroundings([*sys.path], folder, dict(os.environ))


def ignore_interrupts() -> None:
    """Leave the Stop button to the process that this one works for: it goes to all processes of the group."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def main(descriptor: int) -> None:
    """Run a worker that was started on its own, on a socket that it has inherited."""
    ignore_interrupts()
    serve(socket.socket(fileno=descriptor))


def serve(end: socket.socket) -> None:
    """Do jobs until there are no more; this ends the process."""
    end.setblocking(True)
    channel = Channel(end)
    performer = Performer(channel.send)
    jobs: SimpleQueue[Job | None] = SimpleQueue()
    imported = Imported()
    try:
        _settle_in(channel.receive())
        threading.Thread(target=_receive, args=(channel, jobs, performer), name="xpipe-messages", daemon=True).start()
        channel.send(Ready(os.getpid()))
        while (job := jobs.get()) is not None:
            if imported.is_outdated:  # the job is not begun, so another worker is given it
                channel.send(Leave())
                break
            if not job.function.data and not performer.knows(job.function.hash):
                channel.send(Missing())
                continue
            began = time_ns()
            channel.send(Started(str(os.getpid())))
            ending = performer.perform(job)
            imported.note(began)
            channel.send(ending)
    except (EOFError, OSError):  # the process that it worked for is gone
        os._exit(1)
    _leave()


def _settle_in(around: Surroundings) -> None:
    sys.path[:] = around.path
    os.environ.clear()
    os.environ.update(around.environment)
    with suppress(OSError):
        os.chdir(around.folder)
    if hasattr(os, "nice"):
        os.nice(NICER)


def _receive(channel: Channel, jobs: SimpleQueue[Job | None], performer: Performer) -> None:
    while True:
        try:
            message = channel.receive()
        except (EOFError, OSError):
            os._exit(1)
        if isinstance(message, Answer):
            performer.hear(message)
        elif isinstance(message, Lookup):  # it comes before a job, when none is under way
            sys.path[:] = message.path
        else:
            jobs.put(message if isinstance(message, Job) else None)


def _leave() -> None:
    """End without waiting for threads that a handler has left behind."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    with suppress(BaseException):
        atexit._run_exitfuncs()  # noqa: SLF001 - what modules have registered; the rest of the way out may hang
    os._exit(0)
