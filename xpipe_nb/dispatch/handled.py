"""The innermost step: the handler's call, in each of the forms that a handler may have."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnOver
from xpipe_nb.messages import Kind
from xpipe_nb.metadata import HandlerMetadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from xpipe_nb.dispatch.threads import DaemonThreads
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["handled"]

SLICE = 0.001
"""Seconds after which a generator that never waits lets the loop turn."""


def handled(threads: DaemonThreads) -> Callable[[Turn], Awaitable[Any]]:
    """Make the step that calls handlers."""

    async def invoke(turn: Turn) -> None:
        listener = turn.listener
        form = listener.form
        if form == "async":
            if listener.takes_meta:
                result = await listener.handler(turn.delivery.payload, metadata_of(turn))
            else:
                result = await listener.handler(turn.delivery.payload)
            turn.services.conclude(turn, result)
        elif form == "async-generator":
            await _iterate(turn)
        elif form == "generator":
            await _in_thread(turn, partial(_iterate_in_thread, turn, asyncio.get_running_loop()))
        else:
            turn.services.conclude(turn, await _in_thread(turn, _bound(turn)))

    async def _in_thread(turn: Turn, work: Callable[[], Any]) -> Any:
        result = await threads.run(work, contextvars.copy_context(), partial(turn.services.late, turn))
        return await result if inspect.isawaitable(result) else result

    return invoke


def metadata_of(turn: Turn) -> HandlerMetadata:
    """Make the second argument of a handler."""
    send, listener = turn.delivery.send, turn.listener
    own_name = listener.name if listener.agent else None
    todos = turn.frame.todos
    nudge = "" if todos is None else todos.nudge()
    return HandlerMetadata("", send.from_id, own_name, send.kind is Kind.ITSELF, todo_nudge=nudge, turn=turn)


def _bound(turn: Turn) -> Callable[[], Any]:
    """Bind a handler to its arguments."""
    if turn.listener.takes_meta:
        return partial(turn.listener.handler, turn.delivery.payload, metadata_of(turn))
    return partial(turn.listener.handler, turn.delivery.payload)


async def _iterate(turn: Turn) -> None:
    generator = _bound(turn)()
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


def _iterate_in_thread(turn: Turn, loop: asyncio.AbstractEventLoop) -> None:
    generator: Generator[Any, Any, Any] = _bound(turn)()
    try:
        for item in generator:
            asyncio.run_coroutine_threadsafe(_reply(turn, item), loop).result()
            if turn.over or turn.expired:
                return
    finally:
        generator.close()


async def _reply(turn: Turn, item: Any) -> None:
    turn.services.reply(turn, item)
