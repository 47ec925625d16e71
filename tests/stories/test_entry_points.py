"""The ways in: names of the reference, listeners added by hand, metadata without a pump."""

from __future__ import annotations

import asyncio
import importlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import xpipe_nb
from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import run
from xpipe_nb import (
    CallFailed,
    ConfigError,
    HandlerMetadata,
    ListenerConfig,
    Organism,
    OrganismConfig,
    Rejected,
    StreamPump,
    XPipeError,
    bootstrap,
    get_stream_pump,
    reset_stream_pump,
)
from xpipe_nb.names import SYSTEM_LISTENERS


async def echo(message: Say) -> Told:
    return Told(message.text)


@pytest.mark.parametrize("name", sorted(set(xpipe_nb.__all__) - {"__version__"}))
def test_every_public_name_is_there(name: str) -> None:
    """What the package lists can be imported from it."""
    assert getattr(importlib.import_module("xpipe_nb"), name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The lazy table hides no spelling mistake."""
    with pytest.raises(AttributeError, match="Organizm"):
        _ = xpipe_nb.Organizm


def test_bootstrap_gives_a_pump_that_does_not_run_yet(tmp_path: Path) -> None:
    """`bootstrap` reads a file, keeps the pump as the program's own, and leaves the start to its caller."""

    async def story() -> None:
        path = tmp_path / "organism.yaml"
        path.write_text("organism: {name: file}\nlisteners:\n  - {name: echo, handler: echo, description: Echoes}\n")
        pump = await bootstrap(path, {"echo": echo})
        assert get_stream_pump() is pump
        assert pump.state == "new"
        await pump.inject(b"<Say><Text>queued before the start</Text></Say>")
        running = asyncio.create_task(pump.run())
        await asyncio.sleep(0)
        await pump.until_quiet()
        await pump.shutdown()
        await running
        booted, answered = pump.conversations.finished
        assert (booted.chain, booted.replies) == (["system", "system.boot"], [])
        assert answered.replies == [Told("queued before the start")]
        reset_stream_pump()
        with pytest.raises(XPipeError, match="no pump"):
            get_stream_pump()

    run(story())


def test_a_pump_lists_its_listeners_and_routes() -> None:
    """`listeners` is by name, the pump's own included; `routing_table` by the tag of what is accepted."""
    pump = StreamPump(OrganismConfig(name="p", listeners=[ListenerConfig(name="echo", handler=echo)]))
    assert list(pump.listeners) == ["echo", *SYSTEM_LISTENERS]
    assert [each.name for each in pump.routing_table["Say"]] == ["echo"]


def test_listeners_come_and_go_while_it_runs() -> None:
    """`organism.listener(...)` and `register_listener` add one; `unregister_listener` takes it out."""

    async def story() -> None:
        async with an_organism(echo) as organism:

            @organism.listener
            async def extra(message: Ask) -> Told:
                return Told("extra")

            @organism.listener(peers=["echo"], description="second")
            async def second(message: Ask) -> Told:
                return Told("second")

            assert await organism.ask(Ask("x"), to="extra") == Told("extra")
            assert organism.listeners["second"].peers == ("echo",)
            assert organism.pump.unregister_listener("extra")
            assert not organism.pump.unregister_listener("extra")
            with pytest.raises(Rejected):
                await organism.inject(Ask("x"), to="extra")

    run(story())


def test_two_classes_with_one_tag_and_different_schemas_are_refused() -> None:
    """Two live classes with one tag and different schemas are a `ConfigError`."""
    mine = xpipe_nb.payload(type("Say", (), {"__annotations__": {"other": int}}))

    async def handler(message: mine) -> None: ...  # type: ignore[valid-type]

    handler.__annotations__["message"] = mine
    with pytest.raises(ConfigError, match="Say"):
        Organism("clash", [echo, ListenerConfig(name="other", handler=handler)])


def test_metadata_can_be_made_for_a_test() -> None:
    """Without a pump the doors say so, and telling does nothing."""

    async def story() -> None:
        meta = HandlerMetadata(thread_id="t", from_id="console")
        assert (meta.thread_id, meta.from_id, meta.attempt, meta.history) == ("t", "console", 1, ())
        meta.progress(1, 2)
        meta.log("hello")
        with pytest.raises(CallFailed, match=r"meta\.call needs a running organism"):
            await meta.call(Say("x"), to="echo")
        with pytest.raises(ConfigError, match="not built yet"):
            await meta.complete()

    run(story())


def test_progress_and_logs_are_events() -> None:
    """`meta.progress` and `meta.log` reach subscribers, from a thread too."""

    def plain(message: Say, meta: HandlerMetadata) -> None:
        meta.progress(1, 2, "half")
        meta.log("a", 1)

    async def story() -> None:
        seen: list[object] = []
        async with an_organism(plain) as organism:
            organism.subscribe(seen.append)
            await (await organism.inject(Say("x")))
        progress = [event for event in seen if isinstance(event, xpipe_nb.ProgressEvent)]
        assert [(each.done, each.total, each.text, each.agent_name) for each in progress] == [(1, 2, "half", "plain")]
        assert [event.text for event in seen if isinstance(event, xpipe_nb.LogEvent)] == ["a 1"]

    run(story())


@pytest.mark.parametrize("arguments", [("a", "b"), (1, "b"), (True, 2), (1j, 2), ([1], 2)])
def test_progress_takes_numbers(arguments: tuple[Any, Any]) -> None:
    """A bar of anything else would be none; the handler learns so where it says it, a text with the place it has."""
    with pytest.raises(TypeError, match=r"meta\.progress takes numbers.* is "):
        HandlerMetadata().progress(*arguments)


def test_progress_takes_numbers_of_every_kind() -> None:
    """What is told on is a plain number, also of a `Fraction` or of NumPy's."""

    def plain(message: Say, meta: HandlerMetadata) -> None:
        meta.progress(Fraction(1, 2), True + 1)

    async def story() -> None:
        seen: list[object] = []
        async with an_organism(plain) as organism:
            organism.subscribe(seen.append)
            await (await organism.inject(Say("x")))
        [told] = [event for event in seen if isinstance(event, xpipe_nb.ProgressEvent)]
        assert (repr(told.done), repr(told.total)) == ("0.5", "2")

    run(story())


def test_a_refusal_says_line_and_column() -> None:
    """A value that its schema refuses is placed in the text that was injected."""

    async def volume(message: Count_) -> None: ...

    async def story() -> None:
        async with an_organism(volume) as organism:
            with pytest.raises(Rejected) as refusal:
                await organism.inject(b"<Count_>\n  <N>loud</N>\n</Count_>", to="volume")
            assert str(refusal.value) == "n: expected int, got 'loud' (<Count_> line 2, column 3)"
            assert (refusal.value.line, refusal.value.column) == (2, 3)

    run(story())


@xpipe_nb.payload
class Count_:
    """A number."""

    n: int


def test_the_representations_are_for_people() -> None:
    """What a cell shows of an organism and a conversation."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            conversation = await organism.inject(Say("x"))
            await conversation
            assert repr(conversation) == "Conversation #1 of story · done · 1 reply · 1 message"
            assert repr(organism) == "Organism story · running · 1 listener · 0 in flight · 0 dead"
        assert repr(organism) == "Organism story · stopped · 1 listener · 0 in flight · 0 dead"

    run(story())
