"""What once stopped, leaked or lost something: each story is one fault that a stranger found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    CallFailed,
    ConfigError,
    ConversationFailed,
    HandlerMetadata,
    HandlerResponse,
    Limits,
    ListenerConfig,
    Organism,
    Rejected,
    ThreadEvent,
    XPipeError,
    listener,
    send,
)


async def echo(message: Say) -> Told:
    return Told(message.text)


async def still_alive(organism: Organism) -> None:
    """The organism answers, and no book is left open."""
    assert await organism.ask(Say("on"), to="echo") == Told("on")
    await organism.settle()
    pump = organism.pump
    assert (pump.scheduler.running, len(pump.inbox), pump.conversations.reserved) == (0, 0, 0)
    assert [pump.directory.gate_of(each).taken for each in pump.directory.routes] == [0] * len(organism.listeners)


def test_all_that_waited_starts_after_a_pause() -> None:
    """`resume` starts as many handlers as there are places, not one after the other."""

    async def story() -> None:
        inside: list[str] = []
        gate = asyncio.Event()

        async def waits(message: Ask) -> None:
            inside.append(message.text)
            await gate.wait()

        async with an_organism(waits, echo) as organism:
            organism.pause()
            for n in range(5):
                await organism.inject(Ask(str(n)))
            organism.resume()
            await eventually(lambda: len(inside) == 5)
            gate.set()
            await still_alive(organism)

    run(story())


def test_a_broadcast_does_not_wait_for_its_first_receiver() -> None:
    """Every broadcast listener works at once, also while the first one hangs."""

    async def story() -> None:
        inside: list[str] = []
        gate = asyncio.Event()

        @listener(broadcast=True)
        async def first(message: Ask) -> None:
            inside.append("first")
            await gate.wait()

        @listener(broadcast=True)
        async def second(message: Ask) -> None:
            inside.append("second")
            await gate.wait()

        async with an_organism(first, second, echo) as organism:
            await organism.inject(Ask("x"))
            await eventually(lambda: sorted(inside) == ["first", "second"])
            gate.set()
            await still_alive(organism)

    run(story())


def test_a_killed_conversation_stays_killed() -> None:
    """A cancel while a part of a broadcast is still under way is not taken back by that part."""

    async def story() -> None:
        recorder = Recorder()

        @listener(broadcast=True)
        async def first(message: Ask) -> None:
            (mine,) = organism.pump.conversations.active
            mine.cancel()

        @listener(broadcast=True)
        async def second(message: Ask) -> None: ...

        async with an_organism(first, second, echo) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Ask("x"))
            with pytest.raises(ConversationFailed):
                await conversation
            await still_alive(organism)
            assert conversation.state == "killed"
        mine = [event.status for event in recorder.of(ThreadEvent) if event.conversation == 1]
        assert mine == ["created", "active", "killed"]

    run(story())


@pytest.mark.parametrize("later", [False, True])
def test_a_handler_that_cancels_its_own_task_harms_itself_only(later: bool) -> None:
    """Also when the cancellation comes only after the handler is gone."""

    async def cancels(message: Ask) -> Told:
        task = asyncio.current_task()
        assert task is not None
        if later:
            asyncio.get_running_loop().call_later(0.01, task.cancel)
        else:
            task.cancel()
        return Told("done")

    async def story() -> None:
        async with an_organism(cancels, echo) as organism:
            assert await organism.ask(Ask("x")) == Told("done")
            await asyncio.sleep(0.02 if later else 0)
            await still_alive(organism)

    run(story())


def test_a_turn_that_ends_while_its_call_waits_for_places_leaves_none_behind() -> None:
    """A call made in a task of its own may outlive the turn; it takes no places for it."""

    async def story() -> None:
        gate = asyncio.Event()

        async def boss(message: Ask, meta: HandlerMetadata) -> Told:
            call = asyncio.ensure_future(meta.call(Say("x"), to="echo"))
            await asyncio.sleep(0)
            await asyncio.wait([call], timeout=0.05)
            return Told("gone")

        async def busy(message: Count) -> None:
            await gate.wait()

        async with an_organism(boss, busy, echo, max_concurrent_handlers=2) as organism:
            conversation = await organism.inject(Ask("x"))
            for n in range(3):
                await organism.inject(Count(n))
            assert await conversation == [Told("gone")]
            gate.set()
            await still_alive(organism)

    run(story())


def test_an_injection_beyond_the_limit_ends_the_conversation() -> None:
    """A third message of a conversation that may send two: refused, and ended with `hops`, never left hanging."""

    async def story() -> None:
        gate = asyncio.Event()

        async def waits(message: Ask) -> None:
            await gate.wait()

        async with an_organism(waits, echo, limits=Limits(max_messages=2)) as organism:
            conversation = await organism.inject(Ask("1"))
            await organism.inject(Ask("2"), conversation=conversation)
            with pytest.raises(Rejected) as refusal:
                await organism.inject(Ask("3"), conversation=conversation)
            assert refusal.value.reason == "endless"
            with pytest.raises(ConversationFailed) as failure:
                await conversation
            assert [error.code for error in failure.value.errors] == ["hops"]
            assert "limits.max_messages" in str(failure.value)

    run(story())


def test_a_refused_injection_leaves_no_conversation_behind() -> None:
    """The thread of a refused message cannot be joined, and nothing of it is kept."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            for _ in range(50):
                with pytest.raises(Rejected):
                    await organism.inject(Say("x"), to="nobody")
            assert organism.pump.conversations._by_id == {}
            await still_alive(organism)

    run(story())


