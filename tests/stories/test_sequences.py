"""Sequences: `system.sequence` and its factory, through the whole pump."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.stories.cast import Ask, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    ConversationFailed,
    HandlerMetadata,
    ListenerConfig,
    Organism,
    ProgressEvent,
    SendRefusedEvent,
    payload,
    send,
)
from xpipe_nb.primitives import BufferStart, SequenceComplete, SequenceError, SequenceRequest, SequenceStart


@payload
class Hidden:
    """What no annotation of a listener names."""

    text: str


async def loud(message: Say) -> Told:
    return Told(message.text.upper())


async def turned(message: Told) -> Say:
    return Say(message.text[::-1])


def named(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, **settings)


def an_agent(order: Any, *peers: str) -> ListenerConfig:
    """An agent that sends one order on, and answers in words what came back."""

    async def agent(message: Ask | SequenceComplete | SequenceError) -> Any:
        if isinstance(message, SequenceComplete):
            return Told(f"done: {message.final_result}")
        if isinstance(message, SequenceError):
            return Told(f"{message.failed_step}[{message.step_index}]: {message.error}")
        return send(order)

    return named("agent", agent, agent=True, peers=[*peers])


async def asked(*listeners: Any, **settings: Any) -> tuple[str, Organism, Recorder]:
    """What the agent among these listeners answers, with the organism and its events."""
    recorder = Recorder()
    async with an_organism(*listeners, **settings) as organism:
        organism.subscribe(recorder)
        told = await organism.ask(Ask("go"), to="agent")
    return told.text, organism, recorder


def test_each_step_gets_what_the_one_before_it_answered() -> None:
    """Three steps run in order, each in a frame below the sequence's; the end tells the last result and the count."""

    async def story() -> None:
        async with an_organism(loud, turned) as organism:
            conversation = await organism.inject(SequenceStart(["loud", "turned", "loud"], Say("abc")))
            (done,) = await conversation
            assert done == SequenceComplete("1.1", Told("CBA"), 3)
            assert [frame.chain[1:] for frame in conversation.frames[1:]] == [
                ["system.sequence"],
                ["system.sequence", "loud"],
                ["system.sequence", "turned"],
                ["system.sequence", "loud"],
            ]
            assert all(frame.closed for frame in conversation.frames[2:])

    run(story())


@pytest.mark.parametrize("entry", ["system.sequence", "system.sequence.factory"])
def test_an_agent_with_the_peers_runs_one(entry: str) -> None:
    """An agent that names the system listener and every step as peers gets the result, with one place for handlers."""
    order = (SequenceStart if entry == "system.sequence" else SequenceRequest)(["loud", "turned"], Say("abc"))

    async def story() -> None:
        agent = an_agent(order, entry, "loud", "turned")
        text, organism, recorder = await asked(loud, turned, agent, max_concurrent_handlers=1)
        assert text == "done: Say(text='CBA')"
        assert list(organism.dead_letters) == []
        assert [(each.done, each.total, each.text) for each in recorder.of(ProgressEvent)] == [
            (0, 2, "loud"),
            (1, 2, "turned"),
        ]

    run(story())


def test_a_model_s_text_orders_one() -> None:
    """A sequence in the text of an agent reaches the factory among its peers, as YAML says."""
    text = """
    organism: {name: story}
    listeners:
      - {name: writer, handler: writer, agent: true, peers: [system.sequence.factory, loud, turned]}
      - loud
      - turned
    """

    async def writer(message: Ask | SequenceComplete) -> Any:
        if isinstance(message, SequenceComplete):
            return message.final_result
        steps = "<Steps>loud</Steps><Steps>turned</Steps>"
        return f"Sure: <SequenceRequest>{steps}<Payload><Say><Text>ab</Text></Say></Payload></SequenceRequest>"

    async def story() -> None:
        async with Organism.from_yaml(text, {**globals(), "writer": writer}) as organism:
            assert await organism.ask(Ask("go"), to="writer") == Say("BA")

    run(story())


