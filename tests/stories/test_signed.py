"""Organisms that exchange signed messages, and what becomes of those that somebody has tampered with on the way."""

from __future__ import annotations

import gc
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.stories.cast import Ask, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    ConfigError,
    ConversationFailed,
    HandlerMetadata,
    HandlerResponse,
    Identity,
    Organism,
    Rejected,
    XPipeError,
    send,
)
from xpipe_nb.events import DeadLetterEvent
from xpipe_nb.xml import build_envelope, canonical

SEAL = "{https://xml-pipeline.org/ns/sig/v1}sig"
BARE = b"<Say><Text>bare</Text></Say>"


async def echo(message: Say, meta: HandlerMetadata) -> Told:
    """Says it again."""
    return Told(message.text)


async def console(message: Told) -> None:
    """Hears what is answered to the console."""


async def fails(message: Ask) -> Told:
    """Has a bad day."""
    raise ValueError(message.text)


class Clock:
    """A clock that stands still until it is set."""

    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Cast:
    """Two organisms that trust each other, and a stranger."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.clock = folder, Clock()
        self.alice, self.bob, self.eve = (
            Identity.create(folder / f"{name}.pem", clock=self.clock, **settings) for name in ("alice", "bob", "eve")
        )
        self.alice.trust(self.bob.public_key)
        self.bob.trust(self.alice.public_key)
        self.hers = an_organism(echo, fails, identity=self.alice)
        self.his = Organism("his", [echo, fails], identity=self.bob)
        self.eves = Organism("eves", [echo], identity=self.eve)

    async def refused(self, message: Any, organism: Organism | None = None, **how: Any) -> Rejected:
        """Inject what must be refused; the refusal is also a dead letter, and says nothing outward."""
        organism = organism or self.his
        count = organism.dead_letters.total
        with pytest.raises(Rejected) as refused:
            await organism.inject(message, **how)
        assert organism.dead_letters.total == count + 1
        letter = organism.dead_letters[-1]
        assert (letter.stage, letter.reason, letter.detail) == (
            refused.value.stage,
            refused.value.reason,
            refused.value.detail,
        )
        return refused.value


@pytest.fixture
def cast(tmp_path: Path) -> Cast:
    return Cast(tmp_path)


@asynccontextmanager
async def running(cast: Cast) -> AsyncIterator[Cast]:
    async with cast.hers, cast.his, cast.eves:
        yield cast


def edited(message: bytes, edit: Any) -> bytes:
    root = etree.fromstring(message)
    edit(root)
    return etree.tostring(root)


def stripped(message: bytes) -> bytes:
    return edited(message, lambda root: root[0].remove(root[0][-1]))


# ------------------------------------------------------------------ what goes well


def test_two_organisms_exchange_signed_messages(cast: Cast) -> None:
    """What one seals the other takes; the answer comes back signed, on the asker's thread, to the one who asked."""
    heard: list[str] = []

    async def hears(message: Told) -> None:
        heard.append(message.text)

    async def story() -> None:
        async with Organism("hers", [hears], identity=cast.alice) as hers, cast.his as his:
            thread = str(uuid.uuid4())
            question = hers.seal(Say("hello"), to="echo", from_id="hears", thread=thread)
            conversation = await his.inject(question, from_id="hears")
            assert await conversation == [Told("hello")]
            [answer] = conversation.envelopes
            meta = etree.fromstring(answer)[0]
            assert [child.text for child in meta][:3] == ["echo", "hears", thread]
            assert meta[-1].tag == SEAL
            assert await (await hers.inject(answer, from_id="echo")) == []

    run(story())
    assert heard == ["hello"]


def test_an_organism_takes_what_it_has_sealed_itself(cast: Cast) -> None:
    """Its own key is among the trusted."""

    async def story() -> None:
        async with cast.hers as organism:
            assert await organism.ask(organism.seal(Say("me"), to="echo")) == Told("me")

    run(story())


def test_payload_objects_and_the_console_need_no_signature(cast: Cast) -> None:
    """What a cell injects did not come from outside: objects by any port, bare payloads by a local one."""

    async def story() -> None:
        async with cast.his as organism:
            assert await organism.ask(Say("a"), to="echo") == Told("a")
            assert await organism.ask(Say("b"), to="echo", from_id="gateway") == Told("b")
            assert await organism.ask(BARE, to="echo") == Told("bare")
            assert await organism.ask(etree.XML(BARE), to="echo") == Told("bare")
            assert await organism.ask(BARE.decode() + " and prose", to="echo", repair=True) == Told("bare")

    run(story())


