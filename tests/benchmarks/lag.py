"""How late a timer fires while the pump has all it can do: a hundred tokens go round, and nobody ever waits.

Bare queues that are as busy are measured by turns with it, and so is an idle loop: what the machine's other programs
take from everybody says nothing about us. The processor time of one turn of the loop says what is ours alone.
"""

from __future__ import annotations

import asyncio
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
    turns: list[float] = []
    for _ in range(rounds):
        for name, load in loads.items():
            lateness, spent = asyncio.run(watched(load, seconds))
            late[name].append(percentile(lateness, 99))
            if load is busy_organism:
                turns.append(percentile(spent, 99))
    idle, queues, ours = (statistics.median(each) for each in late.values())
    return [
        Figure(
            f"timers late, 99 % within, {WIDTH} tokens",
            ours,
            "ms",
            ours,
            BOUND,
            late,
            note=f"bare queues as busy {queues:.1f} ms, idle loop {idle:.1f} ms",
        ),
        Figure(
            "  a turn of the loop, 99 % within, processor time",
            statistics.median(turns),
            "ms",
            statistics.median(turns),
            BOUND,
            turns,
        ),
    ]


async def watched(load: Any, seconds: float) -> tuple[list[float], list[float]]:
    """How late each timer was, and what processor time each turn of the loop took, in milliseconds."""
    loop: Any = asyncio.get_running_loop()
    spent: list[float] = []
    run_once = loop._run_once

    def timed() -> None:
        before = time.process_time()
        run_once()
        spent.append(1000 * (time.process_time() - before))

    async with load():
        await asyncio.sleep(seconds / 10)
        loop._run_once = timed
        late: list[float] = []
        end = loop.time() + seconds
        while loop.time() < end:
            due = loop.time() + EVERY
            await asyncio.sleep(EVERY)
            late.append(1000 * (loop.time() - due))
        del loop._run_once
    return late, spent


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
