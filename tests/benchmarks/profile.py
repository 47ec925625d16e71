"""Where the time of one hop goes, found by looking at the stack a few thousand times while a token goes round.

A deterministic profiler would charge Python's calls for its own cost and C's for none. A look costs nothing that counts,
and is charged to the innermost of our functions that then runs; what happens in C belongs to the function that called it.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn

__all__ = ["measure"]

EVERY = 0.001
"""Seconds of processor time between two looks; many systems look less often."""

PARTS = (
    ("the handler itself", ("tests.benchmarks.ring",)),
    ("XML: a tree of the payload", ("xpipe_nb.payloads.encode", "xpipe_nb.payloads.template", "xpipe_nb.payloads.codec:write", "xpipe_nb.composing:_written")),
    ("XML: its schema, by libxml2", ("xpipe_nb.payloads.codec:validate", "xpipe_nb.composing:check")),
    ("XML: the receiver's own copy", ("xpipe_nb.payloads", "xpipe_nb.stages:decode")),
    ("stages: assign and route", ("xpipe_nb.stages", "xpipe_nb.routing", "xpipe_nb.directory", "xpipe_nb.messages")),
    ("frames: opened, held, released", ("xpipe_nb.frames", "xpipe_nb.frame_rules", "xpipe_nb.conversation", "xpipe_nb.conversations", "xpipe_nb.pump")),
    ("exchange: posted, received, ended", ("xpipe_nb.exchange",)),
    ("scheduler: gate and place", ("xpipe_nb.scheduling", "xpipe_nb.depth_first")),
    ("what the handler returned", ("xpipe_nb.services", "xpipe_nb.composing", "xpipe_nb.replies", "xpipe_nb.names")),
    ("layer: events", ("xpipe_nb.dispatch.announced", "xpipe_nb.dispatch.telling", "xpipe_nb.dispatch.event_bus")),
    ("layer: history", ("xpipe_nb.dispatch.remembered", "xpipe_nb.history")),
    ("layer: whatever is raised", ("xpipe_nb.dispatch.guarded",)),
    ("layers: hooks and retries, unused", ("xpipe_nb.dispatch.booked", "xpipe_nb.dispatch.retried")),
    ("layer: timeout", ("xpipe_nb.dispatch.timed", "xpipe_nb.dispatch.deadlines")),
    ("layer: conversation's context", ("xpipe_nb.dispatch.context",)),
    ("the call of the handler", ("xpipe_nb.dispatch",)),
    ("workers taking turns", ("xpipe_nb.crew",)),
    ("stream: source and stages as one", ("xpipe_nb.inbox", "xpipe_nb.operators", "aiostream")),
    ("the event loop", ("asyncio", "selectors")),
)  # fmt: skip
"""What belongs to which part: modules with all below them, or one function of a module; the first that fits counts."""


def part_of(frame: FrameType | None) -> str:
    """The part that a stack belongs to, by its innermost frame that is in the table."""
    while frame is not None:
        module, function = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        for part, places in PARTS:
            if any(_stands_for(place, module, function) for place in places):
                return part
        frame = frame.f_back
    return "elsewhere"


def _stands_for(place: str, module: str, function: str) -> bool:
    home, _, only = place.partition(":")
    return (module == home or module.startswith(f"{home}.")) and only in ("", function)


@contextmanager
def looking(stacks: Counter[str]) -> Iterator[None]:
    """Look at the stack of the main thread while it uses the processor."""
    parts: dict[tuple[object, ...], str] = {}

    def look(_signal: int, frame: FrameType | None) -> None:
        key = (frame and frame.f_code, frame and frame.f_back and frame.f_back.f_code)
        part = parts.get(key)
        if part is None:
            part = parts[key] = part_of(frame)
        stacks[part] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, EVERY, EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def measure(hops: int, seconds: float) -> list[Figure]:
    """Say which share of a hop goes into each part; shares hold on a busy machine, on which microseconds do not.

    Args:
        hops: How many hops the token makes in a round.
        seconds: For how long it goes round.
    """
    stacks: Counter[str] = Counter()
    cost = asyncio.run(watched(hops, seconds, stacks))
    looks = stacks.total()
    return [
        Figure("one hop, looked at", cost, "us", detail={"looks": looks}),
        *(Figure(f"  {part}", 100 * count / looks, "%") for part, count in stacks.most_common()),
    ]


async def watched(hops: int, seconds: float, stacks: Counter[str]) -> float:
    """Turn the ring for so long, and give the processor time of one hop in microseconds."""
    async with organism_ring() as organism:
        await turn(organism, hops)  # to warm up
        rounds, before = 0, time.process_time()
        with looking(stacks):
            while time.process_time() - before < seconds:
                await turn(organism, hops)
                rounds += 1
        return (time.process_time() - before) / (rounds * hops) * 1e6