def test_the_answers_of_a_conversation_are_written_once(cast: Cast) -> None:
    """Asked for again they are the same bytes, so that a second delivery is known as one; new answers are added."""

    async def story() -> None:
        async with running(cast):
            cast.his.pause()
            conversation = await cast.his.inject(Say("a"), to="echo")
            assert conversation.envelopes == [], "nothing has come yet"
            cast.his.resume()
            await conversation
            first = conversation.envelopes
            assert (len(first), conversation.envelopes) == (1, first)
            await (await cast.his.inject(Say("b"), to="echo", conversation=conversation))
            assert (len(conversation.envelopes), conversation.envelopes[:1]) == (2, first)
            async with Organism("hers", [console], identity=cast.alice) as hers:
                await hers.inject(first[0], from_id="echo")
                assert (await cast.refused(first[0], hers, from_id="echo")).reason == "replay"

    run(story())


def test_an_error_leaves_as_a_signed_message_too(cast: Cast) -> None:
    """It comes from `system`, in its place among the answers, and tells nothing of the cause."""

    async def story() -> None:
        async with running(cast):
            conversation = await cast.his.inject(cast.hers.seal(Ask("secret"), to="fails"))
            with pytest.raises(ConversationFailed):
                await conversation
            [answer] = conversation.envelopes
            root = etree.fromstring(answer)
            assert (root[0][0].text, root[1].tag, root[1].findtext("Code")) == ("system", "SystemError", "handler")
            assert root[0][-1].tag == SEAL
            assert b"secret" not in answer

    run(story())


def test_without_an_identity_answers_are_canonical_and_unsigned_and_nothing_is_sealed() -> None:
    """Whole messages, as the wire format says; but `seal` promises a signature, and says that it has none to give."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            conversation = await organism.inject(Say("a"), to="echo")
            await conversation
            expected = build_envelope(
                Told("a").to_xml(),
                from_id="echo",
                to_id="console",
                thread=conversation.id,  # type: ignore[attr-defined]
            )
            assert conversation.envelopes == [canonical(expected)]
            with pytest.raises(XPipeError, match="no identity"):
                organism.seal(Say("a"))

    run(story())


def test_a_reference_that_is_no_thread_is_not_written_as_one(tmp_path: Path) -> None:
    """The pump's own `inject` takes any text beside the bytes; an answer names this conversation instead."""
    cast = Cast(tmp_path, verify="if-present")

    async def story() -> None:
        async with cast.his as organism:
            message = stripped(cast.hers.seal(Say("a"), to="echo"))
            await organism.pump.inject(BARE, "my reference", "console")
            await organism.pump.inject(message, None, "console")
            await eventually(lambda: len(organism.conversations) == 2)
            await organism.settle()
            bare, whole = organism.conversations
            assert etree.fromstring(bare.envelopes[0])[0][2].text == bare.id
            assert etree.fromstring(whole.envelopes[0])[0][2].text == etree.fromstring(message)[0][2].text

    run(story())


def test_hooks_get_what_goes_on_inside_unsigned(cast: Cast) -> None:
    """A book of internal messages holds none that could be sent to somebody as ours."""
    seen: list[bytes] = []

    class Book:
        async def on_intent(self, *, payload_bytes: bytes, **_more: Any) -> None:
            seen.append(payload_bytes)

    async def story() -> None:
        async with Organism("booked", [echo], identity=cast.alice, hooks=[Book()]) as organism:
            await organism.ask(organism.seal(Say("a"), to="echo"))

    run(story())
    [message] = seen
    assert etree.fromstring(message)[0][-1].tag.endswith("thread")


# ------------------------------------------------------------------ what is tampered with


def test_an_altered_message_is_refused(cast: Cast) -> None:
    """One word, one name, one thread: each is signed with the rest; nothing of it reaches a listener."""

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("pay 10"), to="echo")
            recorder = Recorder()
            cast.his.subscribe(recorder)
            other = str(uuid.uuid4()).encode()
            thread = (etree.fromstring(message)[0][2].text or "").encode()
            for old, new in ((b"pay 10", b"pay 1000"), (b"<to>echo", b"<to>fails"), (thread, other)):
                error = await cast.refused(message.replace(old, new))
                assert (error.stage, error.reason) == ("verify", "signature")
            assert cast.his.conversations == []
            await eventually(lambda: len(recorder.of(DeadLetterEvent)) == 3)
            assert await (await cast.his.inject(message)) == [Told("pay 10")], "the genuine one still passes"

    run(story())


