"""Three listeners in a ring that pass a small token on, with every check on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from xpipe_nb import HandlerResponse, ListenerConfig, Organism, payload
from xpipe_nb.limits import Limits

__all__ = ["ENDLESS", "NAMES", "NEXT", "Token", "organism_ring", "station", "turn"]

NAMES = ("ann", "ben", "cem")
NEXT = dict(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))
ENDLESS = Limits(max_depth=10**9, max_messages=10**9)
"""A ring is one call under another for as long as it turns; the bounds are checked all the same."""


@payload
class Token:
    left: int
    lap: int
    text: str


def station(name: str, *, suspend: bool = False) -> ListenerConfig:
    """A listener that passes the token to the next one until no hop is left.

    It is an agent with one peer, so that the check of peers and the agent's own gate are on the way.

    Args:
        name: Its name.
        suspend: Whether it lets the loop turn before it passes the token on, as a handler that waits does.
    """

    async def handle(token: Token) -> HandlerResponse | None:
        if suspend:
            await asyncio.sleep(0)
        if token.left == 0:
            return None
        return HandlerResponse(Token(token.left - 1, token.lap, token.text), to=NEXT[name])

    return ListenerConfig(name=name, description="Passes the token on", handler=handle, agent=True, peers=[NEXT[name]])


@asynccontextmanager
async def organism_ring(
    limits: Limits = ENDLESS, *, suspend: bool = False, others: Sequence[ListenerConfig] = (), **settings: Any
) -> AsyncIterator[Organism]:
    """A running organism of three listeners in a ring, every check on.

    Args:
        limits: The bounds of its conversations.
        suspend: As of `station`.
        others: Listeners beside the ring.
        settings: Whatever else an organism can be told.
    """
    stations = [station(name, suspend=suspend) for name in NAMES]
    async with Organism("ring", [*stations, *others], limits=limits, **settings) as organism:
        yield organism


async def turn(organism: Organism, hops: int) -> None:
    """Send one token round the ring for so many hops."""
    conversation = await organism.inject(Token(hops, 1, "round and round"), to=NAMES[0])
    await conversation
