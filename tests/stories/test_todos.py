"""Todos: `system.todo` reminds an agent, in its own thread, until it says that it is done."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import run
from xpipe_nb import (
    ConversationFailed,
    DeliveryError,
    HandlerMetadata,
    ListenerConfig,
    MessageDroppedEvent,
    PayloadError,
    send,
)
from xpipe_nb.primitives import TodoClosed, TodoComplete, TodoRegistered, TodoUntil
from xpipe_nb.todos import Todos

PEERS = ["system.todo", "system.todo-complete", "writer", "other"]


async def writer(message: Say) -> Told:
    return Told(message.text)


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def an_agent(handler: Any, name: str = "agent") -> ListenerConfig:
    return named(name, handler, agent=True, peers=PEERS)


def the_id(nudge: str) -> str:
    """The id that a reminder tells."""
    (found,) = re.findall(r"<TodoComplete><Id>(.*?)</Id></TodoComplete>", nudge)
    return str(found)


def test_an_agent_is_reminded_until_it_says_that_it_is_done() -> None:
    """What it waits for has come: the reminder says from whom and how to close it; then there is none any more."""

    async def story() -> None:
        nudges: list[str] = []

        async def agent(message: Ask | Told | TodoClosed, meta: HandlerMetadata) -> Any:
            nudges.append(meta.todo_nudge)
            if isinstance(message, Ask):
                todo = TodoUntil("told", "writer", "the report")
                return [send(todo, to="system.todo"), send(Say("x"), to="writer")]
            if isinstance(message, Told):
                return send(TodoComplete(the_id(meta.todo_nudge)), to="system.todo-complete")
            return Told(f"raised: {message.was_raised}")

        async with an_organism(an_agent(agent), writer, named("other", writer)) as organism:
            assert await organism.ask(Ask("go"), to="agent") == Told("raised: True")
            assert list(organism.dead_letters) == []
        first, second, third = nudges
        assert (first, third) == ("", "")
        assert "told (the report) has come from writer" in second

    run(story())


def test_a_todo_for_a_class_that_nobody_sends_goes_with_its_frame() -> None:
    """It reminds in every turn of the frame, hinders no end, and is gone when the frame is closed."""

    async def story() -> None:
        nudges: list[str] = []

        async def agent(message: Ask | Told, meta: HandlerMetadata) -> Any:
            nudges.append(meta.todo_nudge)
            if isinstance(message, Ask):
                return [send(TodoUntil("Never"), to="system.todo"), send(Say("x"), to="writer")]
            return message

        async def boss(message: Count | Told) -> Any:
            if isinstance(message, Told):
                return message
            return send(Ask("go"), to="agent")

        async with an_organism(an_agent(agent), boss, writer, named("other", writer)) as organism:
            conversation = await organism.inject(Count(1), to="boss")
            assert await conversation == [Told("x")]
            assert "Never has not come yet" in nudges[1]
            await organism.settle()
            frames = [frame for frame in conversation.frames if frame.listener == "agent"]
            assert [(frame.closed, frame.todos) for frame in frames] == [(True, None)]
            await (await organism.inject(Count(1), to="boss", conversation=conversation))
            assert nudges[2] == ""

    run(story())


def test_nobody_else_can_close_a_todo() -> None:
    """A todo of somebody else and one that does not exist are refused alike; the person reads which it was."""

    async def story() -> None:
        ids: list[str] = []

        async def thief(message: Say | DeliveryError, meta: HandlerMetadata) -> Any:
            if isinstance(message, DeliveryError):
                return Told(f"{message.code}: {message.message}")
            return send(TodoComplete(message.text), to="system.todo-complete")

        async def agent(message: Ask | TodoRegistered | Told, meta: HandlerMetadata) -> Any:
            if isinstance(message, Ask):
                return send(TodoUntil("Never"), to="system.todo")
            if isinstance(message, TodoRegistered):
                ids.append(message.id)
                return [send(Say(message.id), to="other"), send(Say("made-up"), to="other")]
            ids.append(the_id(meta.todo_nudge))  # it is still open
            return message if len(ids) == 3 else None

        async with an_organism(an_agent(agent), an_agent(thief, "other"), writer) as organism:
            told = await organism.ask(Ask("go"), to="agent")
            assert told == Told("handler: The message could not be handled.")
            assert len(set(ids)) == 1
            details = [letter.detail for letter in organism.dead_letters]
            assert details == [
                f"no open todo '{ids[0]}': it is agent's, not other's",
                "no open todo 'made-up' of other",
            ]

    run(story())


def test_a_todo_belongs_to_the_thread_of_its_sender() -> None:
    """Two conversations of one agent have todos of their own; one cannot close the other's."""

    async def story() -> None:
        ids: dict[str, str] = {}

        async def agent(message: Ask | TodoRegistered, meta: HandlerMetadata) -> Any:
            if isinstance(message, TodoRegistered):
                ids[meta.conversation_id] = message.id
                return None
            if message.text == "open":
                return send(TodoUntil("Never"), to="system.todo")
            assert meta.todo_nudge == ""
            return send(TodoComplete(next(iter(ids.values()))), to="system.todo-complete")

        async with an_organism(an_agent(agent), writer, named("other", writer)) as organism:
            await (await organism.inject(Ask("open"), to="agent"))
            with pytest.raises(ConversationFailed, match="no open todo"):
                await (await organism.inject(Ask("close"), to="agent"))

    run(story())


