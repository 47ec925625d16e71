"""Breakpoints: a message is held before its handler, looked at, changed, let go or dropped; others go on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    BreakpointsEvent,
    CallFailed,
    ConversationFailed,
    DeliveryError,
    HandlerMetadata,
    HandlerResponse,
    ListenerConfig,
    MessageHeldEvent,
    MessageReleasedEvent,
    Organism,
    PayloadError,
    QuestionEvent,
    XPipeError,
    send,
)

HEARD: list[str] = []


async def greeter(message: Say, meta: HandlerMetadata) -> Told:
    """Has the shouter shout."""
    return await meta.call(Say(f"hello {message.text}"), to="shouter")  # type: ignore[no-any-return]


async def shouter(message: Say) -> Told:
    """Shouts."""
    HEARD.append(message.text)
    return Told(message.text.upper())


async def forwarder(message: Ask) -> HandlerResponse:
    """Has the shouter answer in its place."""
    return send(Say(message.text), to="shouter")


async def catcher(message: Ask | DeliveryError) -> HandlerResponse:
    """Says what went wrong with what it sent."""
    if isinstance(message, Ask):
        return send(Say(message.text), to="shouter")
    return HandlerResponse.respond(Told(f"{message.code}: not sent"))


async def relay(message: Ask | Told) -> HandlerResponse:
    """Passes on, and passes back."""
    if isinstance(message, Ask):
        return send(Say(message.text), to="shouter")
    return HandlerResponse.respond(Told(f"{message.text}!"))


def everybody(**settings: Any) -> Organism:
    HEARD.clear()
    return an_organism(greeter, shouter, forwarder, catcher, relay, **settings)


async def held_one(organism: Organism) -> Any:
    await organism.settle()
    (held,) = organism.breakpoints.held
    return held


def test_a_message_is_held_before_its_handler_and_let_go() -> None:
    """Its conversation is `waiting`, settling lists it as quiet, and it can be looked at."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(Say("Ann"), to="greeter")
            report = await organism.settle()
            (held,) = organism.breakpoints.held
            assert HEARD == []
            assert conversation.state == "waiting"
            assert report.open == (1,)
            assert [(each.kind, each.about) for each in report.questions] == [("breakpoint", held)]
            assert str(report.questions[0]) == ("#1 waits for you: greeter → shouter, Say is held before its handler")
            assert (held.message, held.from_id, held.listener, held.payload_type) == (
                "#1.2",
                "greeter",
                "shouter",
                "Say",
            )
            assert held.payload == Say("hello Ann")
            assert held.xml == "<Say>\n  <Text>hello Ann</Text>\n</Say>"
            held.release()
            assert await conversation == [Told("HELLO ANN")]
            assert (organism.breakpoints.held, organism.questions) == ((), ())

    run(story())


def test_what_is_held_has_no_place() -> None:
    """With one place for handlers and one for conversations the others go on, and so does the same listener."""

    async def story() -> None:
        async with everybody(max_concurrent_handlers=1, max_concurrent_pipelines=1) as organism:
            organism.breakpoints.add(payload=Say, listener="shouter")
            first = await organism.inject(Say("Ann"), to="shouter")
            await organism.settle()
            organism.breakpoints.clear()
            assert await organism.ask(Say("Bob"), to="greeter") == Told("HELLO BOB")
            assert first.state == "waiting"
            organism.breakpoints.held[0].release()
            assert await first == [Told("ANN")]

    run(story())


@pytest.mark.parametrize(
    ("where", "stopped"),
    [
        ({"listener": "shouter"}, ["shouter", "shouter"]),
        ({"payload": Say}, ["greeter", "shouter", "shouter"]),
        ({"payload": "Say", "listener": "greeter"}, ["greeter"]),
        ({"payload": Ask}, ["forwarder"]),
    ],
)
def test_a_breakpoint_holds_what_it_names(where: dict[str, Any], stopped: list[str]) -> None:
    """A listener's messages, those of a class, or what is both; nothing else."""

    async def story() -> None:
        async with everybody() as organism:
            recorder = Recorder()
            organism.subscribe(recorder)
            organism.breakpoints.add(**where)
            for message, to in ((Say("Ann"), "greeter"), (Ask("Bob"), "forwarder")):
                conversation = await organism.inject(message, to=to)
                while not conversation.is_over:
                    await organism.settle()
                    for each in organism.breakpoints.held:
                        each.release()
            await organism.settle()
            await eventually(lambda: len(recorder.of(MessageReleasedEvent)) == len(stopped))
            assert [each.to_id for each in recorder.of(MessageHeldEvent)] == stopped

    run(story())


