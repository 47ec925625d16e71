"""What is in memory after a million messages of many conversations, and what a hop costs then, against the start.

The first reading comes late enough that everything which is kept on purpose (finished conversations, up to a limit)
is there in full.

It runs in a process of its own, so that nothing else has filled the memory before. `python -m tests.benchmarks.memory
1000000` prints the resident bytes after the first hundred thousand messages and after all of them, and what a hop costs,
round by round, in an organism that begins and in that one.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys

import psutil

from tests.benchmarks.contest import by_turns, median_ratio, middle
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn
from xpipe_nb.limits import Limits

__all__ = ["measure"]

BOUND = 1.05
"""How much of the first reading the second may be."""

COST_BOUND = 1.1
"""How many times the hop at the start one at the end may cost."""

HOPS, ROUNDS = 2_000, 7
"""How the cost is measured."""

FIRST = 100_000
"""After how many messages the first reading is taken."""

A_CONVERSATION = 10
"""How many messages a conversation has."""

AT_ONCE = 20
"""How many conversations are open at a time."""


def measure(messages: int) -> list[Figure]:
    """Send so many messages in a fresh process and compare the memory with that after the first of them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory", str(messages)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    first, last, costs = json.loads(done.stdout)
    conversations = messages // A_CONVERSATION
    return [
        Figure(f"memory after {FIRST:,} messages", first / 2**20, "MiB", 1.0),
        Figure(
            f"memory after {messages:,} messages, {conversations:,} conversations",
            last / 2**20,
            "MiB",
            last / first,
            BOUND,
        ),
        Figure(
            f"hop after {messages:,} messages of {conversations:,} conversations",
            middle(costs, 1),
            "us",
            median_ratio(costs, 1, 0),
            COST_BOUND,
            costs,
            note=f"in an organism that begins {middle(costs, 0):,.1f} us",
            guarded=True,
        ),
    ]


async def readings(messages: int) -> tuple[int, int, list[tuple[float, ...]]]:
    """The resident bytes after the first messages, and after all of them; the costs of a hop then."""
    async with organism_ring(Limits()) as old, organism_ring(Limits()) as young:
        await converse(old, FIRST // A_CONVERSATION)
        first = resident()
        await converse(old, (messages - FIRST) // A_CONVERSATION)
        last = resident()
        costs = await by_turns(
            [lambda hops, ring=ring: converse(ring, hops // A_CONVERSATION) for ring in (young, old)], HOPS, ROUNDS
        )
        assert not old.dead_letters
        return first, last, costs


async def converse(organism, conversations: int) -> None:
    """Hold so many conversations, some of them at a time."""
    for start in range(0, conversations, AT_ONCE):
        count = min(AT_ONCE, conversations - start)
        await asyncio.gather(*(turn(organism, A_CONVERSATION - 1) for _ in range(count)))
    await organism.settle()


def resident() -> int:
    """The bytes that this process holds in memory."""
    gc.collect()
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    print(json.dumps(asyncio.run(readings(int(sys.argv[1])))))