def test_a_note_that_the_agent_does_not_take_is_left_out() -> None:
    """`TodoRegistered` to an agent that does not accept it is an event and nothing else."""

    async def story() -> None:
        async def agent(message: Ask) -> Any:
            return send(TodoUntil("Told"), to="system.todo")

        recorder = Recorder()
        async with an_organism(an_agent(agent), writer, named("other", writer)) as organism:
            organism.subscribe(recorder)
            assert await (await organism.inject(Ask("go"), to="agent")) == []
            assert list(organism.dead_letters) == []
        (dropped,) = recorder.of(MessageDroppedEvent)
        assert (dropped.from_id, dropped.to_id, dropped.payload_type) == ("system.todo", "agent", "TodoRegistered")

    run(story())


def test_a_call_works_as_well() -> None:
    """A handler that calls gets the id back, and an answer to a later call counts as arrived."""

    async def story() -> None:
        async def agent(message: Ask, meta: HandlerMetadata) -> Told:
            registered = await meta.call(TodoUntil("Told"), to="system.todo")
            await meta.call(Say("x"), to="writer")
            closed = await meta.call(TodoComplete(registered.id), to="system.todo-complete")
            return Told(str(closed.was_raised))

        async with an_organism(an_agent(agent), writer, named("other", writer)) as organism:
            assert await organism.ask(Ask("go"), to="agent") == Told("True")

    run(story())


@pytest.mark.parametrize(
    ("wait_for", "sender", "raised"),
    [
        ("Report", "", True),
        ("REPORT", "", True),
        ("Rep", "", False),
        ("Report", "writer", True),
        ("Report", "w", False),
    ],
)
def test_a_class_is_watched_by_its_whole_name(wait_for: str, sender: str, raised: bool) -> None:
    """Case does not count, a part of the name does not do, and a named sender must be the one."""
    todos = Todos()
    watcher = todos.register("agent", wait_for, sender)
    assert [each is watcher for each in todos.arrived("Report", "writer")] == ([True] if raised else [])
    assert watcher.raised is raised
    assert todos.arrived("Report", "writer") == []


def test_a_todo_waits_for_something() -> None:
    """An empty class name would match nothing, ever."""
    with pytest.raises(PayloadError, match="wait_for"):
        TodoUntil("").to_xml()  # type: ignore[attr-defined]
