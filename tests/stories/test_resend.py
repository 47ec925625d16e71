"""Dead letters are kept whole, listed for people, and can be sent again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import ConversationFailed, DeliveryError, ListenerConfig, Rejected, XPipeError, send


class Mended:
    """A handler that fails until it is mended."""

    def __init__(self) -> None:
        self.works = False

    async def handle(self, message: Say) -> Told:
        if not self.works:
            raise ValueError("not yet")
        return Told(message.text)


async def boss(message: Ask | Told) -> Any:
    return message if isinstance(message, Told) else send(Say(message.text), to="mended")


def test_a_failed_message_is_sent_again_and_answered() -> None:
    """What failed inside a conversation that is over goes to the same listener, in a new one."""

    async def story() -> None:
        mended = Mended()
        async with an_organism(boss, ListenerConfig(name="mended", handler=mended.handle)) as organism:
            with pytest.raises(ConversationFailed):
                await organism.ask(Ask("kept, with <marks>"), to="boss")
            (letter,) = organism.dead_letters
            mended.works = True
            again = await organism.resend(letter.message_id)
            assert await again == [Told("kept, with <marks>")]
            assert again.number == 2
            assert again.chain == ["console", "mended"]

    run(story())


def test_it_can_be_edited_first() -> None:
    """`payload=` takes the place of what the letter holds; its receiver and its port stay."""

    async def story() -> None:
        async def strict(message: Say) -> Told:
            if message.text != "right":
                raise ValueError("wrong")
            return Told("taken")

        async with an_organism(strict) as organism:
            with pytest.raises(ConversationFailed):
                await (await organism.inject(Say("wrong"), to="strict", from_id="me"))
            again = await organism.resend(organism.dead_letters[0].message_id, Say("right"))
            assert (await again, again.port) == ([Told("taken")], "me")

    run(story())


def test_into_a_conversation_that_is_still_open_it_goes_back() -> None:
    """The same conversation, the same number; nothing new begins."""

    async def story() -> None:
        let_go = asyncio.Event()

        async def fan(message: Ask | DeliveryError) -> Any:
            return [send(Say("x"), to="fails"), send(Told("y"), to="waits")] if isinstance(message, Ask) else None

        fails = Mended()

        async def waits(message: Told) -> None:
            await let_go.wait()

        listeners = (ListenerConfig(name="fails", handler=fails.handle), fan, waits)
        async with an_organism(*listeners) as organism:
            conversation = await organism.inject(Ask("x"), to="fan")
            await eventually(lambda: len(organism.dead_letters) > 0)
            fails.works = True
            assert await organism.resend(organism.dead_letters[0].message_id) is conversation
            let_go.set()
            assert await conversation == [Told("x")]

    run(story())


def test_what_was_refused_at_the_gate_is_kept_as_it_came() -> None:
    """The raw bytes of an injection stand in the letter, and a repaired text goes to where it should have gone."""

    async def story() -> None:
        mended = Mended()
        mended.works = True
        async with an_organism(ListenerConfig(name="mended", handler=mended.handle)) as organism:
            with pytest.raises(Rejected):
                await organism.inject(b"<Say><Text>cut", to="mended")
            letter = organism.dead_letters[0]
            assert letter.raw == b"<Say><Text>cut"
            again = await organism.resend(letter.message_id, b"<Say><Text>cut</Text></Say>")
            assert await again == [Told("cut")]

    run(story())


def test_a_letter_that_is_unknown_is_told_with_the_nearest_one() -> None:
    """One line says so; nothing is sent."""

    async def story() -> None:
        async with an_organism(ListenerConfig(name="mended", handler=Mended().handle)) as organism:
            with pytest.raises(XPipeError, match="no dead letter with message_id 'nothing'"):
                await organism.resend("nothing")
            assert organism.conversations == []

    run(story())


def test_a_letter_reads_as_people_speak() -> None:
    """Numbers and names, no ids, the same mark between names as everywhere."""

    async def story() -> str:
        async with an_organism(ListenerConfig(name="mended", handler=Mended().handle)) as organism:
            with pytest.raises(ConversationFailed):
                await organism.ask(Say("x"), to="mended")
            return repr(organism.dead_letters)

    assert run(story()).startswith("#1 · console ▸ mended Say · perform, handler: mended raised ValueError: not yet")
