"""What is in memory after a million messages, against what was there after the first hundred thousand.

The first reading comes late enough that everything which is kept on purpose (finished conversations, up to a limit)
is there in full.

It runs in a process of its own, so that nothing else has filled the memory before. `python -m tests.benchmarks.memory
1000000` prints two numbers: the resident bytes after the first hundred thousand messages, and after all of them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys

import psutil

from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn
from xpipe_nb.limits import Limits

__all__ = ["measure"]

BOUND = 1.05
"""How much of the first reading the second may be."""

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
    first, last = json.loads(done.stdout)
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
    ]


async def readings(messages: int) -> tuple[int, int]:
    """The resident bytes after the first messages, and after all of them."""
    async with organism_ring(Limits()) as organism:
        await converse(organism, FIRST // A_CONVERSATION)
        first = resident()
        await converse(organism, (messages - FIRST) // A_CONVERSATION)
        assert not organism.dead_letters
        return first, resident()


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
