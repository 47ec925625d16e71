"""What a live view costs the kernel: of its time at the pace that people can follow, and of a hop at full speed.

The front end is played here: it acknowledges at once, and what it is sent is written as JSON, as a kernel does.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from typing import Any

from tests.benchmarks.contest import cost
from tests.benchmarks.figures import Figure
from tests.benchmarks.ring import organism_ring, turn
from xpipe_nb import HandlerResponse, Organism, payload
from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.notebook.view import LiveView

__all__ = ["measure"]

BOUND = 5.0
"""Percent of the kernel's time that a view may take."""

PAIRS = 5
"""How often the slow pace is kept without and with a view."""

LISTENERS, INJECTIONS = 200, 42
"""How many there are, and how many numbers are injected in a second: each is passed on once, so some 5,000 messages in a minute."""


@payload
class Tick:
    """A number that is passed on."""

    n: int


def measure(seconds: float, hops: int) -> list[Figure]:
    """Measure what a view costs.

    Args:
        seconds: How long the slow pace is kept each time, with and without a view.
        hops: How many hops are made at full speed.
    """
    share, drawn, bytes_sent = asyncio.run(paced(seconds))
    quiet, watched = asyncio.run(hurried(hops))
    return [
        Figure(
            f"a view of {LISTENERS} listeners, {120 * INJECTIONS:,} messages a minute",
            share,
            "% of the time",
            share,
            BOUND,
        ),
        Figure("  drawn, in a second", drawn, "times"),
        Figure("  sent, in a second", bytes_sent / 1000, "kB"),
        Figure("hop of an organism, with a view", watched, "us", watched / quiet),
    ]


async def paced(seconds: float) -> tuple[float, float, float]:
    """Pass a number on, many times a second, without a view and with one by turns: percent of the time, drawings, bytes.

    A processor that is mostly idle changes its speed more than a view costs, so it is the median of the pairs that counts.
    """
    shares, drawn, bytes_sent = [], [], []
    async with crowd() as organism:
        await passed_on(organism, seconds)
        for _ in range(PAIRS):
            bare = await passed_on(organism, seconds)
            front = Front(LiveView(organism))
            await passed_on(organism, seconds / 5)
            front.drawn = front.bytes_sent = 0
            shares.append(100 * (await passed_on(organism, seconds) - bare) / seconds)
            drawn.append(front.drawn / seconds)
            bytes_sent.append(front.bytes_sent / seconds)
            front.view.close()
    return statistics.median(shares), statistics.median(drawn), statistics.median(bytes_sent)


async def passed_on(organism: Organism, seconds: float) -> float:
    """Inject a number at that pace; give the processor time that all of it took."""
    before = time.process_time()
    for n in range(round(seconds * INJECTIONS)):
        await organism.inject(Tick(n % LISTENERS), to=f"listener{n % LISTENERS:03}")
        await asyncio.sleep(1 / INJECTIONS)
    return time.process_time() - before


def crowd() -> Organism:
    """Two hundred listeners; each passes what it gets to the next, once."""

    def one(number: int) -> ListenerConfig:
        peer = f"listener{(number + 1) % LISTENERS:03}"

        async def pass_on(message: Tick) -> Any:
            return HandlerResponse(Tick(-1), to=peer) if message.n >= 0 else None

        return ListenerConfig(f"listener{number:03}", "passes on", pass_on, Tick, agent=True, peers=[peer])

    return Organism("crowd", [one(number) for number in range(LISTENERS)])


async def hurried(hops: int) -> tuple[float, float]:
    """The cost of a hop in microseconds, without and with a view."""
    async with organism_ring() as organism:

        async def ours(count: int) -> None:
            await turn(organism, count)

        await ours(hops)
        quiet = statistics.median([await cost(ours, hops) for _ in range(3)])
        front = Front(LiveView(organism))
        await ours(hops)
        watched = statistics.median([await cost(ours, hops) for _ in range(3)])
        front.view.close()
    return quiet, watched


class Front:
    """Opens a view and acknowledges whatever it is sent."""

    def __init__(self, view: LiveView) -> None:
        self.view, self.drawn, self.bytes_sent = view, 0, 0
        assert view.model_id is not None
        view._model.send = self.take
        view._act({"do": "hello", "front": "bench"})

    def take(self, content: dict[str, Any]) -> None:
        self.drawn += 1
        self.bytes_sent += len(json.dumps(content))
        asyncio.get_running_loop().call_soon(self.view._act, {"do": "ack", "front": "bench"})
