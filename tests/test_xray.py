"""One message in all the forms that it took, each with what changed from the one before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import run
from xpipe_nb import HandlerMetadata, Rejected, Send, XPipeError, listener
from xpipe_nb.passages import KEPT, LARGEST
from xpipe_nb.views.forms import FORMS


async def echo(message: Say) -> Told:
    return Told(message.text)


@listener(peers=["echo"])
async def caller(message: Ask, meta: HandlerMetadata) -> Told:
    return await meta.call(Say(message.text), to="echo")  # type: ignore[no-any-return]


TEXT = "Sure!\n<Say>\n  <!-- c --><Text>AT&T</Text></Say>"


def test_a_text_is_seen_in_every_form() -> None:
    """From what a person wrote to what the listener got, with the repairs and the comment that went."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.passages.keep()
            await (await organism.inject(TEXT, to="echo", repair=True))
            xray = organism.xray("#1.1")
            assert tuple(form.name for form in xray.forms) == FORMS
            assert xray.title == "#1.1 console ▸ echo Say"
            assert xray["raw"].text == TEXT
            assert xray["repaired"].state == "changed"
            assert "- <Text>AT&T</Text>" in xray["repaired"].change
            assert "+ <Text>AT&amp;T</Text>" in xray["repaired"].change
            assert "escaped & at line 3, column 21" in xray["repaired"].change
            assert xray["canonical"].change == ("- <!-- c -->",)
            assert "<thread>#1</thread>" in xray["envelope"].text
            assert xray["routed"].text == "console ▸ echo"
            assert xray["payload"].text == "Say(text='AT&T')"
            assert "✓ payload    Say(text='AT&T')" in repr(xray)
            with pytest.raises(KeyError):
                xray["nonsense"]

    run(story())


def test_what_a_stage_changed_is_a_form_of_its_own() -> None:
    """It names the stages that a person put in."""

    def louder(message: Send) -> Send:
        text = message.element.find("Text")
        text.text = str(text.text).upper()
        return message

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(louder, after="assign")
        organism.pump.passages.keep()
        async with organism:
            await (await organism.inject(b"<Say><Text>a</Text></Say>"))
            form = organism.xray("#1.1")["stages"]
            assert form.change == ("- <Text>a</Text>", "+ <Text>A</Text>", "changed by louder")

    run(story())


def test_a_message_made_of_an_object_and_its_answer_are_seen_too() -> None:
    """Whoever sent it: its number, its way and what it was."""

    async def story() -> None:
        async with an_organism(echo, caller) as organism:
            organism.pump.passages.keep()
            await (await organism.inject(Ask("x")))
            assert organism.pump.passages.listed(1) == [
                "#1.1 console ▸ caller Ask",
                "#1.2 caller ▸ echo Say",
                "#1.3 echo ▸ caller Told",
                "#1.4 caller ▸ console Told",
            ]
            assert organism.xray((1, 2))["routed"].text == "console ▸ caller ▸ echo"
            assert organism.xray("1.3")["routed"].text == "console ▸ caller (an answer)"
            assert organism.xray("#1.4")["raw"].text == "no text: it was made of an object"

    run(story())


def test_a_broadcast_shows_each_way() -> None:
    """One message, several receivers."""

    @listener(broadcast=True)
    async def first(message: Say) -> None: ...

    @listener(broadcast=True)
    async def second(message: Say) -> None: ...

    async def story() -> None:
        async with an_organism(first, second) as organism:
            organism.pump.passages.keep()
            await (await organism.inject(Say("x")))
            assert organism.xray("#1.1")["routed"].text == "console ▸ first\nconsole ▸ second"

    run(story())


@pytest.mark.parametrize(
    ("message", "refused_at", "why"),
    [
        (b"<Say><Text>cut", "raw", "read, malformed"),
        (b"<message xmlns='https://xml-pipeline.org/ns/envelope/v1'/>", "envelope", "open, envelope"),
        (b"<Nobody/>", "routed", "route, nobody"),
        (b"<Say><Text>secret</Text></Say>", "routed", "guard, secret: no"),
        (b"<Say><Nonsense/></Say>", "payload", "decode, schema"),
    ],
)
def test_a_dead_letter_shows_where_it_was_refused(message: bytes, refused_at: str, why: str) -> None:
    """What came before is there, the form that it never took is marked, and the reason is told."""

    def guard(item: Send) -> Any:
        if "secret" in item.element.xpath("string()"):
            raise Rejected("guard", "secret", "no")
        return item

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(guard, after="assign")
        async with organism:
            with pytest.raises(Rejected):
                await organism.inject(message)
            xray = organism.xray(organism.dead_letters[-1])
            assert [form.name for form in xray.forms if form.state == "refused"] == [refused_at]
            after = [form.state for form in xray.forms[FORMS.index(refused_at) + 1 :]]
            assert set(after) <= {"never"}
            assert why in xray.why
            assert f"✕ {why}" in repr(xray)

    run(story())


def test_a_message_whose_handler_failed_has_had_all_its_forms() -> None:
    """By its number or as a letter, it is the same message."""

    async def raises(message: Say) -> Told:
        raise ValueError("oh")

    async def story() -> None:
        async with an_organism(raises) as organism:
            organism.pump.passages.keep()
            await organism.inject(Say("x"))
            await organism.settle()
            xray = organism.xray("#1.1")
            assert xray == organism.xray(organism.dead_letters[-1])
            assert {form.state for form in xray.forms} == {"passed"}
            assert "raises raised ValueError: oh" in xray.why

    run(story())


def test_a_name_that_is_none_says_what_there_is() -> None:
    """Nothing kept, no message named, an unknown one: each says what to do."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            await (await organism.inject(Say("x")))
            with pytest.raises(XPipeError, match="they are from now on: send it again"):
                organism.xray("#1.1")
            await (await organism.inject(Say("x")))
            assert organism.xray("#2.1").title == "#2.1 console ▸ echo Say"
            with pytest.raises(XPipeError, match="say which message of #2: #2"):
                organism.xray("#2")
            with pytest.raises(XPipeError, match=r"there is no message #9.1 \(any more\); nothing is kept of #9"):
                organism.xray("#9.1")
            with pytest.raises(XPipeError, match="expected its numbers"):
                organism.xray("first")

    run(story())


def test_what_is_kept_is_bounded() -> None:
    """The latest messages, and of a very large one only that there was one."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            organism.pump.passages.keep()
            await (await organism.inject(Say("x" * LARGEST)))
            assert organism.xray("#1.1")["payload"].text == "a Say, too large to keep"
            for _ in range(KEPT // 2):
                await (await organism.inject(Say("x")))
            await organism.settle()
            with pytest.raises(XPipeError, match=r"there is no message #1\.1"):
                organism.xray("#1.1")

    run(story())
