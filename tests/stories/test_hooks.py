"""Dispatch hooks: what they are told, in which order, with which bytes, and that they harm nobody."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import run
from xpipe_nb import ConfigError, ConversationFailed, HandlerMetadata, ListenerConfig, Organism, send
from xpipe_nb.dispatch import hooks, retried


class Book:
    """A hook that writes everything down."""

    def __init__(self) -> None:
        self.lines: list[tuple[Any, ...]] = []
        self.bytes: list[bytes] = []

    async def on_intent(
        self, *, thread_id: str, from_id: str, to_id: str, payload_type: str, payload_bytes: bytes
    ) -> int:
        self.bytes.append(payload_bytes)
        self.lines.append(("intent", from_id, to_id, payload_type))
        return len(self.bytes)

    async def on_dispatched(self, entry: int) -> None:
        self.lines.append(("dispatched", entry))

    async def on_acknowledged(self, entry: int) -> None:
        self.lines.append(("acknowledged", entry))

    async def on_failed(self, entry: int, error: str) -> None:
        self.lines.append(("failed", entry, error))

    async def on_thread_complete(self, thread_id: str) -> None:
        self.lines.append(("complete", thread_id))


async def echo(message: Say) -> Told:
    return Told(message.text)


async def boss(message: Ask | Told) -> Any:
    return message if isinstance(message, Told) else send(Say(message.text), to="echo")


async def broken(message: Say) -> None:
    raise ValueError("no")


def told(book: Any, *listeners: Any, message: Any, to: str) -> str:
    """Send one message with a hook; give the id of the conversation."""

    async def story() -> str:
        async with an_organism(*listeners, hooks=[book]) as organism:
            conversation = await organism.inject(message, to=to)
            with contextlib.suppress(ConversationFailed):
                await conversation
            return str(conversation.id)

    return run(story())


def test_every_message_to_a_listener_is_written_down_before_its_handler_and_ends_once() -> None:
    """Intent, dispatched, acknowledged for each; the reply to the injector is nobody's message; then it is complete."""
    book = Book()
    thread = told(book, echo, boss, message=Ask("x"), to="boss")
    assert book.lines == [
        ("intent", "console", "boss", "Ask"), ("dispatched", 1), ("acknowledged", 1),
        ("intent", "boss", "echo", "Say"), ("dispatched", 2), ("acknowledged", 2),
        ("intent", "echo", "boss", "Told"), ("dispatched", 3), ("acknowledged", 3),
        ("complete", thread),
    ]  # fmt: skip


def test_the_bytes_are_the_whole_message_and_can_be_sent_again() -> None:
    """They are the canonical envelope; its payload, injected into another organism, does the same."""
    book = Book()
    told(book, echo, message=Say("a < b"), to="echo")
    (written,) = book.bytes
    assert written.startswith(b'<message xmlns="https://xml-pipeline.org/ns/envelope/v1"><meta><from>console</from>')
    assert b'<Say xmlns=""><Text>a &lt; b</Text></Say>' in written

    async def again() -> Any:
        async with an_organism(echo) as organism:
            return await organism.ask(written, to="echo")

    assert run(again()) == Told("a < b")


def test_a_failure_is_told_with_its_cause_and_then_the_conversation_is_complete() -> None:
    """A handler that raises is `failed`, never acknowledged."""
    book = Book()
    thread = told(book, broken, message=Say("x"), to="broken")
    assert [line[0] for line in book.lines] == ["intent", "dispatched", "failed", "complete"]
    assert "broken raised ValueError: no" in book.lines[2][2]
    assert book.lines[3] == ("complete", thread)


def test_a_message_that_is_tried_again_keeps_its_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    """One intent and one end, however many attempts."""
    monkeypatch.setattr(retried, "FIRST", 0.0)

    async def flaky(message: Say, meta: HandlerMetadata) -> None:
        if meta.attempt < 3:
            raise ValueError

    book = Book()
    told(book, ListenerConfig(name="flaky", handler=flaky, retries=5), message=Say("x"), to="flaky")
    assert [line[0] for line in book.lines] == ["intent", "dispatched", "acknowledged", "complete"]


def test_acknowledged_means_that_what_was_sent_is_queued() -> None:
    """When a hook hears of the end of a message, the message that followed from it is counted already."""
    seen: list[int] = []

    async def story() -> None:
        class Counts:
            async def on_acknowledged(self, entry: object) -> None:
                seen.append(organism.conversations[-1].sent + len(organism.pump.inbox))

        async with an_organism(echo, boss, hooks=[Counts()]) as organism:
            await organism.ask(Ask("x"), to="boss")

    run(story())
    assert seen[0] >= 2


def test_an_ended_conversation_is_told_as_failed_and_complete() -> None:
    """`cancel` reaches the book, too; nothing stays open in it."""
    book = Book()

    async def story() -> None:
        inside = asyncio.Event()

        async def hang(message: Say) -> None:
            inside.set()
            await asyncio.Event().wait()

        async with an_organism(hang, hooks=[book]) as organism:
            conversation = await organism.inject(Say("x"), to="hang")
            await inside.wait()
            await conversation.cancel()

    run(story())
    assert sorted(line[0] for line in book.lines) == ["complete", "dispatched", "failed", "intent"]


@pytest.mark.parametrize("method", ["on_intent", "on_dispatched", "on_acknowledged", "on_thread_complete"])
def test_what_a_hook_raises_harms_nobody(method: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged; the message is handled, and the other hook hears all."""

    async def fails(*_words: Any, **_written: Any) -> None:
        raise RuntimeError("the book is full")

    class Other(Book):
        pass

    bad, good = Other(), Book()
    setattr(bad, method, fails)

    async def story() -> Any:
        async with an_organism(echo, hooks=[bad, good]) as organism:
            return await organism.ask(Say("x"), to="echo")

    assert run(story()) == Told("x")
    assert [line[0] for line in good.lines] == ["intent", "dispatched", "acknowledged", "complete"]
    assert f"Other.{method} raised" in caplog.text
    if method == "on_intent":
        assert [line[0] for line in bad.lines] == ["complete"]


def test_a_hook_that_hangs_has_a_deadline(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Then the pump goes on without its answer."""
    monkeypatch.setattr(hooks, "PATIENCE", 0.01)

    class Hangs:
        async def on_intent(self, **_written: Any) -> None:
            await asyncio.Event().wait()

    told(Hangs(), echo, message=Say("x"), to="echo")
    assert "Hangs.on_intent took longer than 0.01 s" in caplog.text


def test_hooks_come_and_go_while_it_runs() -> None:
    """`register_dispatch_hook` and `unregister_dispatch_hook`; twice registered is called once."""

    async def story() -> Book:
        book = Book()
        async with an_organism(echo) as organism:
            await organism.ask(Say("before"), to="echo")
            organism.pump.register_dispatch_hook(book)
            organism.pump.register_dispatch_hook(book)
            await organism.ask(Say("while"), to="echo")
            organism.pump.unregister_dispatch_hook(book)
            await organism.ask(Say("after"), to="echo")
        return book

    assert len(run(story()).bytes) == 1


def test_what_cannot_be_a_hook_is_refused_by_name() -> None:
    """A class in place of an object, or an object without any of the methods."""
    for wrong in (Book, object()):
        with pytest.raises(ConfigError, match=r"\$\.hooks\[0\].*on_intent"):
            Organism("x", [echo], hooks=[wrong])
