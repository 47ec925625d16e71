"""What is still in memory after a million messages, against what was there after the first tenth of them.

It runs in a process of its own, so that nothing else has filled the memory before. `python -m tests.benchmarks.memory
1000000` prints two numbers: the resident bytes after a tenth of the messages, and after all of them.
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

A_CONVERSATION = 10
"""How many messages a conversation has."""

AT_ONCE = 20
"""How many conversations are open at a time."""


def measure(messages: int) -> list[Figure]:
    """Send so many messages in a fresh process and compare the memory with that after a tenth of them."""
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
        Figure(f"memory after {messages // 10:,} messages", first / 2**20, "MiB", 1.0),
        Figure(
            f"memory after {messages:,} messages, {conversations:,} conversations",
            last / 2**20,
            "MiB",
            last / first,
            BOUND,
        ),
    ]


async def readings(messages: int) -> tuple[int, int]:
    """The resident bytes after a tenth of the messages, and after all of them."""
    conversations = messages // A_CONVERSATION
    async with organism_ring(Limits()) as organism:
        await converse(organism, conversations // 10)
        first = resident()
        await converse(organism, conversations - conversations // 10)
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