class Odd(BaseException):
    """What test tools raise: nothing that `except Exception` catches."""


@pytest.mark.parametrize("error", [Odd("odd"), BaseExceptionGroup("", [KeyboardInterrupt()]), GeneratorExit()])
def test_no_exception_at_all_is_swallowed(error: BaseException) -> None:
    """Whatever a handler raises is an error for the injector and a dead letter for the person."""

    async def raises(message: Ask) -> Told:
        raise error

    async def story() -> None:
        async with an_organism(raises, echo) as organism:
            with pytest.raises(ConversationFailed, match="raises raised"):
                await organism.ask(Ask("x"))
            assert [letter.reason for letter in organism.dead_letters] == ["handler"]
            await still_alive(organism)

    run(story())


def test_a_failure_in_a_task_group_keeps_its_code() -> None:
    """One `CallFailed` in an exception group is that failure."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(meta.call(Say("x"), to="nobody"))
        return task.result()  # type: ignore[no-any-return]

    async def story() -> None:
        async with an_organism(boss, echo) as organism:
            with pytest.raises(ConversationFailed) as failure:
                await organism.ask(Ask("x"))
            assert failure.value.errors[0].code == "routing"

    run(story())


def test_the_pump_takes_nothing_after_its_stop() -> None:
    """`pump.inject` after a stop is a dead letter, not a message that waits for ever."""

    async def story() -> None:
        organism = await an_organism(echo).start()
        await organism.stop()
        await organism.pump.inject(b"<Say><Text>x</Text></Say>")
        assert (len(organism.pump.inbox), [each.reason for each in organism.dead_letters]) == (0, ["closed"])
        with pytest.raises(XPipeError, match="make a new one"):
            await organism.start()

    run(story())


def test_to_forget_the_return_after_a_call_breaks_the_promise() -> None:
    """A listener that calls, and then returns None against its annotation, is told so."""

    async def forgets(message: Ask, meta: HandlerMetadata) -> Told:
        await meta.call(Say("x"), to="echo")
        return None  # type: ignore[return-value]

    async def story() -> None:
        async with an_organism(forgets, echo) as organism:
            with pytest.raises(ConversationFailed, match="forgets returned None but promises Told"):
                await organism.ask(Ask("x"))

    run(story())


@pytest.mark.parametrize("waits", [False, True])
def test_what_a_generator_yielded_before_it_failed_arrives(waits: bool) -> None:
    """No race decides: the replies come first, then the failure."""

    async def drips(message: Ask) -> AsyncIterator[Told]:
        yield Told("first")
        await asyncio.sleep(0.001 if waits else 0)
        raise ValueError("then this")

    async def story() -> None:
        async with an_organism(drips, echo) as organism:
            conversation = await organism.inject(Ask("x"))
            with pytest.raises(ConversationFailed, match="then this"):
                await conversation
            assert conversation.replies == [Told("first")]
            await still_alive(organism)

    run(story())


def test_handlers_that_ask_their_own_organism_keep_no_place() -> None:
    """Ten nested `organism.ask` finish with four places."""

    async def story() -> None:
        async def nested(message: Count) -> Told:
            if message.n == 0:
                return Told("bottom")
            return await organism.ask(Count(message.n - 1), to="nested")  # type: ignore[no-any-return]

        async with an_organism(nested, echo, max_concurrent_handlers=4) as organism:
            assert await organism.ask(Count(10), to="nested") == Told("bottom")
            await still_alive(organism)

    run(story())


def test_a_call_from_another_loop_is_refused() -> None:
    """`asyncio.run(meta.call(...))` in a plain function says what to write; the organism goes on."""

    def bad(message: Ask, meta: HandlerMetadata) -> Told:
        return asyncio.run(meta.call(Say("x"), to="echo"))  # type: ignore[no-any-return]

    async def story() -> None:
        async with an_organism(bad, echo) as organism:
            with pytest.raises(ConversationFailed, match=r"meta\.call_sync"):
                await organism.ask(Ask("x"))
            await still_alive(organism)

    run(story())


def test_an_injection_from_another_loop_is_refused() -> None:
    """A thread with a loop of its own is told how to reach the organism's."""

    async def story() -> None:
        async with an_organism(echo) as organism:

            def elsewhere() -> None:
                with pytest.raises(XPipeError, match="run_coroutine_threadsafe"):
                    asyncio.run(organism.ask(Say("x")))

            await asyncio.to_thread(elsewhere)
            await still_alive(organism)

    run(story())


