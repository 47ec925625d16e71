"""What one hop costs, as a multiple of a hop between bare queues.

Both are measured by turns in one process (floor, ours, ours with a subscriber, floor, ...) in processor time.
"""

from __future__ import annotations

import asyncio
import itertools

from tests.benchmarks.bare import queue_ring
from tests.benchmarks.contest import by_turns, median_ratio, middle
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn

__all__ = ["FLOOR", "QUIET", "WATCHED", "measure"]

BOUND, WATCHED_BOUND = 4.5, 5.5
"""How many times a hop between bare queues ours may cost: with nobody subscribed, and with one live subscriber."""

FLOOR, QUIET, WATCHED = (
    "hop between bare asyncio.Queues",
    "hop of an organism, every check on",
    "hop of an organism, one subscriber",
)


def measure(hops: int, rounds: int) -> list[Figure]:
    """Measure so many rounds of so many hops.

    Args:
        hops: How many hops the token makes in a round.
        rounds: How often everything is measured.
    """
    costs = asyncio.run(measured(hops, rounds))
    rows = ((FLOOR, None), (QUIET, BOUND), (WATCHED, WATCHED_BOUND))
    return [
        Figure(
            what,
            middle(costs, place),
            "us",
            median_ratio(costs, place, 0),
            bound,
            [each[place] for each in costs],
            guarded=bound is not None,
        )
        for place, (what, bound) in enumerate(rows)
    ]


async def measured(hops: int, rounds: int) -> list[tuple[float, ...]]:
    """What a hop costs in microseconds, round by round: floor, quiet, watched."""
    async with organism_ring() as organism:

        async def quiet(count: int) -> None:
            await turn(organism, count)

        async def watched(count: int) -> None:
            seen = itertools.count()
            unsubscribe = organism.subscribe(lambda _event: next(seen))
            await turn(organism, count)
            unsubscribe()
            assert next(seen) > count, "the subscriber saw nothing"

        costs = await by_turns((queue_ring, quiet, watched), hops, rounds)
        assert not organism.dead_letters
    return costs