def test_a_stripped_message_is_refused(cast: Cast) -> None:
    """Without its seal, without its envelope, or as a tree: under `require` none of it is taken from outside."""

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("x"), to="echo", from_id="gateway")
            naked = stripped(message)
            bare = etree.tostring(etree.fromstring(message)[1])
            for what in (naked, naked.decode(), etree.fromstring(naked), bare, etree.fromstring(bare)):
                error = await cast.refused(what, from_id="gateway")
                assert (error.stage, error.reason) == ("verify", "unsigned")
            naked = stripped(cast.hers.seal(Say("x"), to="echo"))
            assert (await cast.refused(naked)).reason == "unsigned", "a whole message, also at the console"

    run(story())


def test_the_pumps_own_door_takes_nothing_unsigned(cast: Cast) -> None:
    """`StreamPump.inject` brings bytes from elsewhere, whatever port they name."""

    async def story() -> None:
        async with running(cast):
            pump = cast.his.pump
            await pump.inject(BARE, None, "console")
            await pump.inject(stripped(cast.hers.seal(Say("x"), to="echo")), None, "console")
            await pump.inject(cast.hers.seal(Say("signed"), to="echo"), None, "console")
            await eventually(lambda: len(cast.his.dead_letters) == 2 and len(cast.his.conversations) == 1)
            await cast.his.settle()
            assert [letter.reason for letter in cast.his.dead_letters] == ["unsigned", "unsigned"]
            assert cast.his.conversations[0].replies == [Told("signed")]

    run(story())


def test_a_wrapped_message_is_refused(cast: Cast) -> None:
    """A genuine message inside a forged one, or its seal on one, lends the forgery nothing."""

    def wrap(root: Any) -> None:
        genuine = etree.fromstring(etree.tostring(root))
        root[1][0].text = "evil"
        etree.SubElement(root[0], "{urn:x}original").append(genuine)
        root[0].append(root[0][-2])  # its seal, last again

    def cover(root: Any) -> None:
        root.append(etree.XML("<Say><Text>evil</Text></Say>"))

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("good"), to="echo")
            for change in (wrap, cover):
                assert (await cast.refused(edited(message, change))).reason == "signature"

    run(story())


def test_a_comment_splits_nothing(cast: Cast) -> None:
    """Two readers never see two texts in one signed message."""

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("pay 10"), to="echo")
            error = await cast.refused(message.replace(b"<to>echo", b"<to>ec<!-- -->ho"))
            assert (error.stage, error.reason) == ("read", "comment")
            conversation = await cast.his.inject(message.replace(b"pay 10", b"pay<!-- 1 --> 10"))
            assert await conversation == [Told("pay 10")]

    run(story())


def test_a_message_signed_by_a_stranger_is_refused(cast: Cast) -> None:
    """Signing anew what was stripped does not help who is not trusted."""

    async def story() -> None:
        async with running(cast):
            error = await cast.refused(cast.eves.seal(Say("trust me"), to="echo"))
            assert (error.stage, error.reason) == ("verify", "signature")
            cast.bob.trust(cast.eve.public_key)
            assert await cast.his.ask(cast.eves.seal(Say("now"), to="echo")) == Told("now")
            cast.bob.distrust(cast.eve.public_key)
            assert (await cast.refused(cast.eves.seal(Say("later"), to="echo"))).reason == "signature"

    run(story())


def test_no_signed_text_is_repaired(cast: Cast) -> None:
    """Repair comes before reading, and a signature is for what was written: the two do not go together."""

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("AT&T"), to="echo").decode()
            for broken in (message.replace("&amp;", "&"), f"Here you are:\n```xml\n{message}\n```"):
                error = await cast.refused(broken, repair=True)
                assert (error.stage, error.reason) == ("verify", "signature")
                assert "repaired" in error.detail
            assert await cast.his.ask(message, repair=True) == Told("AT&T"), "there was nothing to repair"
            async with an_organism(echo) as plain:
                error = await cast.refused(message.replace("&amp;", "&"), plain, repair=True)
                assert error.reason == "signature", "also where nobody asks for signatures"

    run(story())


