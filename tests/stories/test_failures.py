"""What goes wrong ends in an error for the caller, a dead letter for the person, and an organism that goes on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    CallFailed,
    Conversation,
    ConversationFailed,
    DeliveryError,
    HandlerMetadata,
    Limits,
    ListenerConfig,
    Organism,
    PayloadError,
    send,
)


async def echo(message: Say) -> Told:
    return Told(message.text)


async def failure_of(organism: Organism, message: Any, to: str) -> tuple[str, Conversation]:
    """Inject what must fail; give the code, and see that the organism goes on."""
    conversation = await organism.inject(message, to=to)
    with pytest.raises(ConversationFailed) as failure:
        await conversation
    assert len(failure.value.errors) == 1
    assert conversation.state == "failed"
    assert await organism.ask(Say("still here"), to="echo") == Told("still here")
    return failure.value.errors[0].code, conversation


@pytest.mark.parametrize(
    "error", [ValueError("secret"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError(), StopAsyncIteration()]
)
def test_whatever_a_handler_raises_fails_its_turn_and_no_more(error: BaseException) -> None:
    """Also `SystemExit`, `KeyboardInterrupt` and a `CancelledError` of its own."""

    async def raises(message: Ask) -> Told:
        raise error

    async def story() -> None:
        async with an_organism(raises, echo) as organism:
            code, conversation = await failure_of(organism, Ask("x"), "raises")
            assert code == "handler"
            assert "secret" not in conversation.errors[0].message
            (letter,) = organism.dead_letters
            assert (letter.stage, letter.reason, letter.to_id, letter.raw) == (
                "perform", "handler", "raises", b"<Ask><Text>x</Text></Ask>",
            )  # fmt: skip
            assert type(error).__name__ in letter.detail or "cancelled" in letter.detail

    run(story())


@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(3), StopIteration(1)])
def test_a_thread_that_raises_fails_its_turn_and_no_more(error: BaseException) -> None:
    """What a plain function raises is its turn's, not the loop's."""

    def raises(message: Ask) -> Told:
        raise error

    async def story() -> None:
        async with an_organism(raises, echo) as organism:
            assert (await failure_of(organism, Ask("x"), "raises"))[0] == "handler"

    run(story())


def test_the_letter_says_where_a_handler_raised() -> None:
    """The person reads the exception and the handler's own line."""

    async def raises(message: Ask) -> Told:
        raise ValueError("no such city")

    async def story() -> None:
        async with an_organism(raises, echo) as organism:
            await failure_of(organism, Ask("x"), "raises")
            detail = organism.dead_letters[0].detail
            assert "raises raised ValueError: no such city" in detail
            assert 'raise ValueError("no such city")' in detail

    run(story())


def test_a_handler_that_never_ends_is_cancelled_at_its_timeout() -> None:
    """The caller gets code `timeout`, the place is free again."""
    cancelled: list[bool] = []

    async def forever(message: Ask) -> Told:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.append(True)
        raise AssertionError

    async def story() -> None:
        config = ListenerConfig(name="forever", handler=forever, timeout=0.05)
        async with an_organism(config, echo, max_concurrent_handlers=1) as organism:
            code, _ = await failure_of(organism, Ask("x"), "forever")
            assert code == "timeout"
            assert "0.05 s" in organism.dead_letters[0].detail

    run(story())
    assert cancelled == [True]


def test_a_timeout_that_is_swallowed_is_still_a_timeout() -> None:
    """A handler that catches its cancellation and returns is late: its result is not sent."""

    async def stubborn(message: Ask) -> Told:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Told("too late")
        raise AssertionError

    async def story() -> None:
        config = ListenerConfig(name="stubborn", handler=stubborn, timeout=0.05)
        async with an_organism(config, echo) as organism:
            assert (await failure_of(organism, Ask("x"), "stubborn"))[0] == "timeout"
            assert sorted(letter.reason for letter in organism.dead_letters) == ["late", "timeout"]

    run(story())


def test_a_handler_that_cannot_be_cancelled_is_left_behind() -> None:
    """One that swallows every cancellation loses its place a second after its timeout."""
    let_go = False

    async def immortal(message: Ask) -> Told:
        while not let_go:
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                continue
        return Told("late")

    async def story() -> None:
        nonlocal let_go
        config = ListenerConfig(name="immortal", handler=immortal, timeout=0.05, concurrency=1)
        async with an_organism(config, echo, max_concurrent_handlers=1) as organism:
            assert (await failure_of(organism, Ask("x"), "immortal"))[0] == "timeout"
            let_go = True

    run(story())