def test_no_steps_are_an_error_of_their_own() -> None:
    """An empty list of steps fails at once, with no step's name."""

    async def story() -> None:
        async with an_organism(loud) as organism:
            for order in (SequenceStart([], Say("x")), SequenceRequest([], Say("x"))):
                error = await organism.ask(order)
                assert (error.failed_step, error.step_index, error.error) == ("", 0, "there are no steps")

    run(story())


def test_a_step_that_is_not_there_is_found_before_the_first_is_taken() -> None:
    """The injector reads which step it was and the nearest name; no step has run."""
    heard: list[str] = []

    async def first(message: Say) -> Told:
        heard.append(message.text)
        return Told("x")

    async def story() -> None:
        async with an_organism(first, turned) as organism:
            error = await organism.ask(SequenceStart(["first", "turnd"], Say("x")))
            assert (error.failed_step, error.step_index) == ("turnd", 1)
            assert "Did you mean turned?" in error.error
        assert heard == []

    run(story())


@pytest.mark.parametrize("step", ["secret", "not-there"])
@pytest.mark.parametrize("order", [SequenceStart, SequenceRequest])
def test_an_agent_cannot_tell_a_forbidden_step_from_a_missing_one(order: type, step: str) -> None:
    """What the agent's peers forbid is never reached; it reads a generic sentence, the person the cause."""
    heard: list[str] = []

    async def secret(message: Say) -> Told:
        heard.append(message.text)
        return Told("the secret")

    async def story() -> None:
        peers = ("system.sequence", "system.sequence.factory")
        agent = an_agent(order([step], Say("x")), *peers)
        text, organism, recorder = await asked(secret, agent)
        assert (
            text
            == f"{step}[0]: The message could not be delivered. Check its receiver and its payload, then send it again."
        )
        (refusal,) = recorder.of(SendRefusedEvent)
        assert (refusal.to_id, refusal.reason) == (step, "peers" if step == "secret" else "unknown")
        assert "agent" in refusal.detail
        assert organism.dead_letters[0].detail == refusal.detail
        assert heard == []

    run(story())


def test_a_sequence_lends_its_rights_to_nobody() -> None:
    """A buffer inside a sequence looks at the agent behind both: it cannot reach what the agent cannot."""
    heard: list[str] = []

    async def secret(message: Say) -> Told:
        heard.append(message.text)
        return Told("the secret")

    async def story() -> None:
        inner = BufferStart("secret", [Say("x")])
        agent = an_agent(SequenceStart(["system.buffer"], inner), "system.sequence", "system.buffer")
        text, _, recorder = await asked(secret, agent)
        assert "BufferError" in text
        assert "secret" not in text
        assert [event.reason for event in recorder.of(SendRefusedEvent)] == ["peers"]
        assert heard == []

    run(story())


def test_an_agent_without_the_peer_cannot_reach_a_system_listener() -> None:
    """Peers rule over system listeners as over all others."""

    async def story() -> None:
        agent = an_agent(SequenceStart(["loud"], Say("x")), "loud")
        async with an_organism(loud, agent) as organism:
            with pytest.raises(ConversationFailed) as failed:
                await organism.ask(Ask("go"), to="agent")
            assert failed.value.errors[0].code == "routing"

    run(story())


def test_the_factory_refuses_steps_that_do_not_fit_together() -> None:
    """What a step gives must be what the next one takes; both classes are named, and nothing has run."""
    heard: list[str] = []

    async def first(message: Say) -> Told:
        heard.append(message.text)
        return Told("x")

    async def story() -> None:
        async with an_organism(first, loud) as organism:
            error = await organism.ask(SequenceRequest(["first", "loud"], Say("x")))
            assert error == SequenceError("1.1", "loud", 1, "first gives Told, but loud takes Say")
            error = await organism.ask(SequenceRequest(["first"], Told("x")))
            assert (error.step_index, error.error) == (0, "first takes Say, not Told")
        assert heard == []

    run(story())


