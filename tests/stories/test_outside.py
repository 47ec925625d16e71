"""Envelopes from outside: who may say what, on which thread."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import HandlerMetadata, Organism, Rejected

NS = "https://xml-pipeline.org/ns/envelope/v1"


def envelope(text: str, thread: str, *, from_id: str = "console", to: str | None = "counts") -> bytes:
    target = "" if to is None else f"<to>{to}</to>"
    return (
        f'<message xmlns="{NS}"><meta><from>{from_id}</from>{target}<thread>{thread}</thread></meta>'
        f'<Say xmlns=""><Text>{text}</Text></Say></message>'
    ).encode()


async def counts(message: Say, meta: HandlerMetadata) -> Told:
    return Told(f"{len(meta.history)}: {message.text}")


async def waits(message: Ask, meta: HandlerMetadata) -> Told:
    return await meta.call(Say(message.text), to="paused")  # type: ignore[no-any-return]


async def refused(organism: Organism, message: bytes, **how: Any) -> Rejected:
    with pytest.raises(Rejected) as refusal:
        await organism.inject(message, **how)
    return refusal.value


def test_an_unknown_thread_opens_a_conversation() -> None:
    """The sender's id is its reference, not our thread."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            reference = str(uuid.uuid4())
            conversation = await organism.inject(envelope("a", reference))
            assert await conversation == [Told("1: a")]
            assert conversation.id != reference
            again = await organism.inject(envelope("b", reference))
            assert again is not conversation, "it was over"

    run(story())


def test_a_second_envelope_joins_while_the_conversation_is_open() -> None:
    """One reference of one port is one conversation, while it is open."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            reference = str(uuid.uuid4())
            organism.pause()
            first = await organism.inject(envelope("a", reference))
            second = await organism.inject(envelope("b", reference))
            stranger = await organism.inject(envelope("c", reference, from_id="other"), from_id="other")
            assert first is second
            assert stranger is not first
            organism.resume()
            assert sorted(told.text for told in await first) == ["1: a", "1: b"]

    run(story())


def test_our_own_thread_is_joined_by_its_port_only() -> None:
    """A thread of ours that was not issued to that port, or is closed, is refused."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            organism.pause()
            conversation = await organism.inject(envelope("a", str(uuid.uuid4())))
            own = conversation.id
            assert await organism.inject(envelope("b", own)) is conversation
            error = await refused(organism, envelope("c", own, from_id="thief"), from_id="thief")
            assert (error.stage, error.reason) == ("assign", "thread")
            organism.resume()
            await conversation
            inner = conversation.frames[1].thread_id
            assert (await refused(organism, envelope("d", inner))).reason == "thread"
            assert (await refused(organism, envelope("e", own))).reason == "thread"

    run(story())


@pytest.mark.parametrize(
    "thread",
    [
        "",
        "not-a-uuid",
        "6F1C1D5E-7A2B-4C3D-8E4F-5A6B7C8D9E0F",
        "6f1c1d5e7a2b4c3d8e4f5a6b7c8d9e0f",
        "a5624312-e907-11f1-8473-02fc00000001",
    ],
)
def test_anything_but_a_canonical_uuid4_is_refused(thread: str) -> None:
    """A thread is a UUID version 4 in lower case with hyphens."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            error = await refused(organism, envelope("a", thread))
            assert (error.stage, error.reason) == ("open", "thread")

    run(story())


def test_a_forged_sender_is_refused() -> None:
    """`from` in external bytes must equal the port it came in by."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            error = await refused(organism, envelope("a", str(uuid.uuid4()), from_id="admin"))
            assert (error.stage, error.reason) == ("open", "forged-from")
            assert error.reply is not None
            assert b"admin" not in error.reply.split(b"<original-attempt>")[0]

    run(story())


def test_the_pumps_own_inject_takes_raw_bytes() -> None:
    """`StreamPump.inject(raw_bytes, thread_id, from_id)` queues, as in the reference; refusals are dead letters."""

    async def story() -> None:
        async with an_organism(counts) as organism:
            reference = str(uuid.uuid4())
            await organism.pump.inject(envelope("a", reference), reference, "console")
            await organism.pump.inject(b"<Say><Text>bare</Text></Say>", str(uuid.uuid4()), "console")
            await organism.pump.inject(b"garbage", reference, "console")
            await eventually(lambda: len(organism.conversations) == 2 and len(organism.dead_letters) == 1)
            await organism.settle()
            assert [each.replies for each in organism.conversations] == [[Told("1: a")], [Told("1: bare")]]

    run(story())
