"""Worker processes: that they start, and what each of them does."""

from __future__ import annotations

from dataclasses import dataclass

from xpipe_nb.events.base import PumpEvent

__all__ = ["WorkerState", "WorkersEvent", "WorkersStartedEvent"]


@dataclass(frozen=True, slots=True)
class WorkersStartedEvent(PumpEvent):
    """The first handler that needs worker processes has begun to wait for one.

    Args:
        executor: `process` or `dask`.
        workers: How many there will be at most.
        text: The same in words, for the person.
    """

    executor: str
    workers: int
    text: str


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What one worker process does.

    Args:
        pid: Its process id; 0 while it starts.
        state: `starting`, `idle`, `busy`, or `waiting` while its handler waits in a call.
        listener: Whose handler it runs.
        conversation: The number of the conversation that it works for.
        seconds: How long it has worked on it.
        timeout: How many seconds the handler has.
        cpu: Its share of one processor in percent, if it was measured.
        memory: Its resident memory in bytes, if it was measured.
        tasks: How many jobs it has begun.
    """

    pid: int
    state: str
    listener: str | None = None
    conversation: int | None = None
    seconds: float | None = None
    timeout: float | None = None
    cpu: float | None = None
    memory: int | None = None
    tasks: int = 0


@dataclass(frozen=True, slots=True)
class WorkersEvent(PumpEvent):
    """What all worker processes do: told when one begins or ends a job, comes or goes, and once a second meanwhile."""

    workers: tuple[WorkerState, ...]