def test_a_thread_that_times_out_is_abandoned_and_counted() -> None:
    """A thread cannot be stopped: it is counted, and its late result is a dead letter."""
    gate = threading.Event()

    def stuck(message: Ask) -> Told:
        gate.wait(200)
        return Told("late")

    async def story() -> None:
        config = ListenerConfig(name="stuck", handler=stuck, timeout=0.05)
        async with an_organism(config, echo) as organism:
            assert (await failure_of(organism, Ask("x"), "stuck"))[0] == "timeout"
            assert organism.pump.threads.abandoned == 1
            gate.set()
            await eventually(lambda: not organism.pump.threads.abandoned, turns=1_000_000)
            assert "late" in [letter.reason for letter in organism.dead_letters]

    run(story())


def test_a_generator_that_times_out_is_closed() -> None:
    """What it yielded before counts; then the turn fails."""
    closed: list[bool] = []

    async def drips(message: Ask) -> AsyncIterator[Told]:
        try:
            yield Told("first")
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def story() -> None:
        config = ListenerConfig(name="drips", handler=drips, timeout=0.05)
        async with an_organism(config, echo) as organism:
            code, conversation = await failure_of(organism, Ask("x"), "drips")
            assert code == "timeout"
            assert conversation.replies == [Told("first")]

    run(story())
    assert closed == [True]


def test_a_payload_that_its_schema_refuses_goes_back_to_its_sender() -> None:
    """A send that cannot be written is refused with code `validation`."""

    async def sloppy(message: Ask) -> Told:
        return Told(7)  # type: ignore[arg-type]

    async def story() -> None:
        async with an_organism(sloppy, echo) as organism:
            assert (await failure_of(organism, Ask("x"), "sloppy"))[0] == "validation"
            assert "text" in organism.dead_letters[0].detail

    run(story())


def test_an_agent_that_takes_errors_lives_on() -> None:
    """A refused send is a `SystemError` for an agent that accepts it, and the thread stays alive."""
    told: list[DeliveryError] = []

    async def agent(message: Ask | DeliveryError, meta: HandlerMetadata) -> Any:
        if isinstance(message, DeliveryError):
            told.append(message)
            return Told("recovered")
        return send(Say("x"), to="echo")

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(ListenerConfig(name="agent", handler=agent, agent=True), echo) as organism:
            organism.subscribe(recorder)
            assert await organism.ask(Ask("x"), to="agent") == Told("recovered")
            assert (told[0].code, told[0].retry_allowed) == ("routing", True)
            (letter,) = organism.dead_letters
            assert (letter.reason, letter.detail) == ("peers", "agent may not send to echo; its peers: none")

    run(story())


def test_an_agent_cannot_tell_nobody_from_not_allowed() -> None:
    """The text of a `SystemError` never tells "no such target" from "not allowed"."""

    async def caught(to: str) -> tuple[str, str]:
        seen: list[CallFailed] = []

        async def agent(message: Ask, meta: HandlerMetadata) -> None:
            try:
                await meta.call(Say("x"), to=to)
            except CallFailed as failed:
                seen.append(failed)

        async with an_organism(ListenerConfig(name="agent", handler=agent, agent=True), echo) as organism:
            await (await organism.inject(Ask("x"), to="agent"))
        return seen[0].code, seen[0].text

    assert run(caught("echo")) == run(caught("nobody"))


def test_an_answer_that_the_caller_does_not_take_fails_the_caller() -> None:
    """A reply class that the caller does not accept: a dead letter, and the caller's frame fails with `validation`."""

    async def asks(message: Ask) -> Any:
        return send(Say("x"), to="echo")

    async def story() -> None:
        async with an_organism(asks, echo) as organism:
            assert (await failure_of(organism, Ask("x"), "asks"))[0] == "validation"
            assert organism.dead_letters[0].detail == "echo answered asks with Told; it takes Ask"

    run(story())


def test_after_an_answer_a_turn_may_only_answer() -> None:
    """Anything else that a turn sends after it has responded is a dead letter `closed`."""

    async def restless(message: Ask) -> Any:
        return [Told("answer"), send(Say("more"), to="echo"), Told("another")]

    async def story() -> None:
        async with an_organism(restless, echo) as organism:
            conversation = await organism.inject(Ask("x"))
            assert await conversation == [Told("answer"), Told("another")]
            assert [letter.reason for letter in organism.dead_letters] == ["closed"]

    run(story())


