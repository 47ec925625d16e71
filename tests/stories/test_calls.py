"""Calls: a send that a handler waits for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import run
from xpipe_nb import CallFailed, ConversationFailed, HandlerMetadata, Limits, ListenerConfig, listener


async def shout(message: Say) -> Told:
    return Told(message.text.upper())


async def ask(*listeners: Any, message: Any, to: str | None = None, **settings: Any) -> Any:
    async with an_organism(*listeners, **settings) as organism:
        return await organism.ask(message, to=to)


def test_a_call_returns_the_answer() -> None:
    """`await meta.call(payload, to=...)` gives the payload that the callee answered with."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        told = await meta.call(Say(message.text), to="shout")
        return Told(f"{told.text}!")

    assert run(ask(boss, shout, message=Ask("hi"))) == Told("HI!")


def test_calls_in_parallel_have_frames_of_their_own() -> None:
    """Two calls of one handler to one listener never share a frame."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        answers = await asyncio.gather(*(meta.call(Say(word), to="shout") for word in message.text.split()))
        return Told("".join(told.text for told in answers))

    async def story() -> None:
        async with an_organism(boss, shout) as organism:
            conversation = await organism.inject(Ask("a b c"))
            assert await conversation == [Told("ABC")]
            assert len(conversation.frames) == 5
            assert [frame.closed for frame in conversation.frames] == [False, False, True, True, True]

    run(story())


def test_an_answer_need_not_be_in_the_callers_accepted_classes() -> None:
    """The reply to a call goes to the one who waits, whatever its listener accepts."""

    @listener(peers=["shout"])
    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Say(message.text), to="shout")  # type: ignore[no-any-return]

    assert run(ask(boss, shout, message=Ask("hi"))) == Told("HI")


@pytest.mark.parametrize(
    ("to", "code"), [("nobody", "routing"), ("wants_count", "routing"), ("raises", "handler"), ("quiet", "handler")]
)
def test_a_call_that_gets_no_answer_raises(to: str, code: str) -> None:
    """`CallFailed` says by its code why; a quiet end of the callee is no answer either."""
    caught: list[CallFailed] = []

    async def wants_count(message: Count) -> None: ...

    async def raises(message: Say) -> Told:
        raise ValueError("secret")

    async def quiet(message: Say) -> None: ...

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        try:
            await meta.call(Say("x"), to=to)
        except CallFailed as failed:
            caught.append(failed)
        return Told("alive")

    assert run(ask(boss, wants_count, raises, quiet, message=Ask("x"))) == Told("alive")
    assert (caught[0].code, caught[0].to) == (code, to)
    assert "secret" not in str(caught[0])


def test_an_uncaught_call_failure_keeps_its_code() -> None:
    """A `CallFailed` that nobody catches keeps its code on the way up."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Ask("x"), to="middle")  # type: ignore[no-any-return]

    async def middle(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Say("x"), to="nobody")  # type: ignore[no-any-return]

    with pytest.raises(ConversationFailed) as failure:
        run(ask(boss, middle, message=Ask("x"), to="boss"))
    assert [error.code for error in failure.value.errors] == ["routing"]


def test_sixty_nested_calls_finish_with_four_places() -> None:
    """While a handler waits in a call its global, agent and listener places are free."""

    async def deep(message: Count, meta: HandlerMetadata) -> Count:
        if message.n == 0:
            return message
        return await meta.call(Count(message.n - 1), to="deep")  # type: ignore[no-any-return]

    config = ListenerConfig(name="deep", handler=deep, agent=True, concurrency=2)
    assert run(ask(config, message=Count(60), max_concurrent_handlers=4)) == Count(0)


def test_a_call_too_deep_fails_with_hops() -> None:
    """`max_depth` refuses that call with code `hops`."""

    async def deep(message: Count, meta: HandlerMetadata) -> Count:
        try:
            return await meta.call(Count(message.n + 1), to="deep")  # type: ignore[no-any-return]
        except CallFailed as failed:
            assert failed.code == "hops"
            return message

    assert run(ask(deep, message=Count(1), limits=Limits(max_depth=5))) == Count(5)


def test_call_all_gives_the_answers_of_all_who_listen() -> None:
    """`meta.call_all` calls every broadcast listener, each in its own frame."""

    @listener(broadcast=True)
    async def left(message: Say) -> Told:
        return Told(f"left {message.text}")

    @listener(broadcast=True)
    async def right(message: Say) -> Told:
        return Told(f"right {message.text}")

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return Told(", ".join(told.text for told in await meta.call_all(Say("x"))))

    assert run(ask(left, right, boss, message=Ask("go"))) == Told("left x, right x")


