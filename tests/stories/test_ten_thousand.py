"""10,000 good and bad messages from 50 tasks at once: each ends once, and the books are right."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from tests.stories.cast import Ask, Count, Say, Told, an_organism
from tests.support import run
from xpipe_nb import (
    CallFailed,
    ConversationFailed,
    HandlerMetadata,
    Limits,
    ListenerConfig,
    Organism,
    Rejected,
    listener,
    send,
)

MESSAGES, TASKS = 10_000, 50


async def echo(message: Say) -> Told:
    return Told(message.text)


async def quiet(message: Ask) -> None: ...


@listener(peers=["echo"])
async def caller(message: Say, meta: HandlerMetadata) -> Told:
    return await meta.call(message, to="echo")  # type: ignore[no-any-return]


async def sender(message: Say | Told) -> Any:
    return message if isinstance(message, Told) else send(message, to="echo")


async def raises(message: Say) -> Told:
    raise ValueError(message.text)


async def odd(message: Say) -> Any:
    return 42


async def loops(message: Count) -> Any:
    return send(message, to="loops")


async def slow(message: Ask) -> Told:
    await asyncio.Event().wait()
    raise AssertionError


async def exits(message: Say) -> Told:
    raise SystemExit(1)


async def survives(message: Say, meta: HandlerMetadata) -> Told:
    try:
        return await meta.call(message, to="raises")  # type: ignore[no-any-return]
    except CallFailed as failed:
        return Told(failed.code)


async def waits(message: Say) -> Told:
    await asyncio.sleep(0)
    return Told(message.text)


def plain(message: Say) -> Told:
    return Told(message.text)


# what is injected, how it must end, and how many dead letters it leaves
KINDS: list[tuple[Any, str | None, str, int]] = [
    (Say("x"), "echo", "reply", 0),
    (b"<Say><Text>x</Text></Say>", "echo", "reply", 0),
    (Say("x"), "caller", "reply", 0),
    (Say("x"), "sender", "reply", 0),
    (Say("x"), "waits", "reply", 0),
    (Say("x"), "plain", "reply", 0),
    (Ask("x"), "quiet", "nothing", 0),
    (Say("x"), "survives", "reply", 1),
    (Say("x"), "raises", "error", 1),
    (Say("x"), "odd", "error", 1),
    (Say("x"), "exits", "error", 1),
    (Ask("x"), "slow", "error", 1),
    (Count(1), "loops", "error", 1),
    (Say("x"), "nobody", "rejected", 1),
    (Count(1), "echo", "rejected", 1),
    (b"<Say><Text>cut", "echo", "rejected", 1),
    (b"<Say><Text>AT&T</Text></Say>", "echo", "rejected", 1),
    (b"<!DOCTYPE a><Say><Text>x</Text></Say>", "echo", "rejected", 1),
    (b"<Say/>", "echo", "rejected", 1),
    (b"\xff\xfe", "echo", "rejected", 1),
]
SETTINGS: dict[Callable[..., Any], dict[str, Any]] = {slow: {"timeout": 0.05}}


async def outcome(organism: Organism, message: Any, to: str | None) -> str:
    """Inject and say how it ended."""
    try:
        conversation = await organism.inject(message, to=to)
    except Rejected:
        return "rejected"
    try:
        replies = await conversation
    except ConversationFailed as failed:
        assert len(failed.errors) == 1
        assert not failed.replies
        return "error"
    assert len(replies) <= 1
    return "reply" if replies else "nothing"


def test_each_of_ten_thousand_messages_ends_once() -> None:
    """Every accepted one ends as a reply, an error or a completion without reply; the letters match the refusals."""
    chance = random.Random(1)
    script = [[chance.choice(KINDS) for _ in range(MESSAGES // TASKS)] for _ in range(TASKS)]
    handlers = [echo, quiet, caller, sender, raises, odd, loops, slow, exits, survives, waits, plain]
    listeners = [ListenerConfig(handler=handler, **SETTINGS.get(handler, {})) for handler in handlers]

    async def story() -> None:
        async with an_organism(*listeners, limits=Limits(max_messages=20), max_concurrent_handlers=200) as organism:

            async def task(part: list[tuple[Any, str | None, str, int]]) -> Counter[tuple[str, str]]:
                seen: Counter[tuple[str, str]] = Counter()
                for message, to, expected, _ in part:
                    seen[expected, await outcome(organism, message, to)] += 1
                return seen

            pending: list[Awaitable[Counter[tuple[str, str]]]] = [task(part) for part in script]
            total: Counter[tuple[str, str]] = sum(await asyncio.gather(*pending), Counter())
            report = await organism.settle()
            flat = [kind for part in script for kind in part]
            expected = Counter((kind, kind) for _, _, kind, _ in flat)
            assert total == expected
            assert organism.dead_letters.total == sum(letters for _, _, _, letters in flat)
            accepted = sum(kind != "rejected" for _, _, kind, _ in flat)
            assert organism.pump.conversations.count == accepted
            assert report.open == ()
            assert len(organism.pump.inbox) == 0
            assert organism.pump.scheduler.running == 0

    run(story(), seconds=300)
