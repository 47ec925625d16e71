"""Classics in which messages are passed on: ping-pong, count, thread ring, fork-join (create, throughput), big."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

from tests.benchmarks.ring import ENDLESS
from xpipe_nb import HandlerResponse, ListenerConfig, Organism, payload, send

__all__ = ["big", "count", "fork_join_create", "fork_join_throughput", "ping_pong", "thread_ring"]


@payload
class Ping:
    left: int


@payload
class Pong:
    left: int


@payload
class Increment:
    by: int = 1


@payload
class Retrieve:
    """Asks for a sum."""


@payload
class Total:
    value: int


@payload
class Work:
    number: int


async def ping_pong(rounds: int) -> int:
    """Two listeners answer each other; every ping has its pong, in the same two frames all the time."""
    served = Counter[str]()

    async def pinger(message: Ping | Pong) -> HandlerResponse:
        served["pinger"] += 1
        if message.left == 0:
            return HandlerResponse.respond(Total(served["ponger"]))
        return send(Ping(message.left), to="ponger")

    async def ponger(message: Ping) -> Pong:
        served["ponger"] += 1
        return Pong(message.left - 1)

    async with Organism("ping-pong", [pinger, ponger], limits=ENDLESS) as organism:
        conversation = await organism.inject(Ping(rounds), to="pinger")
        assert await conversation == [Total(rounds)]
        assert len(conversation.frames) == 3
        assert served == {"pinger": rounds + 1, "ponger": rounds}
        return conversation.messages


async def count(number: int) -> int:
    """A producer sends increments without waiting; the counter ends at their number, none lost, none twice."""
    total = 0

    async def producer(message: Work) -> AsyncIterator[HandlerResponse]:
        for _ in range(message.number):
            yield send(Increment(), to="counter")

    async def counter(message: Increment | Retrieve) -> Total | None:
        nonlocal total
        if isinstance(message, Retrieve):
            return Total(total)
        total += message.by
        return None

    counting = ListenerConfig(name="counter", handler=counter, concurrency=1)
    async with Organism("count", [producer, counting], limits=ENDLESS) as organism:
        conversation = await organism.inject(Work(number), to="producer")
        assert await conversation == []
        assert await organism.ask(Retrieve(), to="counter") == Total(number)
        return conversation.messages


async def thread_ring(size: int, hops: int) -> int:
    """A token goes round; it ends where arithmetic says, and every listener had its share of the hops."""
    served = Counter[int]()

    def station(place: int) -> ListenerConfig:
        async def handle(token: Work) -> HandlerResponse | None:
            served[place] += 1
            if token.number == 0:
                assert place == hops % size
                return None
            return send(Work(token.number - 1), to=f"station{(place + 1) % size}")

        return ListenerConfig(name=f"station{place}", handler=handle)

    async with Organism("ring", [station(place) for place in range(size)], limits=ENDLESS) as organism:
        conversation = await organism.inject(Work(hops), to="station0")
        assert await conversation == []
        assert served.total() == conversation.messages == hops + 1
        assert max(served.values()) - min(served.values()) <= 1
        return conversation.messages


async def fork_join_create(children: int) -> int:
    """Many calls at once to one listener: each has a frame of its own, and each answer comes to its own call."""

    async def parent(message: Work, meta: Any) -> Total:
        calls = [meta.call(Work(number), to="child") for number in range(message.number)]
        answers = await asyncio.gather(*calls)
        assert [answer.value for answer in answers] == [number * number for number in range(message.number)]
        return Total(sum(answer.value for answer in answers))

    async def child(message: Work) -> Total:
        return Total(message.number**2)

    async with Organism("fork-join", [parent, child], limits=ENDLESS) as organism:
        conversation = await organism.inject(Work(children), to="parent")
        assert await conversation == [Total(sum(number**2 for number in range(children)))]
        assert conversation.messages == children + 1
        return conversation.messages


async def fork_join_throughput(workers: int, each: int) -> int:
    """One listener floods several; every one of them gets all that was for it."""
    served = Counter[str]()

    def worker(name: str) -> ListenerConfig:
        async def handle(message: Increment) -> None:
            served[name] += message.by

        return ListenerConfig(name=name, handler=handle)

    names = [f"worker{place}" for place in range(workers)]

    async def flood(message: Work) -> AsyncIterator[HandlerResponse]:
        for _ in range(message.number):
            for name in names:
                yield send(Increment(), to=name)

    async with Organism("flood", [flood, *map(worker, names)], limits=ENDLESS) as organism:
        conversation = await organism.inject(Work(each), to="flood")
        assert await conversation == []
        assert served == dict.fromkeys(names, each)
        return conversation.messages


async def big(actors: int, pings: int, seed: int = 0) -> int:
    """Everybody calls others at random, all at the same time; every ping is answered, and all are counted."""
    served, chance = Counter[str](), random.Random(seed)
    names = [f"actor{place}" for place in range(actors)]

    def actor(name: str) -> ListenerConfig:
        async def handle(message: Work | Ping, meta: Any) -> Total | Pong:
            if isinstance(message, Ping):
                served[name] += 1
                return Pong(message.left)
            for number in range(message.number):
                other = chance.choice([each for each in names if each != name])
                assert await meta.call(Ping(number), to=other) == Pong(number)
            return Total(message.number)

        return ListenerConfig(name=name, handler=handle, output_class=[Total, Pong])

    async with Organism("big", [actor(name) for name in names], limits=ENDLESS) as organism:
        conversations = [await organism.inject(Work(pings), to=name) for name in names]
        assert [await each for each in conversations] == [[Total(pings)]] * actors
        assert served.total() == actors * pings
        return sum(each.messages for each in conversations)
