"""The floors: the same works with tasks and bare `asyncio.Queue`s, by reference, with no check at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.benchmarks.contest import Go

__all__ = ["WIDTH", "crowd", "fan_out", "fork_join", "ping_pong", "queue_ring", "ring", "served"]

WIDTH = 100
"""How many receivers a fan has, and how many conversations a crowd."""


async def queue_ring(hops: int, tokens: int = 1, *, suspend: bool = False) -> None:
    """Send tokens round three tasks with a queue each, until every one of them has made so many hops.

    Args:
        hops: Of each token.
        tokens: How many go round at once.
        suspend: Whether a task lets the loop turn before it passes a token on, as a handler that waits does.
    """
    queues: list[asyncio.Queue[int]] = [asyncio.Queue() for _ in range(3)]
    done = asyncio.get_running_loop().create_future()
    left_over = tokens

    async def pass_on(mine: asyncio.Queue[int], following: asyncio.Queue[int]) -> None:
        nonlocal left_over
        while True:
            left = await mine.get()
            if suspend:
                await asyncio.sleep(0)
            if left:
                await following.put(left - 1)
                continue
            left_over -= 1
            if not left_over:
                done.set_result(None)

    async with served([lambda i=i: pass_on(queues[i], queues[(i + 1) % 3]) for i in range(3)]):
        for _ in range(tokens):
            await queues[0].put(hops)
        await done


@asynccontextmanager
async def ring(*, suspend: bool = False) -> AsyncIterator[Go]:
    """One token; `suspend` as of `queue_ring`."""

    async def go(hops: int) -> None:
        await queue_ring(hops, suspend=suspend)

    yield go


@asynccontextmanager
async def crowd() -> AsyncIterator[Go]:
    """A hundred tokens at once."""

    async def go(hops: int) -> None:
        await queue_ring(max(1, hops // WIDTH), WIDTH)

    yield go


@asynccontextmanager
async def ping_pong() -> AsyncIterator[Go]:
    """Two tasks that answer each other."""
    there: asyncio.Queue[int] = asyncio.Queue()
    back: asyncio.Queue[int] = asyncio.Queue()

    async def ponger() -> None:
        while True:
            await back.put(await there.get())

    async def go(messages: int) -> None:
        for number in range(messages // 2):
            await there.put(number)
            assert await back.get() == number

    async with served([ponger]):
        yield go


@asynccontextmanager
async def fan_out() -> AsyncIterator[Go]:
    """One object for a hundred tasks, each with a queue of its own."""
    queues: list[asyncio.Queue[asyncio.Future[None]]] = [asyncio.Queue() for _ in range(WIDTH)]
    missing = 0

    async def receiver(mine: asyncio.Queue[asyncio.Future[None]]) -> None:
        nonlocal missing
        while True:
            done = await mine.get()
            missing -= 1
            if not missing:
                done.set_result(None)

    async def go(deliveries: int) -> None:
        nonlocal missing
        for _ in range(max(1, deliveries // WIDTH)):
            missing, done = WIDTH, asyncio.get_running_loop().create_future()
            for queue in queues:
                await queue.put(done)
            await done

    async with served([lambda queue=queue: receiver(queue) for queue in queues]):
        yield go


@asynccontextmanager
async def fork_join() -> AsyncIterator[Go]:
    """A hundred questions at once to a hundred tasks, and all their answers."""
    queues: list[asyncio.Queue[tuple[int, asyncio.Future[int]]]] = [asyncio.Queue() for _ in range(WIDTH)]

    async def child(mine: asyncio.Queue[tuple[int, asyncio.Future[int]]]) -> None:
        while True:
            number, answer = await mine.get()
            answer.set_result(number * number)

    async def go(calls: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(max(1, calls // WIDTH)):
            answers = [loop.create_future() for _ in queues]
            for number, queue in enumerate(queues):
                await queue.put((number, answers[number]))
            assert sum(await asyncio.gather(*answers)) == sum(number * number for number in range(WIDTH))

    async with served([lambda queue=queue: child(queue) for queue in queues]):
        yield go


@asynccontextmanager
async def served(services: list[Callable[[], Awaitable[Any]]]) -> AsyncIterator[None]:
    """Run coroutines beside what happens inside, and cancel them after it."""
    tasks = [asyncio.ensure_future(service()) for service in services]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
