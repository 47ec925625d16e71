"""What a hop costs after a million messages, or among ten thousand listeners, against what it costs at the start.

Both are measured by turns in one process: a ring that has carried its messages, and one that begins. Garbage collections
of all that is old are not in it, because they come when they like; their share of the million is in a row of its own.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.contest import Go, by_turns, median_ratio, middle
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import ENDLESS, NAMES, NEXT, Token, organism_ring, turn
from xpipe_nb import HandlerResponse, ListenerConfig, Organism

__all__ = ["measure"]

BOUND = 1.1
"""How many times the hop at the start one at the end may cost."""

FIRST, FEW, MANY = 1_000, 10, 10_000
"""Messages at the start; listeners at the start, and at the end."""


def measure(messages: int, hops: int, rounds: int) -> list[Figure]:
    """Measure both kinds of growth.

    Args:
        messages: How many one conversation has had at the end.
        hops: In a round.
        rounds: How many rounds there are.
    """
    aged, collected = asyncio.run(_after(messages, hops, rounds))
    among = asyncio.run(_among(hops, rounds))
    return [
        _figure(f"hop after {messages:,} messages of one conversation", aged, f"after {FIRST:,}"),
        Figure("  of their processor time, the garbage collector's", collected, "%"),
        _figure(f"hop among {MANY:,} listeners", among, f"among {FEW}"),
    ]


def _figure(what: str, costs: list[tuple[float, ...]], start: str) -> Figure:
    note = f"{start} {middle(costs, 0):,.1f} us"
    ratio = median_ratio(costs, 1, 0)
    return Figure(what, middle(costs, 1), "us", ratio, BOUND, costs, note=note, guarded=True)


async def _after(messages: int, hops: int, rounds: int) -> tuple[list[tuple[float, ...]], float]:
    async with paced_ring() as young, paced_ring() as old:
        await young(FIRST)
        before = time.process_time()
        with collections_timed() as collections:
            await old(messages)
        share = 100 * sum(collections) / (time.process_time() - before)
        gc.freeze()  # to look through a million frames before each round takes longer than the rounds
        try:
            return await by_turns((young, old), hops, rounds), share
        finally:
            gc.unfreeze()


@asynccontextmanager
async def paced_ring() -> AsyncIterator[Go]:
    """One token in one conversation that goes on, each time, for so many hops, and then waits where it is."""
    made = allowed = 0
    loop = asyncio.get_running_loop()
    reached: asyncio.Future[None] = loop.create_future()
    going: asyncio.Future[None] = loop.create_future()

    def station(name: str) -> ListenerConfig:
        async def handle(token: Token) -> HandlerResponse:
            nonlocal made
            made += 1
            if made > allowed:
                reached.set_result(None)
                await going
            return HandlerResponse(Token(made, token.lap, token.text), to=NEXT[name])

        return ListenerConfig(name=name, handler=handle, agent=True, peers=[NEXT[name]], timeout=0)

    async with Organism("paced", [station(name) for name in NAMES], limits=ENDLESS) as organism:
        conversation = await organism.inject(Token(0, 1, "round and round"), to=NAMES[0])
        await reached

        async def go(hops: int) -> None:
            nonlocal allowed, reached, going
            before, going = going, loop.create_future()
            allowed, reached = made + hops - 1, loop.create_future()
            before.set_result(None)
            await reached

        yield go
        await conversation.cancel()


async def _among(hops: int, rounds: int) -> list[tuple[float, ...]]:
    """A hop of the same ring among few and among many listeners that take the same class of messages."""

    def idle(place: int) -> ListenerConfig:
        async def handle(token: Token) -> None: ...

        return ListenerConfig(name=f"idle{place}", handler=handle)

    def ring_among(count: int) -> Any:
        return organism_ring(others=[idle(place) for place in range(count - len(NAMES))])

    async with ring_among(FEW) as few, ring_among(MANY) as many:
        return await by_turns((lambda hops: turn(few, hops), lambda hops: turn(many, hops)), hops, rounds)


class collections_timed:
    """Note the processor time of every garbage collection, in seconds."""

    def __enter__(self) -> list[float]:
        self._taken: list[float] = []
        gc.callbacks.append(self._note)
        return self._taken

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._note)

    def _note(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.process_time()
        else:
            self._taken.append(time.process_time() - self._began)
