"""How late a timer fires while the pump has all it can do: a hundred tokens go round, and nobody ever waits.

Bare queues that are as busy are measured by turns with it, and so is an idle loop, because other programs of the machine
make timers late as well. What is ours alone is the processor time that goes by from the moment when a timer is due,
which a signal of the system notes, until it fires.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.bare import WIDTH, queue_ring, served
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import NAMES, Token, organism_ring

__all__ = ["measure"]

BOUND = 5.0
"""Milliseconds that 99 of 100 timers may be late."""

EVERY = 0.002
"""Seconds between two timers."""

ENDLESS_HOPS = 10**8


def measure(seconds: float, rounds: int) -> list[Figure]:
    """Measure so many rounds.

    Args:
        seconds: For how long each of them is watched in a round.
        rounds: How many rounds there are.
    """
    loads = {"idle": nothing, "queues": busy_queues, "ours": busy_organism}
    late: dict[str, list[float]] = {name: [] for name in loads}
    own: list[float] = []
    for _ in range(rounds):
        for name, load in loads.items():
            by_the_clock, by_processor_time = asyncio.run(watched(load, seconds))
            late[name].append(percentile(by_the_clock, 99))
            if load is busy_organism:
                own.append(percentile(by_processor_time, 99))
    idle, queues, ours = (statistics.median(each) for each in late.values())
    what, note = f"timers late, 99 % within, {WIDTH} tokens", f"bare queues {queues:.1f} ms, idle loop {idle:.1f} ms"
    ours_alone = statistics.median(own)
    return [
        Figure(what, ours, "ms", ours, BOUND, late, note=note),
        Figure("  of that, processor time of our own", ours_alone, "ms", ours_alone, BOUND, own),
    ]


async def watched(load: Any, seconds: float) -> tuple[list[float], list[float]]:
    """How late each timer was, in milliseconds: by the clock, and in processor time of this process."""
    loop = asyncio.get_running_loop()
    spent_when_due = 0.0

    def due(_signal: int, _frame: object) -> None:
        nonlocal spent_when_due
        spent_when_due = time.process_time()

    before = signal.signal(signal.SIGALRM, due)
    try:
        async with load():
            await asyncio.sleep(seconds / 10)
            by_the_clock: list[float] = []
            by_processor_time: list[float] = []
            end = loop.time() + seconds
            while loop.time() < end:
                when = loop.time() + EVERY
                signal.setitimer(signal.ITIMER_REAL, EVERY)
                await asyncio.sleep(EVERY)
                by_processor_time.append(1000 * (time.process_time() - spent_when_due))
                by_the_clock.append(1000 * (loop.time() - when))
    finally:
        signal.signal(signal.SIGALRM, before)
    return by_the_clock, by_processor_time


def percentile(values: list[float], percent: int) -> float:
    """The value that so many of a hundred do not exceed."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    """The loop has nothing else to do."""
    yield


@asynccontextmanager
async def busy_queues() -> AsyncIterator[None]:
    """As many tokens between bare queues."""
    async with served([lambda: queue_ring(ENDLESS_HOPS, WIDTH)]):
        yield


@asynccontextmanager
async def busy_organism() -> AsyncIterator[None]:
    """A pump that is never idle."""
    async with organism_ring(max_concurrent_pipelines=WIDTH) as organism:
        token = Token(ENDLESS_HOPS, 1, "round and round")
        conversations = [await organism.inject(token, to=NAMES[0]) for _ in range(WIDTH)]
        yield
        for conversation in conversations:
            conversation.cancel()
