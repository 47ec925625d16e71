"""What an open conversation of one message holds in memory, beyond its payload.

Its message waits behind a busy listener, or its handler waits for something. Each is measured in a process of its own:
`python -m tests.benchmarks.open_conversations queued traced` prints the bytes of a conversation and those of a payload.
"""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tracemalloc

import psutil

from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import ENDLESS, Token
from xpipe_nb import ListenerConfig, Organism
from xpipe_nb.payloads import codec_of

__all__ = ["measure"]

BOUND = 6_000
"""Bytes of each conversation, its payload not counted."""

COUNT, FIRST = 10_000, 100
"""How many are open, and how many were before the first reading."""

KINDS = {"queued": "its message queued", "running": "its handler waiting"}
METERS = {"traced": "Python's memory", "resident": "resident memory"}


def measure() -> list[Figure]:
    """Measure every kind by every meter."""
    return [_figure(kind, meter) for kind in KINDS for meter in METERS]


def _figure(kind: str, meter: str) -> Figure:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.open_conversations", kind, meter],
        check=True,
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    conversation, payload = json.loads(done.stdout)
    beyond = conversation - payload
    return Figure(
        f"open conversation of {COUNT:,}, {KINDS[kind]}, {METERS[meter]}",
        beyond / 1000,
        "kB",
        beyond / BOUND,
        1.0,
        note=f"of {BOUND / 1000:g} kB; its payload {payload / 1000:.1f} kB more",
        guarded=meter == "traced",
    )


async def readings(kind: str, meter: str) -> tuple[float, float]:
    """The bytes that an open conversation holds, and those that its payload does, as a tree and as an object."""
    ended = asyncio.Event()

    async def hold(token: Token) -> None:
        await ended.wait()

    places = COUNT + FIRST
    holder = ListenerConfig(name="holder", handler=hold, concurrency=1 if kind == "queued" else None, timeout=0)
    settings = {"max_concurrent_pipelines": places, "max_concurrent_handlers": places}
    if meter == "traced":
        tracemalloc.start()
    async with Organism("holding", [holder], limits=ENDLESS, **settings) as organism:
        opened = await opened_conversations(organism, FIRST)
        before = held(meter)
        payloads = [
            (token := Token(number, 1, "round and round"), codec_of(Token).encode(token)) for number in range(COUNT)
        ]
        with_payloads = held(meter)
        opened += await opened_conversations(organism, COUNT)
        with_conversations = held(meter)
        assert len(payloads) == COUNT
        assert all(conversation.messages == 1 and not conversation.is_over for conversation in opened)
        ended.set()
        for conversation in opened:
            assert await conversation == []
    return (with_conversations - with_payloads) / COUNT, (with_payloads - before) / COUNT


async def opened_conversations(organism: Organism, count: int) -> list[object]:
    """Begin so many, and let each message come as far as it can."""
    opened = [await organism.inject(Token(number, 1, "round and round"), to="holder") for number in range(count)]
    while any(not conversation.messages for conversation in opened):
        await asyncio.sleep(0)
    return opened


def held(meter: str) -> int:
    """The bytes that are in use now."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0] if meter == "traced" else psutil.Process().memory_info().rss


if __name__ == "__main__":
    print(json.dumps(asyncio.run(readings(*sys.argv[1:]))))
