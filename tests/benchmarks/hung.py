"""What a hung agent takes from the others: all its places are taken for good, and more messages wait for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.benchmarks.contest import Go, by_turns, median_ratio, middle
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn
from xpipe_nb import ListenerConfig, payload

__all__ = ["measure"]

BOUND = 1 / 0.9
"""The others keep nine tenths of their rate."""

PLACES, WAITING, TOKENS = 5, 50, 30
"""How many messages hang, how many wait behind them, and how many conversations go on beside."""


@payload
class Stop:
    number: int


def measure(hops: int, rounds: int) -> list[Figure]:
    """Measure the rate of a ring beside an agent that hangs, by turns with one beside an agent that is idle.

    Args:
        hops: In a round.
        rounds: How many rounds there are.
    """
    costs = asyncio.run(_measured(hops, rounds))
    return [
        Figure(
            f"hop beside an agent that hangs in all its {PLACES} places",
            middle(costs, 1),
            "us",
            median_ratio(costs, 1, 0),
            BOUND,
            costs,
            note=f"beside an idle one {middle(costs, 0):,.1f} us; by the clock on the wall",
            guarded=True,
        )
    ]


async def _measured(hops: int, rounds: int) -> list[tuple[float, ...]]:
    async with ring_beside_an_agent(hang=False) as free, ring_beside_an_agent(hang=True) as beside:
        return await by_turns((free, beside), hops, rounds, time.perf_counter)


@asynccontextmanager
async def ring_beside_an_agent(*, hang: bool) -> AsyncIterator[Go]:
    """Many tokens go round, with handlers that wait, so that there is a rush for places."""
    hanging = 0
    everybody_hangs = asyncio.Event()

    async def stop(message: Stop) -> None:
        nonlocal hanging
        hanging += 1
        if hanging == PLACES:
            everybody_hangs.set()
        await asyncio.get_running_loop().create_future()

    agent = ListenerConfig(name="stuck", handler=stop, agent=True, peers=[], timeout=0)
    settings = {"max_concurrent_pipelines": PLACES + WAITING + TOKENS, "max_concurrent_per_agent": PLACES}
    async with organism_ring(suspend=True, others=[agent], **settings) as organism:
        if hang:
            stuck = [await organism.inject(Stop(number), to="stuck") for number in range(PLACES + WAITING)]
            await everybody_hangs.wait()

        async def go(hops: int) -> None:
            await asyncio.gather(*(turn(organism, max(1, hops // TOKENS)) for _ in range(TOKENS)))
            assert hanging == (PLACES if hang else 0)

        yield go
        if hang:
            for conversation in stuck:
                conversation.cancel()
