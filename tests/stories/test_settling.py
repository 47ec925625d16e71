"""`settle` comes back when nothing is left, and not before, however the last conversation ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import HandlerMetadata, HandlerResponse, send


@pytest.mark.parametrize("patience", range(4))
def test_settle_comes_back_although_the_last_thing_queued_is_refused(patience: int) -> None:
    """A turn that fails leaves messages behind that its closed frame may no longer send; they end quietly, too."""

    async def fails(message: Ask) -> AsyncIterator[HandlerResponse]:
        yield send(Say("left behind"), to="echo")
        for _ in range(patience):
            await asyncio.sleep(0)
        raise ValueError("after it has sent")

    async def echo(message: Say) -> Told:
        return Told(message.text)

    async def story() -> None:
        async with an_organism(fails, echo) as organism:
            conversation = await organism.inject(Ask("x"))
            await organism.settle()
            assert conversation.state == "failed"
            assert not len(organism.pump.inbox)

    run(story())


def test_settle_waits_for_handlers_that_were_cancelled_in_a_call() -> None:
    """A handler that waited in a call holds no place, but it is not gone before it has cleaned up."""

    async def story() -> None:
        cleaned: list[str] = []
        called = asyncio.Event()

        async def waits(message: Ask, meta: HandlerMetadata) -> None:
            try:
                await meta.call(Say(message.text), to="hangs")
            finally:
                for _ in range(20):
                    await asyncio.sleep(0)
                cleaned.append(message.text)

        async def hangs(message: Say) -> None:
            called.set()
            await asyncio.Event().wait()

        async with an_organism(waits, hangs) as organism:
            conversation = await organism.inject(Ask("x"))
            await eventually(called.is_set)
            conversation.cancel()
            await organism.settle()
            assert cleaned == ["x"]

    run(story())