def test_the_sender_hears_the_same_whatever_was_wrong_with_a_seal(cast: Cast) -> None:
    """Nobody outside learns how far a forgery came."""

    async def story() -> None:
        async with running(cast):
            used = cast.hers.seal(Say("x"), to="echo")
            await cast.his.inject(used)
            late = cast.hers.seal(Say("y"), to="echo")
            elsewhere = cast.hers.seal(Say("z"), to="echo", organism="other")
            stranger = cast.eves.seal(Say("z"), to="echo")
            errors = [await cast.refused(each) for each in (used, elsewhere, stranger, stripped(used))]
            cast.clock.now += 301
            errors.append(await cast.refused(late))
            assert [error.reason for error in errors] == ["replay", "audience", "signature", "unsigned", "window"]
            answers = {(error.reply or b"").split(b"<original-attempt>")[0] for error in errors}
            assert len(answers) == 1

    run(story())


# ------------------------------------------------------------------ what is sent again


def test_a_replayed_message_is_refused(cast: Cast) -> None:
    """While it is new it is remembered; when it is forgotten it is too old."""

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("pay"), to="echo")
            assert await cast.his.ask(message) == Told("pay")
            for passed, reason in ((0, "replay"), (300, "replay"), (1, "window"), (1e6, "window")):
                cast.clock.now += passed
                error = await cast.refused(message)
                assert (error.stage, error.reason) == ("verify", reason)

    run(story())


def test_a_replay_finds_a_restarted_organism_no_easier(cast: Cast) -> None:
    """With one identity two organisms remember together; a new identity refuses what was sealed before it."""

    async def story() -> None:
        async with cast.hers:
            message = cast.hers.seal(Say("pay"), to="echo")
            async with cast.his:
                await cast.his.ask(message)
            async with Organism("his", [echo], identity=cast.bob) as again:
                assert (await cast.refused(message, again)).reason == "replay"
            cast.clock.now += 1
            trusted = [cast.alice.public_key]
            restarted = Identity.load(cast.folder / "bob.pem", trusted=trusted, clock=cast.clock)
            async with Organism("his", [echo], identity=restarted) as anew:
                assert (await cast.refused(message, anew)).reason == "replay"
                assert await anew.ask(cast.hers.seal(Say("pay"), to="echo")) == Told("pay")

    run(story())


def test_a_message_out_of_the_window_is_refused(tmp_path: Path) -> None:
    """The window is a setting, and counts both ways."""
    cast = Cast(tmp_path, window=10)

    async def story() -> None:
        async with running(cast):
            early = cast.hers.seal(Say("x"), to="echo")
            cast.clock.now += 11
            assert (await cast.refused(early)).reason == "window"
            cast.clock.now += 100
            ahead = cast.hers.seal(Say("x"), to="echo")
            cast.clock.now -= 11
            assert (await cast.refused(ahead)).reason == "window"
            cast.clock.now += 2
            assert await cast.his.ask(ahead) == Told("x")

    run(story())


def test_a_dead_letter_is_sent_again_by_a_person_though_its_stamp_is_used(cast: Cast) -> None:
    """What was verified once, and what a person has edited, passes; what was refused by the check is checked again."""
    down = [True]

    async def moody(message: Say) -> Told:
        if down[0]:
            raise RuntimeError
        return Told(message.text)

    async def story() -> None:
        async with cast.hers, Organism("his", [moody], identity=cast.bob) as organism:
            await organism.inject(cast.hers.seal(Say("x"), to="moody", from_id="gateway"), from_id="gateway")
            await organism.settle()
            forged = cast.hers.seal(Say("y"), to="moody", from_id="gateway").replace(b">y<", b">z<")
            await cast.refused(forged, organism, from_id="gateway")
            down[0] = False
            failed, refused = organism.dead_letters
            assert await (await organism.resend(failed.message_id)) == [Told("x")]
            with pytest.raises(Rejected) as again:
                await organism.resend(refused.message_id)
            assert (again.value.stage, again.value.reason) == ("verify", "signature")
            conversation = await organism.resend(refused.message_id, b"<Say><Text>edited</Text></Say>")
            assert await conversation == [Told("edited")]

    run(story())


# ------------------------------------------------------------------ keys that change


def test_keys_are_rotated_while_both_organisms_run(cast: Cast) -> None:
    """The partner trusts the new key, then the old one goes; in between both are taken, and nothing stops."""

    async def story() -> None:
        async with running(cast):
            old = cast.alice.public_key
            before = cast.hers.seal(Say("before"), to="echo")
            new = cast.alice.rotate(cast.folder / "newer.pem")
            unknown = cast.hers.seal(Say("too soon"), to="echo")
            assert (await cast.refused(unknown)).reason == "signature"
            cast.bob.trust(new)
            assert await cast.his.ask(unknown) == Told("too soon")
            assert await cast.his.ask(before) == Told("before"), "on its way while the key changed"
            late = edited(before, lambda root: None)
            cast.bob.distrust(old)
            assert (await cast.refused(late)).reason == "signature"
            assert await cast.his.ask(cast.hers.seal(Say("after"), to="echo")) == Told("after")
            assert await cast.hers.ask(cast.hers.seal(Say("own"), to="echo")) == Told("own")

    run(story())


