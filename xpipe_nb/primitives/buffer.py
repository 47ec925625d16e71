"""`system.buffer`: many payloads to one listener at once, and all answers in the order of the items."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed, Rejected
from xpipe_nb.failures import failure
from xpipe_nb.payloads import DeliveryError
from xpipe_nb.payloads.primitives import (
    BufferComplete,
    BufferDispatched,
    BufferError,  # noqa: A004 - the reference's name
    BufferStart,
)
from xpipe_nb.primitives.desk import number_of, tag_of, turn_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xpipe_nb.metadata import HandlerMetadata
    from xpipe_nb.primitives.desk import Desk

__all__ = ["AT_ONCE", "Buffers"]

AT_ONCE = 64
"""How many items of one buffer are under way at once."""


class Buffers:
    """Runs buffers.

    Args:
        desk: Who asks, and what that one may do.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(
        self, message: BufferStart, meta: HandlerMetadata
    ) -> BufferComplete | BufferDispatched | BufferError | None:
        """Send many payloads to one listener at once."""
        turn, items = turn_of(meta), message.items
        buffer = number_of(turn)
        try:
            self._look(message, meta)
        except Rejected as rejection:
            return BufferError(buffer, self._desk.refused(turn, message, message.target, rejection))
        if not message.collect:
            self._desk.send_for(turn, items, message.target)
            return self._desk.if_heard(turn, BufferDispatched(buffer, len(items)))  # type: ignore[no-any-return]
        answers = asyncio.ensure_future(_gathered(message, meta))
        on = turn if message.deadline is None else None
        await turn.services.stand_by(answers, on)  # its places are free as long as any item is under way
        results = answers.result()
        for result in results:
            self._desk.learn(result)
        failed = sum(isinstance(result, DeliveryError) for result in results)
        return BufferComplete(buffer, len(items), len(items) - failed, results)

    def _look(self, message: BufferStart, meta: HandlerMetadata) -> None:
        """Look at the target and at every item before the first is sent.

        Raises:
            Rejected: One does not fit; nothing is sent then.
        """
        if not message.items:
            raise Rejected("route", "empty", "there are no items")
        listener = self._desk.reachable(turn_of(meta), message.target)
        for place, item in enumerate(message.items):
            try:
                self._desk.fitting(listener, tag_of(item))
            except Rejected as rejection:
                raise Rejected(rejection.stage, rejection.reason, f"item {place}: {rejection.detail}") from None


async def _gathered(message: BufferStart, meta: HandlerMetadata) -> list[Any]:
    """Ask for all items, a bounded number at once; what is not there at the deadline is a `SystemError`."""
    results: list[Any] = [failure("timeout")] * len(message.items)
    left = iter(enumerate(message.items))
    tasks = [asyncio.ensure_future(_ask(left, message.target, meta, results)) for _ in message.items[:AT_ONCE]]
    deadline = message.deadline if message.deadline is not None and math.isfinite(message.deadline) else None
    try:
        await asyncio.wait(tasks, timeout=deadline)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return results


async def _ask(left: Iterator[tuple[int, Any]], target: str, meta: HandlerMetadata, results: list[Any]) -> None:
    """Ask for one item after the other as long as there are any."""
    for place, item in left:
        try:
            results[place] = await meta.call(item, to=target)
        except CallFailed as failed:
            results[place] = failure(failed.code)
