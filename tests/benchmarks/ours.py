"""The works as an organism does them, every check on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.bare import WIDTH
from tests.benchmarks.contest import Go
from tests.benchmarks.ring import ENDLESS, NAMES, NEXT, organism_ring, turn
from xpipe_nb import HandlerResponse, ListenerConfig, Organism, payload, send
from xpipe_nb.payloads import PayloadTable, codec_of

__all__ = [
    "bare_codec",
    "crowd",
    "fan_out",
    "fork_join",
    "large_ring",
    "parcel",
    "ping_pong",
    "ring",
]


@payload
class Ping:
    left: int


@payload
class Pong:
    left: int


@payload
class Begin:
    rounds: int


@payload
class News:
    number: int
    text: str


@payload
class Question:
    number: int


@payload
class Answer:
    number: int


@payload
class Item:
    number: int
    name: str
    price: float
    remark: str


@payload
class Parcel:
    left: int
    items: list[Item]


def parcel(left: int) -> Parcel:
    """A message of 14 KB."""
    remark = "to be kept dry, and to be handed over to nobody at all but the one whose name it bears, wherever; " * 2
    return Parcel(left, [Item(number, f"item {number:03}", number * 1.25, remark) for number in range(50)])


@asynccontextmanager
async def ring(*, suspend: bool = False) -> AsyncIterator[Go]:
    """One token round three agents.

    Args:
        suspend: Whether handlers wait before they pass it on.
    """
    async with organism_ring(suspend=suspend) as organism:

        async def go(hops: int) -> None:
            await turn(organism, hops)

        yield go


@asynccontextmanager
async def crowd() -> AsyncIterator[Go]:
    """A hundred conversations at once, a token in each."""
    async with organism_ring(max_concurrent_pipelines=WIDTH) as organism:

        async def go(hops: int) -> None:
            await asyncio.gather(*(turn(organism, max(1, hops // WIDTH)) for _ in range(WIDTH)))

        yield go


@asynccontextmanager
async def ping_pong() -> AsyncIterator[Go]:
    """Two listeners that answer each other, in the same two frames all the time."""

    async def pinger(message: Ping | Pong) -> HandlerResponse | None:
        return send(Ping(message.left), to="ponger") if message.left else None

    async def ponger(message: Ping) -> Pong:
        return Pong(message.left - 1)

    async with Organism("ping-pong", [pinger, ponger], limits=ENDLESS) as organism:

        async def go(messages: int) -> None:
            conversation = await organism.inject(Ping(messages // 2), to="pinger")
            assert await conversation == []

        yield go


@asynccontextmanager
async def fan_out() -> AsyncIterator[Go]:
    """One message for a hundred listeners, each with a frame and a copy of its own."""
    heard = 0

    def hearer(place: int) -> ListenerConfig:
        async def hear(news: News) -> None:
            nonlocal heard
            heard += 1

        return ListenerConfig(name=f"hearer{place}", handler=hear, broadcast=True)

    async def teller(message: Begin) -> News:
        return send(News(message.rounds, "heard by everybody"))

    async with Organism("news", [teller, *map(hearer, range(WIDTH))], limits=ENDLESS) as organism:

        async def go(deliveries: int) -> None:
            nonlocal heard
            heard = 0
            for number in range(max(1, deliveries // WIDTH)):
                await (await organism.inject(Begin(number), to="teller"))
            assert heard == max(WIDTH, deliveries // WIDTH * WIDTH)

        yield go


@asynccontextmanager
async def fork_join() -> AsyncIterator[Go]:
    """A hundred calls at once, and all their answers."""

    def child(place: int) -> ListenerConfig:
        async def handle(question: Question) -> Answer:
            return Answer(question.number**2)

        return ListenerConfig(name=f"child{place}", handler=handle)

    async def parent(message: Begin, meta: Any) -> Answer:
        calls = [meta.call(Question(number), to=f"child{number}") for number in range(WIDTH)]
        return Answer(sum(answer.number for answer in await asyncio.gather(*calls)))

    async with Organism("fork-join", [parent, *map(child, range(WIDTH))], limits=ENDLESS) as organism:

        async def go(calls: int) -> None:
            for number in range(max(1, calls // WIDTH)):
                answer = await organism.ask(Begin(number), to="parent")
                assert answer.number == sum(number * number for number in range(WIDTH))

        yield go


@asynccontextmanager
async def large_ring() -> AsyncIterator[Go]:
    """A message of 14 KB round three agents."""

    def station(name: str) -> ListenerConfig:
        async def handle(message: Parcel) -> HandlerResponse | None:
            if message.left == 0:
                return None
            return HandlerResponse(Parcel(message.left - 1, message.items), to=NEXT[name])

        return ListenerConfig(name=name, handler=handle, agent=True, peers=[NEXT[name]])

    async with Organism("large", [station(name) for name in NAMES], limits=ENDLESS) as organism:

        async def go(hops: int) -> None:
            await (await organism.inject(parcel(hops), to=NAMES[0]))

        yield go


@asynccontextmanager
async def bare_codec() -> AsyncIterator[Go]:
    """The floor of a large message: to write, check and read it, with our own codec and nothing around it."""
    codec, table = codec_of(Parcel), PayloadTable()

    async def go(hops: int) -> None:
        message = parcel(hops)
        for left in range(hops - 1, -1, -1):
            element = codec.encode(Parcel(left, message.items))
            codec.validate(element)
            message = codec.decode(element, table)
        assert message == parcel(0)

    yield go
