"""Each work beside each peer that has a form for it, by turns with ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.benchmarks import ours
from tests.benchmarks.bare import WIDTH
from tests.benchmarks.contest import Contender, Go, beside
from tests.benchmarks.figures import Figure
from tests.benchmarks.peers import fans
from tests.benchmarks.peers.rings import BY_NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["measure"]


def crowded(ring: Contender) -> Contender:
    """A hundred tokens at once in the ring of a peer."""

    @asynccontextmanager
    async def crowd() -> AsyncIterator[Go]:
        async with ring() as go:

            async def all_at_once(hops: int) -> None:
                await asyncio.gather(*(go(max(1, hops // WIDTH)) for _ in range(WIDTH)))

            yield all_at_once

    return crowd


@dataclass(frozen=True)
class Contest:
    """One kind of work, ours and theirs.

    Args:
        what: What is compared.
        ours: The organism.
        count: How often it is done in a round; the slowest peer needs a second for it.
        peers: Who else does it.
        bounds: The greatest part of a peer's cost that ours may be.
    """

    what: str
    ours: Contender
    count: int
    peers: Mapping[str, Contender]
    bounds: Mapping[str, float] = field(default_factory=dict)


CONTESTS = (
    Contest(
        "hop beside",
        ours.ring,
        600,
        BY_NAME,
        {"autogen-core, publish": 1 / 6, "langgraph": 1 / 15, "llama-index-workflows": 1 / 15},
    ),
    Contest(
        "message of a ping-pong beside",
        ours.ping_pong,
        600,
        {"autogen-core, request": fans.autogen_ping_pong, "pykka, threads": fans.pykka_ping_pong},
    ),
    Contest(
        f"delivery of a fan-out 1 to {WIDTH} beside",
        ours.fan_out,
        1_000,
        {"autogen-core, publish": fans.autogen_fan_out, "pykka, threads": fans.pykka_fan_out},
    ),
    Contest(
        f"call of a fork-join, {WIDTH} at once, beside",
        ours.fork_join,
        500,
        {
            "autogen-core, request": fans.autogen_fork_join,
            "langgraph, Send": fans.langgraph_fork_join,
            "llama-index-workflows": fans.llama_index_fork_join,
            "burr, MapStates": fans.burr_fork_join,
            "pydantic-graph, map and join": fans.pydantic_graph_fork_join,
            "pykka, threads": fans.pykka_fork_join,
        },
    ),
    Contest(
        f"hop of {WIDTH} conversations at once beside",
        ours.crowd,
        1_000,
        {name: crowded(ring) for name, ring in BY_NAME.items()},
    ),
)


def measure(rounds: int) -> list[Figure]:
    """Measure each work beside each peer, so many rounds."""
    return [figure for contest in CONTESTS for figure in asyncio.run(_measured(contest, rounds))]


async def _measured(contest: Contest, rounds: int) -> list[Figure]:
    async with contest.ours() as organism:
        return [
            await beside(f"{contest.what} {name}", organism, peer, contest.count, rounds, contest.bounds.get(name))
            for name, peer in contest.peers.items()
        ]