@pytest.mark.parametrize(
    "given",
    [Say("you"), "<Say><Text>you</Text></Say>", b"<Say><Text>you</Text></Say>", Say("you").to_xml()],  # type: ignore[attr-defined]
)
def test_a_held_message_can_be_changed(given: Any) -> None:
    """The handler gets what was put in its place, as a copy of its own; so does its history."""
    seen: list[Any] = []

    async def looker(message: Say, meta: HandlerMetadata) -> Told:
        seen.extend([message, meta.history[-1].payload])
        return Told(message.text)

    async def story() -> None:
        async with an_organism(looker) as organism:
            organism.breakpoints.add(listener="looker")
            conversation = await organism.inject(Say("Ann"), to="looker")
            held = await held_one(organism)
            held.edit(given)
            assert held.payload == Say("you")
            assert conversation.state == "waiting"
            held.release()
            assert await conversation == [Told("you")]
            assert seen == [Say("you"), Say("you")]
            assert seen[0] is not given

    run(story())


@pytest.mark.parametrize(
    ("given", "problem", "place"),
    [
        ("<Count>\n  <N>many</N>\n</Count>", "expected int, got 'many'", (2, 3)),
        ("<Count><N>1</Count>", "", (1, 20)),
        ("<Say><Text>you</Text></Say>", "expected <Count>, got <Say>", (1, 1)),
        (Say("you"), "expected <Count>, got <Say>", (None, None)),
        (17, "expected a payload or XML, got 17", (None, None)),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(given: Any, problem: str, place: tuple[int, int]) -> None:
    """The error is typed and says where; the message stays held as it was."""

    async def counter(message: Count) -> Count:
        return Count(message.n + 1)

    async def story() -> None:
        async with an_organism(counter) as organism:
            organism.breakpoints.add(payload=Count)
            conversation = await organism.inject(Count(1))
            held = await held_one(organism)
            with pytest.raises(PayloadError) as wrong:
                held.edit(given)
            assert problem in wrong.value.problem
            assert (wrong.value.line, wrong.value.column) == place
            assert held.payload == Count(1)
            held.release()
            assert await conversation == [Count(2)]

    run(story())


def test_a_dropped_call_fails_where_it_is_awaited() -> None:
    """It is a dead letter with the reason `dropped`; the caller gets a `CallFailed` and goes on."""
    caught: list[str] = []

    async def careful(message: Say, meta: HandlerMetadata) -> Told:
        try:
            return await meta.call(message, to="shouter")  # type: ignore[no-any-return]
        except CallFailed as failed:
            caught.append(failed.code)
            return Told("nobody shouted")

    async def story() -> None:
        async with an_organism(careful, shouter) as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(Say("Ann"), to="careful")
            (await held_one(organism)).drop("Ann is asleep")
            assert await conversation == [Told("nobody shouted")]
            (letter,) = organism.dead_letters
            assert (letter.stage, letter.reason, letter.detail) == ("perform", "dropped", "Ann is asleep")
            assert (letter.message_id, letter.to_id) == (f"{conversation.id}/2", "shouter")
            assert caught == ["routing"]

    run(story())


@pytest.mark.parametrize(
    ("to", "message", "reply"),
    [
        ("catcher", Ask("Ann"), [Told("routing: not sent")]),
        ("forwarder", Ask("Ann"), None),
        ("shouter", Say("Ann"), None),
    ],
)
def test_the_sender_of_what_was_dropped_is_told(to: str, message: Any, reply: Any) -> None:
    """One that takes errors gets one; else its caller does, up to the injector. Nothing hangs, nothing was handled."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(message, to=to)
            (await held_one(organism)).drop()
            if reply is None:
                with pytest.raises(ConversationFailed, match="dropped at a breakpoint before shouter") as failed:
                    await conversation
                assert [each.code for each in failed.value.errors] == ["routing"]
            else:
                assert await conversation == reply
            assert [each.reason for each in organism.dead_letters] == ["dropped"]
            assert HEARD == []
            assert (await organism.settle()).open == ()

    run(story())


def test_a_dropped_answer_is_told_to_who_gave_it() -> None:
    """An answer that a handler would get is held like any message; dropped, the error unwinds to the injector."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(payload=Told)
            conversation = await organism.inject(Ask("Ann"), to="relay")
            held = await held_one(organism)
            assert (held.from_id, held.listener) == ("shouter", "relay")
            held.drop()
            with pytest.raises(ConversationFailed):
                await conversation
            assert (await organism.settle()).open == ()

    run(story())


def test_a_decision_counts_once() -> None:
    """What is not held any more can neither be changed, let go nor dropped."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(Say("Ann"), to="shouter")
            held = await held_one(organism)
            held.release()
            for act in (held.release, held.drop, lambda: held.edit(Say("you"))):
                with pytest.raises(XPipeError, match=r"#1\.1 is not held any more"):
                    act()
            assert await conversation == [Told("ANN")]

    run(story())


def test_a_conversation_is_ended_while_a_message_of_it_is_held() -> None:
    """The question is withdrawn, the message is a dead letter, and another conversation's stays held."""

    async def story() -> None:
        async with everybody() as organism:
            recorder = Recorder()
            organism.subscribe(recorder)
            organism.breakpoints.add(listener="shouter")
            first = await organism.inject(Say("Ann"), to="greeter")
            second = await organism.inject(Say("Bob"), to="shouter")
            await organism.settle()
            await first.cancel()
            assert [each.conversation for each in organism.breakpoints.held] == [second]
            assert ("closed", "shouter was cancelled: its frame was closed while it was held") in [
                (each.reason, each.detail) for each in organism.dead_letters
            ]
            await eventually(lambda: [each.how for each in recorder.of(MessageReleasedEvent)] == ["withdrawn"])
            assert [each.state for each in recorder.of(QuestionEvent)] == ["asked", "asked", "withdrawn"]

    run(story())


def test_a_stop_leaves_nothing_held() -> None:
    """What is held ends with the organism, at once."""

    async def story() -> None:
        organism = await everybody().start()
        organism.breakpoints.add(listener="shouter")
        conversation = await organism.inject(Say("Ann"), to="greeter")
        await organism.settle()
        await organism.stop(grace=5)
        assert (conversation.state, organism.breakpoints.held, HEARD) == ("killed", (), [])

    run(story())


def test_a_step_lets_one_message_go_and_holds_the_next_of_its_conversation() -> None:
    """Wherever that goes; conversations beside it are not stopped, and after the last there is nothing to step."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="greeter")
            conversation = await organism.inject(Say("Ann"), to="greeter")
            await organism.settle()
            organism.breakpoints.clear()
            organism.step()
            held = await held_one(organism)
            assert (held.listener, held.conversation) == ("shouter", conversation)
            assert await organism.ask(Say("Bob"), to="shouter") == Told("BOB")
            organism.step()
            assert await conversation == [Told("HELLO ANN")]
            assert await organism.ask(Say("Cid"), to="greeter") == Told("HELLO CID")
            with pytest.raises(XPipeError, match="story is not paused, and nothing of it is held"):
                organism.step()

    run(story())


def test_what_is_released_in_a_pause_waits_for_its_end() -> None:
    """A pause starts no handler, whoever lets a message go; a drop needs no place and counts at once."""

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="shouter")
            first, second = [await organism.inject(Say(text), to="shouter") for text in ("Ann", "Bob")]
            await organism.settle()
            organism.pause()
            one, other = organism.breakpoints.held
            one.release()
            other.drop()
            await eventually(lambda: second.is_over)
            assert (first.state, HEARD) == ("active", [])
            organism.step()
            assert await first == [Told("ANN")]

    run(story())


def test_its_time_begins_with_its_handler() -> None:
    """A message may be held for longer than its listener's timeout, and a slow hook does not count either."""

    async def story() -> None:
        async with an_organism(ListenerConfig(name="shouter", handler=shouter, timeout=0.2)) as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(Say("Ann"))
            held = await held_one(organism)
            organism.pump.deadlines._now = lambda: 1e12
            organism.pump.deadlines.look()
            assert not held.question.answer.done()
            held.release()
            assert await conversation == [Told("ANN")]

    run(story())


def test_a_reload_counts_for_what_is_held() -> None:
    """Its handler has not begun, so the new one gets it."""

    async def whisperer(message: Say) -> Told:
        return Told(message.text.lower())

    async def story() -> None:
        async with everybody() as organism:
            organism.breakpoints.add(listener="shouter")
            conversation = await organism.inject(Say("Ann"), to="shouter")
            await organism.settle()
            await organism.reload([ListenerConfig(name="shouter", handler=whisperer)])
            organism.breakpoints.held[0].release()
            assert await conversation == [Told("ann")]

    run(story())


def test_every_change_is_an_event() -> None:
    """Which breakpoints there are, what is held, and what became of it; in order, and for who comes later, too."""

    async def story() -> None:
        async with everybody() as organism:
            recorder = Recorder()
            organism.subscribe(recorder)
            organism.breakpoints.add(listener="shouter")
            organism.breakpoints.add(listener="shouter")
            await organism.inject(Say("Ann"), to="shouter")
            held = await held_one(organism)
            later = organism.breakpoints.events()
            assert [type(each) for each in later] == [BreakpointsEvent, MessageHeldEvent]
            held.edit(Say("you"))
            held.release()
            assert organism.breakpoints.remove(listener="shouter")
            assert not organism.breakpoints.remove(listener="shouter")
            await organism.settle()
            await eventually(lambda: bool(recorder.of(MessageReleasedEvent)))
            points = [each.points for each in recorder.of(BreakpointsEvent)]
            assert points == [(("shouter", None),), ()]
            (begin,), (end,) = recorder.of(MessageHeldEvent), recorder.of(MessageReleasedEvent)
            assert (begin.key, begin.to_id, begin.number) == (end.key, "shouter", 1)
            assert (end.how, end.element.findtext("Text")) == ("edited", "you")
            assert organism.breakpoints.events() == []

    run(story())


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"listener": "shouter2"}, "no listener 'shouter2'; did you mean 'shouter'?"),
        ({"payload": "Sai"}, "no payload class 'Sai'; did you mean 'Say'?"),
        ({"payload": "Told", "listener": "shouter"}, "shouter takes no Told"),
        ({}, "a breakpoint needs a listener, a payload class, or both"),
        ({"listener": shouter}, "listener= takes a name, got <function shouter"),
    ],
)
def test_a_breakpoint_that_could_never_be_met_is_refused(where: dict[str, Any], words: str) -> None:
    """With the nearest right word."""
    with pytest.raises(XPipeError) as wrong:
        everybody().breakpoints.add(**where)
    assert words in str(wrong.value)


def test_an_answer_that_nobody_handles_cannot_be_held() -> None:
    """It is handed over to its caller; to say so is better than to wait for it in vain."""
    with pytest.raises(XPipeError, match="no listener takes Told; an answer that is only handed over to its caller"):
        an_organism(greeter, shouter).breakpoints.add(payload=Told)


def test_without_breakpoints_nothing_is_in_the_way() -> None:
    """What workers do with a turn is what it was before the first one, to the very function."""

    async def story() -> None:
        async with everybody() as organism:
            crew = organism.pump.crew
            plain = crew.perform
            organism.breakpoints.add(listener="shouter")
            assert crew.perform is not plain
            organism.breakpoints.add(payload=Ask)
            organism.breakpoints.remove(listener="shouter")
            organism.breakpoints.clear()
            assert crew.perform is plain

    run(story())
