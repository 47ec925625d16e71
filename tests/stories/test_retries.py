"""A handler that fails is called again as often as its listener says, and then its message is a dead letter."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Recorder, Say, Told, an_organism
from tests.support import run
from xpipe_nb import ConversationFailed, HandlerMetadata, ListenerConfig, RetryEvent, send
from xpipe_nb.dispatch import retried


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits between two attempts."""
    monkeypatch.setattr(retried, "FIRST", 0.0)


class Flaky:
    """A handler that fails so many times, and knows what it was told each time."""

    def __init__(self, failures: int, error: type[BaseException] = ValueError) -> None:
        self.failures, self.error = failures, error
        self.seen: list[tuple[int, str]] = []

    async def handle(self, message: Say, meta: HandlerMetadata) -> Told:
        self.seen.append((meta.attempt, meta.message_id))
        text, message.text = message.text, "spoilt by the handler"
        if len(self.seen) <= self.failures:
            raise self.error("not yet")
        return Told(text)


async def told(handler: Any, retries: int, **settings: Any) -> tuple[Any, Recorder, list[str]]:
    """The reply or the code of the error, all events, and the reasons of the dead letters."""
    recorder = Recorder()
    async with an_organism(ListenerConfig(name="flaky", handler=handler, retries=retries, **settings)) as organism:
        organism.subscribe(recorder)
        try:
            reply = await organism.ask(Say("x"), to="flaky")
        except ConversationFailed as failed:
            reply = failed.errors[0].code
        return reply, recorder, [letter.reason for letter in organism.dead_letters]


@pytest.mark.parametrize("error", [ValueError, SystemExit, KeyboardInterrupt])
def test_it_is_called_again_with_a_fresh_copy_of_the_same_message(error: type[BaseException]) -> None:
    """`attempt` counts, `message_id` stays, and what an attempt did to its copy is gone."""
    flaky = Flaky(2, error)
    reply, recorder, dead = run(told(flaky.handle, 2))
    assert reply == Told("x")
    assert [attempt for attempt, _ in flaky.seen] == [1, 2, 3]
    assert len({message_id for _, message_id in flaky.seen}) == 1
    assert [(event.attempt, event.agent_name) for event in recorder.of(RetryEvent)] == [(2, "flaky"), (3, "flaky")]
    assert "not yet" in recorder.of(RetryEvent)[0].error
    assert dead == []


def test_after_the_last_attempt_it_is_one_dead_letter_and_one_error() -> None:
    """Attempts that failed on the way leave no letters of their own."""
    flaky = Flaky(9)
    reply, _, dead = run(told(flaky.handle, 2))
    assert (reply, dead, len(flaky.seen)) == ("handler", ["handler"], 3)


def test_without_retries_it_is_called_once() -> None:
    """The default is no second attempt."""
    flaky = Flaky(1)
    assert run(told(flaky.handle, 0))[0] == "handler"
    assert len(flaky.seen) == 1


def test_a_timeout_is_tried_again_and_its_time_begins_anew() -> None:
    """What did not end in time has another go; the cancellation of the first leaves no trace in the second."""
    attempts: list[int] = []

    async def slow_once(message: Say, meta: HandlerMetadata) -> Told:
        attempts.append(meta.attempt)
        if meta.attempt == 1:
            await asyncio.Event().wait()
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        task = asyncio.current_task()
        return Told(f"cancellations: {task.cancelling() if task else None}")

    reply, _, dead = run(told(slow_once, 1, timeout=0.5))
    assert (reply, attempts, dead) == (Told("cancellations: 0"), [1, 2], [])


def test_a_wrong_return_is_not_tried_again() -> None:
    """It would be wrong again."""
    calls: list[int] = []

    async def wrong(message: Say) -> Any:
        calls.append(1)
        return 42

    assert run(told(wrong, 3))[0] == "handler"
    assert len(calls) == 1


def test_a_turn_that_has_sent_something_is_not_tried_again() -> None:
    """Its receivers would get it twice."""
    attempts: list[int] = []

    async def ear(message: Ask) -> None: ...

    async def yields(message: Say, meta: HandlerMetadata) -> Any:
        attempts.append(meta.attempt)
        yield send(Ask("once"), to="ear")
        raise ValueError("after sending")

    async def story() -> None:
        flaky = ListenerConfig(name="flaky", handler=yields, retries=3)
        async with an_organism(flaky, ear) as organism:
            with pytest.raises(ConversationFailed):
                await (await organism.inject(Say("x"), to="flaky"))

    run(story())
    assert attempts == [1]


def test_between_two_attempts_it_holds_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one place in all, another listener is handled while one waits for its next attempt."""
    monkeypatch.setattr(retried, "FIRST", 60.0)

    async def story() -> None:
        flaky = Flaky(1)

        async def other(message: Ask) -> Told:
            return Told("in between")

        config = ListenerConfig(name="flaky", handler=flaky.handle, retries=1)
        async with an_organism(config, other, max_concurrent_handlers=1) as organism:
            waiting = await organism.inject(Say("x"), to="flaky")
            assert await organism.ask(Ask("y"), to="other") == Told("in between")
            assert len(flaky.seen) == 1
            await waiting.cancel()
        assert waiting.state == "killed"

    run(story())


def test_a_thread_that_raises_is_tried_again() -> None:
    """A plain `def` has the same right to another attempt."""
    attempts: list[int] = []

    def plain(message: Say, meta: HandlerMetadata) -> Told:
        attempts.append(meta.attempt)
        if meta.attempt < 3:
            raise OSError("away")
        return Told("there")

    assert run(told(plain, 5))[0] == Told("there")
    assert attempts == [1, 2, 3]


def test_the_wait_doubles_and_is_never_the_same_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wait lies within half and one and a half of a time that doubles up to a longest one."""
    monkeypatch.setattr(retried, "FIRST", 0.1)
    for attempt, middle in ((1, 0.1), (2, 0.2), (5, 1.6), (50, 30.0)):
        waits = [retried.backoff(attempt) for _ in range(50)]
        assert all(0.5 * middle <= each <= 1.5 * middle for each in waits)
        assert len(set(waits)) > 1