def test_a_list_with_an_unknown_receiver_sends_nothing() -> None:
    """One bad entry means that nothing of the list is sent, also when it is the receiver that is wrong."""
    reached: list[str] = []

    async def target(message: Say) -> None:
        reached.append(message.text)

    async def boss(message: Ask) -> Any:
        return [send(Say("1"), to="target"), send(Say("2"), to="nobody")]

    async def story() -> None:
        async with an_organism(boss, target) as organism:
            with pytest.raises(ConversationFailed, match="nothing of the list was sent"):
                await organism.ask(Ask("x"))

    run(story())
    assert reached == []


def test_a_waiting_crowd_does_not_block_the_loop() -> None:
    """Hundreds of quick messages behind one gate let the loop turn between them."""

    async def story() -> None:
        turns = 0
        done = False

        async def count() -> None:
            nonlocal turns
            while not done:
                turns += 1
                await asyncio.sleep(0)

        async def work(message: Count) -> None:
            sum(range(20_000))

        async def boss(message: Ask) -> list[Any]:
            return [send(Count(n), to="work") for n in range(300)]

        async with an_organism(boss, ListenerConfig(name="work", handler=work, concurrency=1)) as organism:
            conversation = await organism.inject(Ask("x"))
            counting = asyncio.create_task(count())
            await conversation
            done = True
            await counting
        assert turns > 50

    run(story())


def test_a_lost_message_is_kept_whole() -> None:
    """The letter of a send after an answer holds the message itself, and an id of its own."""

    async def restless(message: Ask) -> Any:
        return [Told("answer"), send(Say("lost"), to="echo")]

    async def story() -> None:
        async with an_organism(restless, echo) as organism:
            await organism.ask(Ask("x"))
            (letter,) = organism.dead_letters
            assert (letter.payload_type, letter.to_id, letter.raw) == ("Say", "echo", b"<Say><Text>lost</Text></Say>")

    run(story())


@pytest.mark.parametrize("wrong", [echo, 42])
def test_a_receiver_is_given_by_its_name(wrong: Any) -> None:
    """To pass the function instead of its name is told as that."""

    async def boss(message: Ask) -> Any:
        return send(Say("x"), to=wrong)

    async def story() -> None:
        async with an_organism(boss, echo) as organism:
            with pytest.raises(Rejected, match="takes the name of a listener"):
                await organism.inject(Say("x"), to=wrong)
            with pytest.raises(ConversationFailed, match="takes the name of a listener"):
                await organism.ask(Ask("x"))
            await still_alive(organism)

    run(story())


@pytest.mark.parametrize(
    ("result", "words"),
    [(Told, r"did you mean Told\(…\)\?"), (HandlerResponse(Told), r"did you mean Told\(…\)\?")],
)
def test_a_class_in_the_place_of_its_instance(result: Any, words: str) -> None:
    """The class itself is not a payload, and the letter says what was meant."""

    async def boss(message: Ask) -> Any:
        return result

    async def story() -> None:
        async with an_organism(boss) as organism:
            with pytest.raises(ConversationFailed, match=words):
                await organism.ask(Ask("x"))

    run(story())


def test_a_forgotten_await_is_named() -> None:
    """`return meta.call(...)` says that `await` is missing."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Any:
        return meta.call(Say("x"), to="echo")

    async def story() -> None:
        async with an_organism(boss, echo) as organism:
            with pytest.raises(ConversationFailed, match="`await` is missing"):
                await organism.ask(Ask("x"))
            await still_alive(organism)

    run(story())


@pytest.mark.parametrize(
    "make",
    [
        lambda: listener(peer=["echo"]),
        lambda: ListenerConfig(handlr=echo),  # type: ignore[call-arg]
        lambda: Organism("x", [echo], max_concurent_handlers=3),  # type: ignore[arg-type]
        lambda: Organism("x", echo),  # type: ignore[arg-type]
        lambda: Organism("x", "echo"),  # type: ignore[arg-type]
    ],
)
def test_a_misspelt_setting_in_python_is_a_config_error(make: Any) -> None:
    """A wrong word in Python gets what it gets in YAML: the place and the nearest right word."""
    with pytest.raises(ConfigError) as fault:
        made = make()
        if callable(made):
            made(echo)
    assert fault.value.path.startswith("$.")


def test_the_cause_reaches_the_person() -> None:
    """`ConversationFailed` tells the cause and carries the dead letters; the payload for agents stays generic."""

    async def boom(message: Ask) -> Told:
        raise ValueError("no such city")

    async def story() -> None:
        async with an_organism(boom, echo) as organism:
            with pytest.raises(ConversationFailed, match="no such city") as failure:
                await organism.ask(Ask("x"))
            assert "no such city" not in failure.value.errors[0].message
            assert failure.value.letters == list(organism.dead_letters)

    run(story())


def test_a_call_all_with_nobody_listening_fails() -> None:
    """`meta.call_all` needs somebody who listens."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        with pytest.raises(CallFailed) as failed:
            await meta.call_all(Say("x"))
        return Told(failed.value.code)

    async def story() -> None:
        async with an_organism(boss, echo) as organism:
            assert await organism.ask(Ask("x")) == Told("routing")

    run(story())
