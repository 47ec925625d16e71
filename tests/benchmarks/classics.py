"""How many messages a second the actor classics handle; what has to hold of each is asserted while it is measured."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from tests.benchmarks.figures import Figure
from tests.savina import meeting, passing

__all__ = ["measure"]

CLASSICS: dict[str, Callable[[], Coroutine[Any, Any, int]]] = {
    "ping-pong": partial(passing.ping_pong, 3_000),
    "count": partial(passing.count, 5_000),
    "thread ring of 100": partial(passing.thread_ring, 100, 6_000),
    "fork-join, 1,000 children": partial(passing.fork_join_create, 1_000),
    "fork-join, 8 workers": partial(passing.fork_join_throughput, 8, 600),
    "big, 20 actors": partial(passing.big, 20, 150),
    "chameneos, 10 creatures": partial(meeting.chameneos, 10, 1_000),
    "bounded buffer": partial(meeting.bounded_buffer, 4, 4, 400, 10),
    "philosophers": partial(meeting.philosophers, 5, 300),
    "bank transactions": partial(meeting.bank, 20, 3_000),
    "sieve up to 400": partial(meeting.sieve, 400),
}


def measure(rounds: int) -> list[Figure]:
    """Measure each classic so many times."""
    return [_figure(name, classic, rounds) for name, classic in CLASSICS.items()]


def _figure(name: str, classic: Callable[[], Coroutine[Any, Any, int]], rounds: int) -> Figure:
    rates = []
    for _ in range(rounds):
        began = time.process_time()
        messages = asyncio.run(classic())
        rates.append(messages / (time.process_time() - began))
    return Figure(f"Savina: {name}", statistics.median(rates), "messages/s", detail=rates)