def test_call_sync_works_from_a_plain_function() -> None:
    """`meta.call_sync` goes through the pump from a thread."""

    def plain(message: Ask, meta: HandlerMetadata) -> Told:
        return meta.call_sync(Say(message.text), to="shout")  # type: ignore[no-any-return]

    assert run(ask(plain, shout, message=Ask("hi"))) == Told("HI")


def test_call_sync_on_the_loop_is_refused_at_once() -> None:
    """A call that would block the loop for ever says what to write instead."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        with pytest.raises(CallFailed, match=r"await meta\.call"):
            meta.call_sync(Say("x"), to="shout")
        return Told("alive")

    assert run(ask(boss, shout, message=Ask("hi"))) == Told("alive")


def test_a_second_answer_to_a_call_is_a_dead_letter() -> None:
    """A call's frame is closed once it has answered."""

    async def twice(message: Say) -> list[Told]:
        return [Told("one"), Told("two")]

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Say("x"), to="twice")  # type: ignore[no-any-return]

    async def story() -> None:
        async with an_organism(twice, boss) as organism:
            assert await organism.ask(Ask("x")) == Told("one")
            await organism.settle()
            assert [letter.reason for letter in organism.dead_letters] == ["closed"]

    run(story())


def test_a_handler_may_give_up_a_call() -> None:
    """`asyncio.timeout` around a call ends the callee's frame and nothing else."""
    ended: list[str] = []
    limits: list[asyncio.Timeout] = []

    async def slow(message: Say) -> Told:
        try:
            limits[0].reschedule(0)  # now that it has begun, it is over
            await asyncio.Event().wait()
        finally:
            ended.append(message.text)
        return Told("never")

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        try:
            async with asyncio.timeout(None) as limit:
                limits.append(limit)
                return await meta.call(Say("x"), to="slow")  # type: ignore[no-any-return]
        except TimeoutError:
            return Told("gave up")

    assert run(ask(slow, boss, message=Ask("x"))) == Told("gave up")
    assert ended == ["x"]


def test_the_timeout_does_not_count_while_waiting_in_a_call() -> None:
    """`timeout` counts only while the handler itself runs."""

    async def slow(message: Say) -> Told:
        await asyncio.sleep(0.8)
        return Told("late")

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Say("x"), to="slow")  # type: ignore[no-any-return]

    config = ListenerConfig(name="boss", handler=boss, timeout=0.5)
    assert run(ask(config, slow, message=Ask("x"))) == Told("late")


def test_a_waiting_listener_says_so() -> None:
    """`AgentStateEvent` goes processing, waiting, processing, idle around a call."""

    async def boss(message: Ask, meta: HandlerMetadata) -> Told:
        return await meta.call(Say("x"), to="shout")  # type: ignore[no-any-return]

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(boss, shout) as organism:
            organism.subscribe(recorder)
            await organism.ask(Ask("x"))
        assert recorder.states("boss") == ["processing", "waiting", "processing", "idle"]

    run(story())


def test_a_call_that_begins_while_another_comes_back_keeps_no_place() -> None:
    """With one place: one call's answer waits for it, a second call begins meanwhile, and both still come to an end."""

    async def story() -> None:
        second = asyncio.Event()

        async def boss(message: Ask, meta: HandlerMetadata) -> Told:
            async def twice() -> None:
                for word in ("first", "third"):
                    await meta.call(Say(word), to="peer")

            async def later() -> None:
                await second.wait()
                await meta.call(Say("second"), to="peer")

            await asyncio.gather(twice(), later())
            return Told("all")

        async def peer(message: Say) -> Told:
            if message.text == "first":
                await organism.inject(Count(1), to="holder")  # it takes the place before the answer's receiver can
            return Told(message.text)

        async def holder(message: Count) -> None:
            for _ in range(20):
                await asyncio.sleep(0)
            second.set()
            for _ in range(20):
                await asyncio.sleep(0)

        async with an_organism(boss, peer, holder, max_concurrent_handlers=1) as organism:
            assert await organism.ask(Ask("go"), to="boss") == Told("all")
            await organism.settle()
            assert organism.pump.scheduler.running == 0

    run(story())