def test_a_listener_that_sends_to_itself_for_ever_is_stopped() -> None:
    """`max_messages` ends the conversation at once, with one error of code `hops`."""

    async def loops(message: Count) -> Any:
        return send(Count(message.n + 1), to="loops")

    async def story() -> None:
        async with an_organism(loops, echo, limits=Limits(max_messages=100)) as organism:
            code, conversation = await failure_of(organism, Count(0), "loops")
            assert code == "hops"
            assert conversation.messages == 100

    run(story())


def test_ping_pong_is_stopped() -> None:
    """Two listeners that answer each other for ever run into `max_messages`."""

    async def ping(message: Count) -> Any:
        return send(Count(message.n + 1), to="pong")

    async def pong(message: Count) -> Any:
        return send(Count(message.n + 1), to="ping")

    async def story() -> None:
        async with an_organism(ping, pong, echo, limits=Limits(max_messages=200)) as organism:
            assert (await failure_of(organism, Count(0), "ping"))[0] == "hops"

    run(story())


def test_an_agent_that_repeats_its_mistake_for_ever_is_stopped() -> None:
    """Refused sends count, so that error and mistake cannot chase each other for ever."""

    async def agent(message: Ask | DeliveryError) -> Any:
        return send(Say("x"), to="echo")

    async def story() -> None:
        config = ListenerConfig(name="agent", handler=agent, agent=True)
        async with an_organism(config, echo, limits=Limits(max_messages=50)) as organism:
            assert (await failure_of(organism, Ask("x"), "agent"))[0] == "hops"

    run(story())


def test_a_frame_too_deep_is_refused() -> None:
    """`max_depth` refuses that send with `hops`; nobody here takes errors, so it unwinds to the injector."""

    async def down(message: Count) -> Any:
        return send(Count(message.n + 1), to=f"down{(message.n + 1) % 3}")

    async def story() -> None:
        listeners = [ListenerConfig(name=f"down{n}", handler=down) for n in range(3)]
        async with an_organism(*listeners, echo, limits=Limits(max_depth=9)) as organism:
            assert (await failure_of(organism, Count(0), "down0"))[0] == "hops"
            assert "10 frames deep" in organism.dead_letters[0].detail

    run(story())


def test_a_failed_branch_leaves_the_others_alone() -> None:
    """A boss that takes errors hears of one, and of the other's answer."""

    async def bad(message: Say) -> Told:
        raise ValueError

    async def boss(message: Ask | Told | DeliveryError, meta: HandlerMetadata) -> Any:
        if isinstance(message, Ask):
            return [send(Say("x"), to="bad"), send(Say("y"), to="echo")]
        seen = sorted(slot.payload_type for slot in meta.history)
        return Told(" ".join(seen)) if len(seen) == 3 else None

    async def story() -> None:
        async with an_organism(bad, boss, echo) as organism:
            assert await organism.ask(Ask("x")) == Told("Ask SystemError Told")

    run(story())


def test_cancel_acts_at_once() -> None:
    """`conversation.cancel()` ends handlers, frames and what is queued; awaiting it waits for the handlers to be gone."""
    gone: list[bool] = []

    async def hangs(message: Ask) -> Told:
        try:
            await asyncio.Event().wait()
        finally:
            gone.append(True)
        raise AssertionError

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(hangs, echo) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Ask("x"))
            await eventually(lambda: "processing" in recorder.states("hangs"))
            ended = conversation.cancel("enough")
            assert conversation.state == "killed"
            await ended
            assert gone == [True]
            with pytest.raises(ConversationFailed, match="was ended: enough"):
                await conversation
            assert await organism.ask(Say("on"), to="echo") == Told("on")

    run(story())


def test_a_handler_may_end_its_own_conversation() -> None:
    """To cancel one's own conversation ends the turn at its next wait."""
    after: list[str] = []

    async def story() -> None:
        async def ends_itself(message: Ask, meta: HandlerMetadata) -> None:
            (mine,) = organism.pump.conversations.active
            mine.cancel("done with it")
            after.append("sync code goes on")
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            after.append("never")

        async with an_organism(ends_itself, echo) as organism:
            conversation = await organism.inject(Ask("x"), to="ends_itself")
            with pytest.raises(ConversationFailed):
                await conversation
            assert await organism.ask(Say("on"), to="echo") == Told("on")

    run(story())
    assert after == ["sync code goes on"]


def test_what_a_class_cannot_say_is_refused_at_the_door() -> None:
    """A payload object that cannot be written is `Rejected` by `inject`."""

    async def story() -> None:
        async with an_organism(echo) as organism:
            with pytest.raises(Exception, match="text") as refusal:
                await organism.inject(Say(7), to="echo")  # type: ignore[arg-type]
            assert not isinstance(refusal.value, PayloadError)

    run(story())
