"""What one hop costs, as a multiple of a hop between bare queues.

Both are measured by turns in one process (floor, ours, ours with a subscriber, floor, ...) in processor time, so that a
busy machine slows all of them alike; what counts is the median of the ratios, round by round.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable

from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, queue_ring, turn

__all__ = ["measure"]

BOUND = 8.0
"""How many times a hop between bare queues ours may cost, with nobody subscribed."""


def measure(hops: int, rounds: int) -> list[Figure]:
    """Measure so many rounds of so many hops.

    Args:
        hops: How many hops the token makes in a round.
        rounds: How often everything is measured.
    """
    floor, quiet, watched = asyncio.run(measured(hops, rounds))
    return [
        figure("hop between bare asyncio.Queues", floor, floor),
        figure("hop of an organism, every check on", quiet, floor, BOUND),
        figure("hop of an organism, one subscriber", watched, floor),
    ]


def figure(what: str, costs: list[float], floor: list[float], bound: float | None = None) -> Figure:
    """The row for one contender: the median cost, and the median of the ratios."""
    ratio = statistics.median(cost / least for cost, least in zip(costs, floor, strict=True))
    return Figure(what, statistics.median(costs), "us", ratio, bound, detail=costs)


async def measured(hops: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """The cost of a hop in microseconds, round by round, of the three contenders."""
    floor: list[float] = []
    quiet: list[float] = []
    watched: list[float] = []
    async with organism_ring() as organism:

        async def ours(count: int) -> None:
            await turn(organism, count)

        await queue_ring(hops)  # one round of each to warm up
        await ours(hops)
        for _ in range(rounds):
            floor.append(await cost(queue_ring, hops))
            quiet.append(await cost(ours, hops))
            seen = itertools.count()
            unsubscribe = organism.subscribe(lambda event, seen=seen: next(seen))
            watched.append(await cost(ours, hops))
            unsubscribe()
            assert next(seen) > hops, "the subscriber saw nothing"
        assert not organism.dead_letters
    return floor, quiet, watched


async def cost(work: Callable[[int], Awaitable[None]], hops: int) -> float:
    """The processor time of one hop, in microseconds."""
    gc.collect()
    before = time.process_time()
    await work(hops)
    return (time.process_time() - before) / hops * 1e6
