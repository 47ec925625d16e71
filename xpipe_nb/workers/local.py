"""Executors of this process: on the loop, and in daemon threads."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnOver
from xpipe_nb.messages import ITSELF
from xpipe_nb.metadata import HandlerMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from xpipe_nb.dispatch.threads import DaemonThreads
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["Inline", "Threads", "metadata_of"]

SLICE = 0.001
"""Seconds after which a generator that never waits lets the loop turn."""


class Inline:
    """Calls handlers on the loop; one that is a plain function holds up everything else meanwhile."""

    async def run(self, turn: Turn) -> None:
        """Call the handler, and await what has to be awaited."""
        listener = turn.listener
        if listener.form == "async":
            if listener.takes_meta:
                result = await listener.handler(turn.delivery.payload, metadata_of(turn))
            else:
                result = await listener.handler(turn.delivery.payload)
            turn.services.conclude(turn, result)
        elif listener.form == "async-generator":
            await _iterate(turn)
        elif listener.form == "generator":
            await _iterate_plainly(turn)
        else:
            turn.services.conclude(turn, await _awaited(bound(turn)()))

    async def stop(self) -> None:
        """There is nothing to end."""


class Threads:
    """Calls handlers in daemon threads; one whose turn is over is left behind there.

    Args:
        threads: The threads.
    """

    def __init__(self, threads: DaemonThreads) -> None:
        self._threads = threads

    async def run(self, turn: Turn) -> None:
        """Call the handler in a thread and wait for it."""
        if turn.listener.form == "generator":
            await self._in_thread(turn, partial(_iterate_in_thread, turn, asyncio.get_running_loop()))
        else:
            turn.services.conclude(turn, await _awaited(await self._in_thread(turn, bound(turn))))

    async def _in_thread(self, turn: Turn, work: Callable[[], Any]) -> Any:
        return await self._threads.run(work, contextvars.copy_context(), partial(turn.services.late, turn))

    async def stop(self) -> None:
        """End the idle threads, and each that works when its handler returns."""
        self._threads.close()


def metadata_of(turn: Turn) -> HandlerMetadata:
    """Make the second argument of a handler."""
    send, listener = turn.delivery.send, turn.listener
    own_name = listener.name if listener.agent else None
    todos = turn.frame.todos
    nudge = "" if todos is None else todos.nudge()
    return HandlerMetadata("", send.from_id, own_name, send.kind is ITSELF, todo_nudge=nudge, turn=turn)


def bound(turn: Turn) -> Callable[[], Any]:
    """Bind a handler to its arguments."""
    if turn.listener.takes_meta:
        return partial(turn.listener.handler, turn.delivery.payload, metadata_of(turn))
    return partial(turn.listener.handler, turn.delivery.payload)


async def _awaited(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


async def _iterate(turn: Turn) -> None:
    generator = bound(turn)()
    until = perf_counter() + SLICE
    try:
        async for item in generator:
            turn.services.reply(turn, item)
            if turn.over:
                raise TurnOver
            if perf_counter() > until:
                await asyncio.sleep(0)
                until = perf_counter() + SLICE
    finally:
        await generator.aclose()


async def _iterate_plainly(turn: Turn) -> None:
    generator: Generator[Any, Any, Any] = bound(turn)()
    try:
        for item in generator:
            turn.services.reply(turn, item)
            if turn.over:
                raise TurnOver
            await asyncio.sleep(0)
    finally:
        generator.close()


def _iterate_in_thread(turn: Turn, loop: asyncio.AbstractEventLoop) -> None:
    generator: Generator[Any, Any, Any] = bound(turn)()
    try:
        for item in generator:
            asyncio.run_coroutine_threadsafe(_reply(turn, item), loop).result()
            if turn.over or turn.expired:
                return
    finally:
        generator.close()


async def _reply(turn: Turn, item: Any) -> None:
    turn.services.reply(turn, item)