# ------------------------------------------------------------------ how strictly


def test_if_present_takes_the_unsigned_and_refuses_the_broken(tmp_path: Path) -> None:
    """For the time until every partner signs."""
    cast = Cast(tmp_path, verify="if-present")

    async def story() -> None:
        async with running(cast):
            message = cast.hers.seal(Say("x"), to="echo", from_id="gateway")
            for taken in (stripped(message), BARE, message):
                assert await (await cast.his.inject(taken, to="echo", from_id="gateway"))
            error = await cast.refused(message.replace(b">x<", b">y<"), from_id="gateway")
            assert (error.stage, error.reason) == ("verify", "signature")
            error = await cast.refused(message, from_id="gateway")
            assert error.reason == "replay"

    run(story())


def test_off_checks_nothing_and_still_signs(tmp_path: Path) -> None:
    """What leaves is signed all the same."""
    cast = Cast(tmp_path, verify="off")

    async def story() -> None:
        async with running(cast):
            forged = cast.hers.seal(Say("x"), to="echo").replace(b">x<", b">y<")
            conversation = await cast.his.inject(forged)
            assert await conversation == [Told("y")]
            assert b"<sig:sig" in conversation.envelopes[0]

    run(story())


def test_messages_inside_need_no_signature(cast: Cast) -> None:
    """What listeners send to one another never left."""

    async def asks(message: Ask, meta: HandlerMetadata) -> HandlerResponse:
        told = await meta.call(Say(message.text), to="echo")
        return HandlerResponse.respond(told)

    async def forwards(message: Say) -> HandlerResponse:
        return send(Ask(message.text), to="asks")

    async def story() -> None:
        organism = Organism("inside", [echo, asks, forwards], identity=cast.bob)
        async with organism, cast.hers:
            conversation = await organism.inject(cast.hers.seal(Ask("deep"), to="asks"))
            assert await conversation == [Told("deep")]

    run(story())


# ------------------------------------------------------------------ when it fails


def test_a_message_that_cannot_be_signed_does_not_leave_unsigned(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps the key from signing is an error where the message was asked for; no bytes are given."""

    class Broken(Exception):
        pass

    def broken(data: bytes) -> bytes:
        raise Broken

    async def story() -> None:
        async with cast.his as organism:
            conversation = await organism.inject(Say("a"), to="echo")
            await conversation
            monkeypatch.setattr(cast.bob, "sign", broken)
            with pytest.raises(Broken):
                organism.seal(Say("x"))
            with pytest.raises(Broken):
                conversation.envelopes
            monkeypatch.undo()
            assert b"<sig:sig" in conversation.envelopes[0]

    run(story())


def test_answers_cannot_be_written_once_the_organism_is_gone(cast: Cast) -> None:
    """Its key is gone with it; nothing is written unsigned instead."""

    async def story() -> Any:
        async with Organism("short", [echo], identity=cast.bob) as organism:
            conversation = await organism.inject(Say("a"), to="echo")
            await conversation
        return conversation

    conversation = run(story())
    gc.collect()
    with pytest.raises(XPipeError, match="short is gone"):
        conversation.envelopes


def test_a_reload_keeps_the_identity_and_refuses_another(cast: Cast) -> None:
    """What has been seen stays seen; a key is changed by `rotate`, or by a new start."""

    async def story() -> None:
        text = f"organism: {{name: x, identity: {cast.folder / 'bob.pem'}}}\nlisteners: [echo]\n"
        async with Organism.from_yaml(text, globals()) as organism:
            message = organism.seal(Say("x"), to="echo")
            await organism.ask(message)
            event = await organism.reload(text, globals())
            assert event.success
            assert (await cast.refused(message, organism)).reason == "replay"
            for changed in (text.replace("bob", "eve"), text.replace(str(cast.folder / "bob.pem"), "null")):
                event = await organism.reload(changed, globals())
                assert (event.success, "identity" in (event.error or "")) == (False, True)
                assert isinstance(event.cause, ConfigError)

    run(story())
