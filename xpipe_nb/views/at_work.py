"""Worker processes: what each of them does, for a view that tells it while it lasts; nothing of it is saved."""

from __future__ import annotations

from typing import Any

from xpipe_nb.events import WorkersEvent, WorkerState
from xpipe_nb.views.state import Moment, ViewState, WorkerNow

__all__ = ["fold_workers", "workers_part"]

_MOST = 64
"""Workers that a snapshot tells of."""
_STEADY = 0.5
"""Seconds by which two reports of one task may differ about its beginning."""
_MEGABYTE = 1_000_000
_UNBORN = 1_000_000_000
"""From here on count the keys of workers that have no process yet: they come last, as new rows do."""


def fold_workers(state: ViewState, event: WorkersEvent, now: Moment) -> None:
    """The report takes the place of the one before; a task that goes on keeps its beginning."""
    known, state.workers = state.workers, {}
    for number, each in enumerate(event.workers):
        key = each.pid or _UNBORN + number
        state.workers[key] = _now(key, each, known.get(key), now)


def _now(key: int, each: WorkerState, known: WorkerNow | None, now: Moment) -> WorkerNow:
    began = None if each.seconds is None else now.at - each.seconds
    worker = WorkerNow(
        key,
        each.state,
        each.listener or "",
        each.conversation or 0,
        began,
        each.timeout,
        None if each.cpu is None else round(each.cpu),
        None if each.memory is None else round(each.memory / _MEGABYTE),
        each.tasks,
    )
    if known is None or known.began is None or began is None:
        return worker
    goes_on = (known.listener, known.conversation, known.tasks) == (worker.listener, worker.conversation, worker.tasks)
    return worker._replace(began=known.began) if goes_on and abs(known.began - began) < _STEADY else worker


def workers_part(state: ViewState, *, live: bool) -> dict[str, Any]:
    """Write the workers down.

    Args:
        state: What is known.
        live: Whether there are any: in a file there are none.
    """
    rows = sorted(state.workers.items()) if live else []
    return {"total": len(rows), "workers": [_worker(each, state.origin) for _, each in rows[:_MOST]]}


def _worker(each: WorkerNow, origin: float) -> dict[str, Any]:
    return {
        "key": each.key,
        "state": each.state,
        "name": each.listener,
        "conversation": each.conversation,
        "began": None if each.began is None else round((each.began - origin) * 1000),
        "timeout": each.timeout,
        "cpu": each.cpu,
        "memory": each.memory,
        "tasks": each.tasks,
    }