def test_what_no_annotation_tells_is_found_while_it_runs() -> None:
    """Without the factory, or without annotations, the step that cannot take a result ends the sequence by name."""

    async def silent(message: Say) -> Any:
        return Told("x")

    async def story() -> None:
        async with an_organism(silent, loud) as organism:
            for order in (SequenceStart, SequenceRequest):
                error = await organism.ask(order(["silent", "loud"], Say("x")))
                assert (error.failed_step, error.step_index) == ("loud", 1)
                assert error.error == "silent gave Told, but loud takes Say"

    run(story())


def test_a_step_that_fails_in_the_middle_ends_it_there() -> None:
    """The error names the first step that failed and its place; the steps after it, faulty or not, never run."""
    heard: list[str] = []

    async def broken(message: Told) -> Say:
        raise ValueError("the first fault")

    async def worse(message: Say) -> Told:
        heard.append("worse")
        raise ValueError("a later fault")

    async def story() -> None:
        async with an_organism(loud, broken, worse) as organism:
            error = await organism.ask(SequenceStart(["loud", "broken", "worse"], Say("x")))
            assert (error.failed_step, error.step_index) == ("broken", 1)
            assert "ValueError: the first fault" in error.error
        agent = an_agent(
            SequenceStart(["loud", "broken", "worse"], Say("x")), "system.sequence", "loud", "broken", "worse"
        )
        text, *_ = await asked(loud, broken, worse, agent)
        assert text == "broken[1]: The message could not be handled."
        assert heard == []

    run(story())


def test_a_step_that_takes_too_long_ends_it() -> None:
    """A step's timeout is the sequence's error; the sequence itself has none."""

    async def slow(message: Say) -> Told:
        await asyncio.Event().wait()
        return Told("never")

    async def story() -> None:
        async with an_organism(named("slow", slow, timeout=0.05)) as organism:
            error = await organism.ask(SequenceStart(["slow"], Say("x")))
            assert (error.failed_step, error.step_index) == ("slow", 0)
            assert "0.05 s" in error.error

    run(story())


def test_a_cancelled_one_ends_with_its_step() -> None:
    """Cancelling the conversation cancels the step that runs, and nothing is left over."""

    async def story() -> None:
        ended: list[str] = []

        async def slow(message: Say) -> Told:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(message.text)
            return Told("never")

        async with an_organism(slow, loud) as organism:
            conversation = await organism.inject(SequenceStart(["slow", "loud"], Say("x")))
            await eventually(lambda: organism.running("slow") == 1)
            await conversation.cancel("enough")
            await organism.settle()
            assert ended == ["x"]
            assert conversation.state == "killed"
            assert organism.pump.scheduler.running == 0

    run(story())


def test_it_goes_on_through_a_reload() -> None:
    """A sequence that runs while listeners are swapped takes its next step with the new code."""

    async def story() -> None:
        gate = asyncio.Event()

        async def slow(message: Say) -> Told:
            await gate.wait()
            return Told(message.text)

        async def new(message: Told) -> Say:
            return Say(f"new {message.text}")

        async with an_organism(slow, named("turned", turned)) as organism:
            running = await organism.inject(SequenceStart(["slow", "turned"], Say("x")))
            lost = await organism.inject(SequenceStart(["slow", "slow"], Say("y")))
            await eventually(lambda: organism.running("slow") == 2)
            event = await organism.reload([named("turned", new)])
            assert (event.removed_listeners, event.updated_listeners) == (["slow"], ["turned"])
            gate.set()
            await asyncio.gather(running, lost)
            assert running.reply.final_result == Say("new x")
            assert (lost.reply.failed_step, lost.reply.step_index) == ("slow", 1)
            assert "No listener 'slow'" in lost.reply.error

    run(story())


def test_a_result_of_a_class_that_nobody_declared_comes_back() -> None:
    """What a handler without a return annotation answers still travels inside the end of a sequence."""

    async def silent(message: Say, meta: HandlerMetadata) -> Any:
        return Hidden(meta.from_id)

    async def story() -> None:
        async with an_organism(silent) as organism:
            done = await organism.ask(SequenceStart(["silent"], Say("x")))
            assert done.final_result == Hidden("system.sequence")

    run(story())
