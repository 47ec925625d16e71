"""Handlers in all their forms, and what their results mean."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.stories.cast import Ask, Say, Told, an_organism
from tests.support import run
from xpipe_nb import ConversationFailed, HandlerMetadata, HandlerResponse, ListenerConfig, listener, send


def echo(**settings: Any) -> ListenerConfig:
    """A listener that answers what it was told."""

    async def handler(message: Say) -> Told:
        return Told(message.text)

    return ListenerConfig(name="echo", handler=handler, **settings)


async def replies_of(*listeners: Any, message: Any = None, to: str | None = None, **settings: Any) -> list[Any]:
    async with an_organism(*listeners, **settings) as organism:
        return await (await organism.inject(message or Say("hi"), to=to))


def test_a_bare_payload_answers_the_caller() -> None:
    """`return payload` is `HandlerResponse.respond(payload)`."""
    assert run(replies_of(echo())) == [Told("hi")]


def test_none_is_done_without_a_reply() -> None:
    """A handler without an annotation that promises a payload may return None."""

    async def quiet(message: Say, meta: HandlerMetadata) -> None: ...

    assert run(replies_of(quiet)) == []


def test_none_breaks_a_promise() -> None:
    """None from a listener annotated `-> Told` is an error at once, told to the person by name."""

    async def liar(message: Say) -> Told:
        return None  # type: ignore[return-value]

    async def story() -> None:
        async with an_organism(liar) as organism:
            conversation = await organism.inject(Say("hi"))
            with pytest.raises(ConversationFailed) as failure:
                await conversation
            assert [error.code for error in failure.value.errors] == ["handler"]
            assert "liar returned None but promises Told" in organism.dead_letters[0].detail

    run(story())


def test_a_plain_function_runs_in_a_thread_of_its_own() -> None:
    """A plain `def` does not block the loop."""
    seen: list[threading.Thread] = []

    def plain(message: Say) -> Told:
        seen.append(threading.current_thread())
        return Told(message.text)

    assert run(replies_of(plain)) == [Told("hi")]
    assert seen[0] is not threading.main_thread()
    assert seen[0].daemon


def test_an_async_generator_sends_what_it_yields() -> None:
    """Each item that a generator yields is sent as it comes."""

    async def many(message: Say) -> AsyncIterator[Told]:
        for word in message.text.split():
            yield Told(word)
            await asyncio.sleep(0)

    assert run(replies_of(many, message=Say("a b c"))) == [Told("a"), Told("b"), Told("c")]


def test_a_plain_generator_sends_what_it_yields() -> None:
    """A generator that is a plain `def` runs in a thread."""

    def many(message: Say) -> Iterator[Told]:
        for word in message.text.split():
            yield Told(word)

    assert run(replies_of(many, message=Say("a b c"))) == [Told("a"), Told("b"), Told("c")]


def test_a_list_sends_in_parallel() -> None:
    """A list of responses goes out at once; answers reach the sender one turn each."""

    async def boss(message: Say | Told, meta: HandlerMetadata) -> list[HandlerResponse] | HandlerResponse:
        if isinstance(message, Told):
            return HandlerResponse.respond(message)
        return [send(Say("1"), to="echo"), send(Say("2"), to="echo")]

    async def story() -> None:
        async with an_organism(boss, echo()) as organism:
            conversation = await organism.inject(Say("go"), to="boss")
            # the first answer closes what is below boss, and with it the second
            assert await conversation == [Told("1")]

    run(story())


def test_answers_to_a_list_can_be_gathered() -> None:
    """A frame remembers: the second answer finds the first one in `meta.history`."""

    async def boss(message: Say | Told, meta: HandlerMetadata) -> Any:
        if isinstance(message, Say):
            return [send(Say("1"), to="echo"), send(Say("2"), to="echo")]
        told = [slot.payload.text for slot in meta.history if slot.payload_type == "Told"]
        return Told("+".join(sorted(told))) if len(told) == 2 else None

    assert run(replies_of(boss, echo(), to="boss")) == [Told("1+2")]


def test_one_bad_entry_means_that_nothing_of_the_list_is_sent() -> None:
    """A list with a bad entry is refused whole, with code `validation`."""
    reached: list[str] = []

    async def target(message: Say) -> None:
        reached.append(message.text)

    async def boss(message: Ask) -> Any:
        return [send(Say("1"), to="target"), 42]

    async def story() -> None:
        async with an_organism(boss, target) as organism:
            conversation = await organism.inject(Ask("go"))
            with pytest.raises(ConversationFailed) as failure:
                await conversation
            assert [error.code for error in failure.value.errors] == ["validation"]
            (letter,) = organism.dead_letters
            assert "entry 1 of the list" in letter.detail

    run(story())
    assert reached == []


@pytest.mark.parametrize("wrong", [42, object(), {"a": 1}, HandlerResponse(42)])
def test_anything_else_is_an_error(wrong: Any) -> None:
    """A result that means nothing fails the turn; the letter says what it was and what was expected."""

    async def odd(message: Say) -> Any:
        return wrong

    async def story() -> None:
        async with an_organism(odd, echo()) as organism:
            conversation = await organism.inject(Say("hi"), to="odd")
            with pytest.raises(ConversationFailed) as failure:
                await conversation
            assert failure.value.errors[0].code == "handler"
            assert "odd returned" in organism.dead_letters[0].detail
            assert await organism.ask(Say("on"), to="echo") == Told("on")

    run(story())


def test_naming_the_caller_is_to_respond() -> None:
    """`send(payload, to=<caller>)` answers the caller in its own frame."""

    async def named(message: Say, meta: HandlerMetadata) -> HandlerResponse:
        return send(Told(message.text), to=meta.from_id)

    assert run(replies_of(named)) == [Told("hi")]


def test_a_method_and_a_callable_object_are_handlers() -> None:
    """Anything that can be called with a message is a handler."""

    class Counter:
        def __init__(self) -> None:
            self.seen = 0

        async def on_say(self, message: Say) -> Told:
            self.seen += 1
            return Told(str(self.seen))

    counter = Counter()
    assert run(replies_of(ListenerConfig(name="counter", handler=counter.on_say))) == [Told("1")]


def test_the_receiver_gets_a_copy_of_its_own() -> None:
    """Sender and receiver share no object; nor do two receivers."""
    seen: list[Say] = []

    @listener(broadcast=True)
    async def one(message: Say) -> None:
        message.text += " changed"
        seen.append(message)

    @listener(broadcast=True)
    async def two(message: Say) -> None:
        seen.append(message)

    mine = Say("hi")
    run(replies_of(one, two, message=mine))
    assert mine.text == "hi"
    assert sorted(each.text for each in seen) == ["hi", "hi changed"]
    assert len({id(each) for each in (*seen, mine)}) == 3


def test_meta_tells_where_the_message_came_from() -> None:
    """`own_name` is for agents only; ids are stable within a turn and belong to the conversation."""
    seen: list[HandlerMetadata] = []

    async def tool(message: Say, meta: HandlerMetadata) -> None:
        seen.append(meta)

    async def agent(message: Ask, meta: HandlerMetadata) -> HandlerResponse:
        seen.append(meta)
        return send(Say(message.text), to="tool")

    async def story() -> None:
        agent_config = ListenerConfig(name="agent", handler=agent, agent=True, peers=["tool"])
        async with an_organism(tool, agent_config) as organism:
            conversation = await organism.inject(Ask("x"))
            await conversation
            first, second = seen
            assert (first.own_name, second.own_name) == ("agent", None)
            assert (first.from_id, second.from_id) == ("console", "agent")
            assert first.conversation_id == second.conversation_id == conversation.id
            assert [frame.thread_id for frame in conversation.frames[1:]] == [first.thread_id, second.thread_id]
            assert first.message_id != second.message_id
            assert (first.attempt, first.is_self_call) == (1, False)

    run(story())


def test_a_returned_send_to_self_stays_in_its_frame() -> None:
    """A returned send to oneself: same frame, `is_self_call`, one more message."""
    threads: set[str] = set()
    flags: list[bool] = []

    async def loop(message: Say, meta: HandlerMetadata) -> Any:
        threads.add(meta.thread_id)
        flags.append(meta.is_self_call)
        return Told(message.text) if len(message.text) > 3 else send(Say(message.text + "."), to="loop")

    assert run(replies_of(loop)) == [Told("hi..")]
    assert len(threads) == 1
    assert flags == [False, True, True]
