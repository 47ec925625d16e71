"""Works of other shapes than a ring, each by turns with its floor in one process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from tests.benchmarks import bare, ours
from tests.benchmarks.contest import Contender, by_turns, median_ratio, middle
from tests.benchmarks.figures import Figure

__all__ = ["measure"]


@dataclass(frozen=True)
class Work:
    """One kind of work.

    Args:
        what: Its row.
        floor: The same without us.
        ours: An organism that does it.
        count: How often it is done in a round.
        bound: How many times the floor ours may cost.
    """

    what: str
    floor: Contender
    ours: Contender
    count: int
    bound: float | None = None


WORKS = (
    Work("hop, the handler waits once", partial(bare.ring, suspend=True), partial(ours.ring, suspend=True), 4_000),
    Work("message of a ping-pong", bare.ping_pong, ours.ping_pong, 4_000),
    Work(f"delivery of a fan-out 1 to {bare.WIDTH}", bare.fan_out, ours.fan_out, 5_000, 2.0),
    Work(f"call of a fork-join, {bare.WIDTH} at once", bare.fork_join, ours.fork_join, 2_000),
    Work(f"hop of {bare.WIDTH} conversations at once", bare.crowd, ours.crowd, 5_000),
    Work("hop of a message of 14 KB with 50 items", ours.bare_codec, ours.large_ring, 300, 1.2),
)
"""All floors are bare queues, but that of the large message: there it is what its XML costs, measured alone."""


def measure(rounds: int) -> list[Figure]:
    """Measure each work so many times."""
    return [asyncio.run(_measured(work, rounds)) for work in WORKS]


async def _measured(work: Work, rounds: int) -> Figure:
    async with work.floor() as floor, work.ours() as organism:
        costs = await by_turns((floor, organism), work.count, rounds)
    return Figure(
        work.what,
        middle(costs, 1),
        "us",
        median_ratio(costs, 1, 0),
        work.bound,
        costs,
        note=f"floor {middle(costs, 0):,.1f} us",
        guarded=True,
    )
