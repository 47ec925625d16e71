"""`organism.messages`: who sent what to whom, and what became of it."""

from __future__ import annotations

import asyncio
import dataclasses
import sys
from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import ConversationFailed, HandlerMetadata, ListenerConfig, LoggedMessage, MessageLog, payload, send
from xpipe_nb.events import MessageQueuedEvent


async def echo(message: Say) -> Told:
    return Told(message.text)


async def asker(message: Ask, meta: HandlerMetadata) -> Told:
    return await meta.call(Say(message.text), to="echo")  # type: ignore[no-any-return]


def in_short(messages: Any) -> list[tuple[Any, ...]]:
    return [(each.number, each.from_id, each.to_id, each.payload_type, each.kind, each.state) for each in messages]


def test_the_log_tells_every_message_of_a_conversation() -> None:
    """From, to, type, kind and state of each message, in order, answers included."""

    async def story() -> None:
        async with an_organism(asker, echo) as organism:
            assert list(organism.messages) == []
            await organism.ask(Ask("x"), to="asker")
            await eventually(lambda: len(organism.messages) == 4)
            assert in_short(organism.messages.of(1)) == [
                (1, "console", "asker", "Ask", "inject", "done"),
                (2, "asker", "echo", "Say", "call", "done"),
                (3, "echo", "asker", "Told", "respond", "done"),
                (4, "asker", "console", "Told", "respond", "done"),
            ]
            assert [each.chain for each in organism.messages] == [
                ("console", "asker"),
                ("console", "asker", "echo"),
                ("console", "asker"),
                ("console",),
            ]

    run(story())


def test_it_is_kept_from_the_first_look_on() -> None:
    """Nobody pays who never looks; later looks give the same log."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            await organism.ask(Say("before"))
            assert not organism.pump.bus.heard
            log = organism.messages
            await organism.ask(Say("after"))
            await eventually(lambda: len(log) == 2)
            assert {each.conversation for each in log} == {2}
            assert organism.messages is log

    run(story())


def test_records_are_frozen_and_give_the_payload_on_demand() -> None:
    """A payload is made anew at every look; what a handler does to its copy is not seen in the log."""

    async def meddler(message: Say) -> Told:
        message.text = "changed"
        return Told("x")

    async def story() -> None:
        async with an_organism(meddler) as organism:
            log = organism.messages
            await organism.ask(Say("as it was"))
            await eventually(lambda: len(log) == 2)
            assert log[0].payload == Say("as it was")
            assert log[0].payload is not log[0].payload
            with pytest.raises(dataclasses.FrozenInstanceError):
                log[0].state = "lost"  # type: ignore[misc]

    run(story())


def test_states_follow_what_happens() -> None:
    """A message is queued, then running, then done."""

    async def story() -> None:
        let_go = asyncio.Event()

        async def slow(message: Say) -> None:
            await let_go.wait()

        async with an_organism(ListenerConfig(name="slow", handler=slow, concurrency=1)) as organism:
            log = organism.messages
            await organism.inject(Say("first"))
            await organism.inject(Say("second"))
            await eventually(lambda: [each.state for each in log] == ["running", "queued"])
            let_go.set()
            await eventually(lambda: [each.state for each in log] == ["done", "done"])

    run(story())


def test_a_message_that_came_to_nothing_says_why() -> None:
    """What failed is in `error`, what never arrived is `dead`, each with its reason; a broadcast has a row a receiver."""

    async def fails(message: Say) -> Told:
        raise ValueError("no")

    async def astray(message: Ask) -> Any:
        return send(message, to="nobody")

    async def story() -> None:
        async with an_organism(fails, astray) as organism:
            log = organism.messages
            for message in (Say("x"), Ask("y")):
                with pytest.raises(ConversationFailed):
                    await organism.ask(message)
            await eventually(lambda: len(log) == 3)
            told = [(each.conversation, each.to_id, each.state, each.reason) for each in log]
            assert told == [
                (1, "fails", "error", "handler"),
                (2, "astray", "done", ""),
                (2, "nobody", "dead", "unknown"),
            ]
            assert "ValueError: no" in log[0].detail

    run(story())


def test_a_broadcast_has_a_row_for_each_receiver() -> None:
    """One message for several listeners is told once for each."""

    async def story() -> None:
        listeners = [ListenerConfig(name=name, handler=echo, broadcast=True) for name in ("one", "two")]
        async with an_organism(*listeners) as organism:
            log = organism.messages
            await (await organism.inject(Say("all")))
            await eventually(lambda: len(log) == 4)
            assert sorted(each.to_id or "" for each in log) == ["console", "console", "one", "two"]

    run(story())


def test_the_log_is_bounded_and_its_representation_is_a_table() -> None:
    """The newest messages are kept and counted; the table shows the last ones and says how many came before."""
    log = MessageLog(bound=30)
    assert repr(log) == "no messages yet"
    for number in range(1, 41):
        element = Say(f"{number}").to_xml()  # type: ignore[attr-defined]
        log.note(MessageQueuedEvent("frame", "console", "echo", "Say", Say("x"), 1, number=number, element=element))
    assert (len(log), log.total, log[0].number, log.missed) == (30, 40, 11, 0)
    lines = repr(log).splitlines()
    assert lines[0].split() == ["from", "to", "type", "state"]
    assert lines[1] == "… 20 earlier"
    assert lines[2].split() == ["#1", "console", "echo", "Say", "queued"]
    assert len(lines) == 22
    assert [each.number for each in log[-2:]] == [39, 40]


def test_without_pandas_one_line_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """`to_pandas` needs pandas, which nothing else of the package does."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r"^to_pandas\(\) needs pandas: pip install pandas$"):
        MessageLog().to_pandas()


def test_the_log_as_a_data_frame() -> None:
    """One row a message; payloads and times only when asked for."""
    pandas = pytest.importorskip("pandas", reason="pandas is not installed (it is in the extra `test`)")

    async def story() -> None:
        async with an_organism(asker, echo) as organism:
            log = organism.messages
            await organism.ask(Ask("x"), to="asker")
            await eventually(lambda: len(log) == 4)
            frame = log.to_pandas()
            assert isinstance(frame, pandas.DataFrame)
            assert list(frame["to_id"]) == ["asker", "echo", "asker", "console"]
            assert frame["chain"][1] == "console ▸ asker ▸ echo"
            assert not {"payload", "took"} & set(frame.columns)
            more = log.to_pandas(payloads=True, times=True)
            assert more["payload"][1] == Say("x")
            assert (more["took"].dropna() >= 0).all()
        assert list(MessageLog().to_pandas().columns) == list(frame.columns)

    run(story())


def test_a_generic_listener_s_message_is_the_tree() -> None:
    """A listener that takes anything is handed a tree, and the log gives the tree."""

    @payload
    class Unheard:
        """A payload of nobody's."""

        n: int

    async def story() -> None:
        async with an_organism(echo) as organism:
            seen: list[Any] = []
            organism.pump.register_generic_listener("any", seen.append)
            log = organism.messages
            await (await organism.inject(Unheard(1), to="any"))
            await eventually(lambda: len(log) == 1)
            assert log[0].payload.tag == "Unheard"
            assert isinstance(log[0], LoggedMessage)

    run(story())
