"""Three listeners in a ring that pass one small token on: the organism, and the floor of bare queues under it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from xpipe_nb import HandlerResponse, ListenerConfig, Organism, payload
from xpipe_nb.limits import Limits

__all__ = ["NAMES", "Token", "organism_ring", "queue_ring"]

NAMES = ("ann", "ben", "cem")
NEXT = dict(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))
ENDLESS = Limits(max_depth=10**9, max_messages=10**9)
"""A ring is one call under another for as long as it turns; the bounds are checked all the same."""


@payload
class Token:
    left: int
    lap: int
    text: str


def station(name: str) -> ListenerConfig:
    """A listener that passes the token to the next one until no hop is left.

    It is an agent with one peer, so that the check of peers and the agent's own gate are on the way.
    """

    async def handle(token: Token) -> HandlerResponse | None:
        if token.left == 0:
            return None
        return HandlerResponse(Token(token.left - 1, token.lap, token.text), to=NEXT[name])

    return ListenerConfig(name=name, description="Passes the token on", handler=handle, agent=True, peers=[NEXT[name]])


@asynccontextmanager
async def organism_ring(limits: Limits = ENDLESS) -> AsyncIterator[Organism]:
    """A running organism of three listeners in a ring, every check on."""
    async with Organism("ring", [station(name) for name in NAMES], limits=limits) as organism:
        yield organism


async def turn(organism: Organism, hops: int) -> None:
    """Send one token round the ring for so many hops."""
    conversation = await organism.inject(Token(hops, 1, "round and round"), to=NAMES[0])
    await conversation


async def queue_ring(hops: int) -> None:
    """The floor: three tasks and three bare queues, the same token handed on by reference, no check at all."""
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in NAMES]
    done = asyncio.get_running_loop().create_future()

    async def pass_on(mine: asyncio.Queue[int], following: asyncio.Queue[int]) -> None:
        while True:
            left = await mine.get()
            if left == 0:
                done.set_result(None)
                return
            await following.put(left - 1)

    tasks = [asyncio.create_task(pass_on(mine, queues[(i + 1) % 3])) for i, mine in enumerate(queues)]
    await queues[0].put(hops)
    await done
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
