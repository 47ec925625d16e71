"""The stages as a person's tool: whatever stands among them, every message ends once and whoever waits for it hears."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from copy import copy
from typing import Any

import pytest
from aiostream import pipe, stream
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    CallFailed,
    ConfigError,
    ConfigWarning,
    ConversationFailed,
    Delivery,
    Document,
    Envelope,
    HandlerMetadata,
    MessageDroppedEvent,
    Organism,
    PipelineFailed,
    Raw,
    Rejected,
    Send,
    Verified,
    XPipeError,
    listener,
    send,
)

FLOW = {
    "source": Raw,
    "read": Document,
    "verify": Verified,
    "open": Envelope,
    "split": Envelope,
    "assign": Send,
    "route": Delivery,
    "decode": Delivery,
}
at_each_place = pytest.mark.parametrize("place", FLOW)


async def echo(message: Say) -> Told:
    return Told(message.text)


@listener(peers=["echo"])
async def caller(message: Ask, meta: HandlerMetadata) -> Told:
    try:
        return await meta.call(Say(message.text), to="echo")  # type: ignore[no-any-return]
    except CallFailed as failed:
        return Told(failed.code)


@listener(peers=["echo"])
async def sender(message: Count | Told) -> Any:
    return message if isinstance(message, Told) else send(Say(str(message.n)), to="echo")


MESSAGES: list[tuple[Any, str]] = [(Say("said"), "echo"), (Ask("asked"), "caller"), (Count(3), "sender")]
REPLIES = [[Told("said")], [Told("asked")], [Told("3")]]


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """What a broken operator writes to the log is told by events here."""
    logging.getLogger("xpipe_nb").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("xpipe_nb").setLevel(logging.NOTSET)


def actors() -> Organism:
    return an_organism(echo, caller, sender)


async def outcome(organism: Organism, message: Any, to: str | None) -> Any:
    """Inject, and say how it ended: replies, the reason of a refusal, or `failed`."""
    try:
        return await (await organism.inject(message, to=to))
    except Rejected as rejection:
        return f"{rejection.stage} {rejection.reason}"
    except ConversationFailed:
        return "failed"


async def outcomes(organism: Organism) -> list[Any]:
    """Say how one message of each kind ends, and see to it that no book is left open then."""
    ends = [await outcome(organism, message, to) for message, to in MESSAGES]
    await organism.settle()
    pump = organism.pump
    left = (pump.scheduler.running, len(pump.inbox), pump.conversations.reserved, len(pump.conversations.active))
    assert left == (0, 0, 0, 0)
    return ends


def told_by(stage: Any, place: str, **how: Any) -> tuple[list[Any], Organism, Recorder]:
    """Run the messages through a stage; give how they ended, the organism and what it told."""
    recorder, organism = Recorder(), actors()

    async def story() -> list[Any]:
        organism.pump.stages.insert(stage, after=place, name="mine", **how)
        organism.subscribe(recorder)
        async with organism:
            return await outcomes(organism)

    return run(story()), organism, recorder


# ---- the list


def test_the_list_reads_as_the_stages_of_the_pump() -> None:
    """A person sees ten names from the source to the end, and what was put between them."""
    stages = actors().pump.stages
    assert stages.names == [*FLOW, "perform", "conclude"]
    assert repr(stages).startswith("source ▸ read ▸ verify ▸ open ▸ split ▸ assign ▸ route ▸ decode ▸ perform")
    stages.insert(lambda item: item, before="route", name="censor")
    assert "assign ▸ censor (function) ▸ route" in repr(stages)
    assert "censor" in stages
    stages.remove("censor")
    assert "censor" not in stages


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda stages: stages.insert(copy, after="rout"), "did you mean 'route'"),
        (lambda stages: stages.insert(copy), "either before= or after="),
        (lambda stages: stages.insert(copy, after="read", before="open"), "either before= or after="),
        (lambda stages: stages.insert(copy, after="perform"), "no stage can stand after perform"),
        (lambda stages: stages.insert(copy, after="conclude"), "no stage can stand after conclude"),
        (lambda stages: stages.insert(copy, before="conclude"), "no stage can stand before conclude"),
        (lambda stages: stages.insert(copy, before="source"), "no stage can stand before source"),
        (lambda stages: stages.insert(copy, after="read", name="read"), "there is a stage named 'read'"),
        (lambda stages: stages.insert(copy, after="read", name="a b"), "'a b' cannot be a name"),
        (lambda stages: stages.insert(7, after="read"), "7 .* is no stage"),
        (lambda stages: stages.insert([Say("x")], after="read"), "a second source stands after=.source."),
        (lambda stages: stages.remove("reed"), "did you mean 'read'"),
        (lambda stages: stages.remove("verify"), "nothing works without verify"),
        (lambda stages: stages.replace("source", copy), "the source stays"),
        (lambda stages: stages.replace("read", pipe.spaceout(1)), "expected a plain function"),
        (lambda stages: stages.replace("perform", copy), "expected an async function"),
        (lambda stages: stages.built_in("censor"), "there is no stage 'censor'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(change: Callable[[Any], Any], words: str) -> None:
    """A wrong name, place or kind is a `ConfigError` that says what was expected, and changes nothing."""
    stages = actors().pump.stages
    before = repr(stages)
    with pytest.raises(ConfigError, match=words):
        change(stages)
    assert repr(stages) == before


def test_a_stage_for_what_never_comes_by_is_refused() -> None:
    """An annotation that fits nothing at its place is a mistake, told with what does come by."""

    def late(delivery: Delivery) -> Delivery:
        return delivery

    with pytest.raises(ConfigError, match="no Delivery comes by there; expected Raw or Send"):
        actors().pump.stages.insert(late, after="source")


def test_a_running_organism_keeps_its_stages() -> None:
    """The stages change before the start or while paused, never under a message."""

    async def story() -> None:
        organism = actors()
        stages = organism.pump.stages
        async with organism:
            for change in (
                lambda: stages.insert(copy, after="read"),
                lambda: stages.replace("read", copy),
                lambda: stages.remove("split"),
            ):
                with pytest.raises(XPipeError, match="before the start or while paused: pause it first"):
                    change()
        with pytest.raises(XPipeError, match="make a new one"):
            stages.remove("split")
        assert stages.names == [*FLOW, "perform", "conclude"]

    run(story())


# ---- functions


@at_each_place
def test_a_function_sees_the_messages_in_the_form_of_its_place(place: str) -> None:
    """What comes by is a `Raw` after the source, and a `Delivery` at last."""
    seen: set[type] = set()

    def look(item: Any) -> Any:
        seen.add(type(item))
        return item

    ends, organism, _ = told_by(look, place)
    assert ends == REPLIES
    assert seen == {FLOW[place]}
    assert not organism.dead_letters


def test_the_annotation_picks_what_a_function_is_for() -> None:
    """Before `assign` a stage may ask for what listeners send, too."""
    inside: list[str] = []

    def only_sends(item: Send) -> Any:
        inside.append(item.from_id)
        return item

    ends, *_ = told_by(only_sends, "read")
    assert ends == REPLIES
    assert set(inside) == {"echo", "caller", "sender"}


@at_each_place
def test_a_dropped_injection_is_rejected(place: str) -> None:
    """Whoever waits to be admitted hears of a drop; it is a dead letter and an event."""
    ends, organism, recorder = told_by(lambda _item: None, place)
    assert ends == ["mine dropped"] * 3
    assert [(each.stage, each.reason) for each in organism.dead_letters] == [("mine", "dropped")] * 3
    assert len(recorder.of(MessageDroppedEvent)) == 3


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("call", [[Told("said")], [Told("routing")], [Told("3")]]),
        ("forward", [[Told("said")], [Told("asked")], []]),
        ("respond", [[], [], []]),
    ],
)
@pytest.mark.parametrize("place", ["assign", "route", "decode"])
def test_a_drop_inside_never_hangs(kind: str, expected: list[Any], place: str) -> None:
    """A call fails, a send and an answer are lost, and the conversation completes."""

    def drop(item: Any) -> Any:
        message = item.send if isinstance(item, Delivery) else item
        return None if message.kind.value == kind else item

    ends, organism, _ = told_by(drop, place)
    assert ends == expected
    assert {each.reason for each in organism.dead_letters} == {"dropped"}


def test_one_branch_of_a_broadcast_may_be_dropped() -> None:
    """The others go on, and the injection is not refused for it."""

    @listener(broadcast=True)
    async def first(message: Say) -> Told:
        return Told("first")

    @listener(broadcast=True)
    async def second(message: Say) -> Told:
        return Told("second")

    for name in ("first", "second"):

        async def story(name: str = name) -> None:
            organism = an_organism(first, second)
            drop = lambda item: None if item.frame.listener == name else item  # noqa: E731
            organism.pump.stages.insert(drop, after="route", name="mine")
            async with organism:
                (told,) = await outcome(organism, Say("x"), None)
                assert told.text != name
                assert (await organism.settle()).open == ()

        run(story())


@at_each_place
def test_a_function_that_raises_ends_one_message(place: str) -> None:
    """A `Rejected` is a refusal; anything else is a fault of that stage, and the stream goes on."""

    def refuses(_item: Any) -> Any:
        raise Rejected("mine", "secret", "not today")

    def breaks(_item: Any) -> Any:
        raise ZeroDivisionError("oh")

    ends, *_ = told_by(refuses, place)
    assert ends == ["mine secret"] * 3
    ends, _, recorder = told_by(breaks, place)
    assert ends == ["mine internal"] * 3
    assert {(each.stage, each.error) for each in recorder.of(PipelineFailed)} == {("mine", "ZeroDivisionError: oh")}


@at_each_place
def test_a_function_that_gives_something_else_is_told(place: str) -> None:
    """What cannot stand in a message's place is a fault that says what was expected."""
    ends, organism, _ = told_by(lambda _item: 42, place)
    assert ends == ["mine internal"] * 3
    assert f"it gave 42 (int); expected {FLOW[place].__name__}" in organism.dead_letters[0].detail


@at_each_place
def test_a_function_may_give_many(place: str) -> None:
    """Each further one is a message of its own, and all of them end."""
    ends, *_ = told_by(lambda item: [item, item], place)
    assert [end[0] for end in ends] == [reply[0] for reply in REPLIES]


def test_a_function_may_put_another_in_a_messages_place() -> None:
    """A new `Raw`, a new element or a new payload goes on instead, and is checked like any other."""

    def other_raw(raw: Raw) -> Raw:
        return Raw(b"<Say><Text>new</Text></Say>", raw.port, to="echo")

    def other_element(message: Send) -> Send:
        if message.tag == "Say":
            message.element = etree.fromstring("<Say><Text>new</Text></Say>")
        return message

    def other_payload(delivery: Delivery) -> Delivery:
        if isinstance(delivery.payload, Say):
            delivery.payload = Say("new")
        return delivery

    for stage, place in ((other_raw, "source"), (other_element, "assign"), (other_payload, "decode")):
        ends, *_ = told_by(stage, place)
        assert ends[0] == [Told("new")]


@pytest.mark.parametrize("place", ["assign", "route", "decode"])
def test_what_a_function_makes_wrong_is_refused(place: str) -> None:
    """After a person's stage a message passes its schema, or does not pass."""

    def spoil(item: Any) -> Any:
        if isinstance(item, Send):
            item.element = etree.fromstring("<Say><Nonsense/></Say>")
        elif place == "route":
            item.send.element = etree.fromstring(f"<{item.send.tag}><Nonsense/></{item.send.tag}>")
        else:
            item.payload.text = 7
        return item

    ends, *_ = told_by(spoil, place)
    assert ends[0] in ("decode schema", "perform payload")


def test_a_stage_that_makes_another_class_after_route_is_told() -> None:
    """Where a message goes was decided for its class."""

    def other(delivery: Delivery) -> Delivery:
        delivery.payload = Ask("x")
        return delivery

    _, organism, _ = told_by(other, "decode")
    assert "it put a Ask in place of a Say" in organism.dead_letters[0].detail


@settings(max_examples=60, deadline=None)
@given(
    fates=st.lists(st.sampled_from(["pass", "drop", "raise", "reject", "twice"]), min_size=1, max_size=12),
    places=st.lists(st.sampled_from(list(FLOW)), min_size=1, max_size=3),
    through=st.booleans(),
)
def test_whatever_stages_do_every_conversation_ends(fates: list[str], places: list[str], through: bool) -> None:
    """Stages that pass, drop, raise, reject and double at random, as functions or in an operator: nothing hangs."""
    turns = iter(fates * 1000)

    def stage(item: Any) -> Any:
        match next(turns):
            case "drop":
                return None
            case "raise":
                raise ValueError
            case "reject":
                raise Rejected("mine", "secret", "no")
            case "twice":
                return [item, item]
        return item

    async def as_operator(source: Any) -> AsyncIterator[Any]:
        async for item in source:
            fate = next(turns)
            if fate == "raise":
                raise ValueError
            if fate in ("pass", "twice"):
                yield item
            if fate == "twice":
                yield item

    async def story() -> None:
        organism = an_organism(echo, caller, sender)
        for place in places:
            organism.pump.stages.insert(as_operator if through else stage, after=place)
        async with organism:
            await outcomes(organism)

    run(story())


# ---- async functions


def test_an_async_function_is_a_stage_that_costs() -> None:
    """It is run as a `map` that keeps the order; a warning says what it costs."""

    async def slowly(message: Send) -> Any:
        await asyncio.sleep(0)
        if message.tag == "Ask":
            raise Rejected("mine", "secret", "no")
        return None if message.tag == "Count" else message

    with pytest.warns(ConfigWarning, match="mine is an `async def`; it costs about 200 us a message"):
        ends, *_ = told_by(slowly, "assign")
    assert ends == [[Told("said")], "mine secret", "mine dropped"]


def test_a_message_that_stays_in_a_stage_too_long_is_given_up() -> None:
    """An operator or an `async def` has its timeout, too."""

    async def hangs(item: Any) -> Any:
        await asyncio.Event().wait()

    with pytest.warns(ConfigWarning):
        ends, organism, _ = told_by(hangs, "read", timeout=0.05)
    assert ends == ["mine dropped"] * 3
    assert "within 0.05 s" in organism.dead_letters[0].detail


# ---- operators


@at_each_place
@pytest.mark.parametrize(
    "operator",
    [pipe.spaceout(0.0), pipe.filter(lambda _item: True), pipe.map(lambda item: item), pipe.chunks(1), pipe.take(1)],
    ids=["spaceout", "filter", "map", "chunks", "take"],
)
def test_an_aiostream_operator_is_a_stage(place: str, operator: Any) -> None:
    """It stands where it was put; one that ends the stream is begun anew."""
    ends, organism, _ = told_by(operator, place)
    assert ends == REPLIES
    assert not organism.dead_letters


async def passes(source: Any) -> AsyncIterator[Any]:
    async for item in source:
        yield item


async def swallows(source: Any) -> AsyncIterator[Any]:
    async for _ in source:
        pass
    yield


async def raises(source: Any) -> AsyncIterator[Any]:
    async for _ in source:
        raise ValueError("oh")
    yield


async def never_starts(_source: Any) -> AsyncIterator[Any]:
    raise ValueError("oh")
    yield


def gives_no_stream(source: Any) -> Any:
    return 42


@at_each_place
def test_an_operator_that_swallows_drops(place: str) -> None:
    """What has not come out of an operator when it asks for more is dropped, and its sender hears."""
    for operator in (swallows, pipe.filter(lambda _item: False)):
        ends, organism, _ = told_by(operator, place)
        assert ends == ["mine dropped"] * 3
        assert len(organism.dead_letters) == 3


@at_each_place
def test_an_operator_that_raises_loses_what_was_inside(place: str) -> None:
    """An event tells, the stream is built anew, and what was inside is a dead letter."""
    ends, organism, recorder = told_by(raises, place)
    assert ends == ["mine internal"] * 3
    assert [(each.stage, each.error) for each in recorder.of(PipelineFailed)] == [("mine", "raised ValueError: oh")] * 3
    assert "it was inside mine, which raised ValueError: oh" in organism.dead_letters[0].detail


@pytest.mark.parametrize("operator", [never_starts, gives_no_stream])
def test_an_operator_that_does_not_start_lets_nothing_through(operator: Any) -> None:
    """It is not left out, for it may be there to stop something; and it is told once."""
    ends, _, recorder = told_by(operator, "assign", operator=True)
    assert ends == ["mine internal"] * 3
    assert len(recorder.of(PipelineFailed)) == 1


def test_an_operator_that_was_barred_can_be_replaced() -> None:
    """After the next change of the stages everything is as it should be."""

    async def story() -> None:
        async with actors() as organism:
            organism.pause()
            organism.pump.stages.insert(never_starts, after="read", name="mine")
            organism.resume()
            assert await outcome(organism, Say("x"), "echo") == "mine internal"
            organism.pause()
            organism.pump.stages.replace("mine", passes)
            organism.resume()
            assert await outcomes(organism) == REPLIES

    run(story())


@at_each_place
def test_an_operator_that_doubles_harms_nobody(place: str) -> None:
    """Each message ends, the first one as if it were the only one."""

    async def twice(source: Any) -> AsyncIterator[Any]:
        async for item in source:
            yield item
            yield item

    ends, *_ = told_by(twice, place)
    assert [end[0] for end in ends] == [reply[0] for reply in REPLIES]


def test_an_operator_may_hold_messages_back() -> None:
    """`chunks` keeps messages until there are enough; none of them is lost meanwhile."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(pipe.chunks(3), after="source")
        async with organism:
            injected = [asyncio.ensure_future(organism.inject(Say(str(n)), to="echo")) for n in range(3)]
            assert [await (await each) for each in injected] == [[Told("0")], [Told("1")], [Told("2")]]
            assert not organism.dead_letters

    run(story())


def test_a_concurrent_map_is_warned_of() -> None:
    """A default `pipe.map` of a coroutine costs more than all stages together."""

    async def same(item: Any) -> Any:
        return item

    stages = actors().pump.stages
    with pytest.warns(ConfigWarning, match="map runs its coroutines all at once; it costs about 200 us"):
        stages.insert(pipe.map(same), after="read")
    stages.insert(pipe.map(same, task_limit=1), after="read")
    assert stages.names[2:4] == ["map-2", "map"]


def test_a_concurrent_operator_does_not_wait_for_a_busy_reader() -> None:
    """While a handler waits, another worker takes what an operator gives."""

    async def same(item: Any) -> Any:
        await asyncio.sleep(0)
        return item

    async def story() -> None:
        gate = asyncio.Event()

        async def waits(message: Ask) -> Told:
            await gate.wait()
            return Told("late")

        organism = an_organism(waits, echo)
        with pytest.warns(ConfigWarning):
            organism.pump.stages.insert(pipe.map(same), after="source")
        async with organism:
            slow = await organism.inject(Ask("x"))
            assert await organism.ask(Say("quick")) == Told("quick")
            gate.set()
            assert await slow == [Told("late")]

    run(story())


def test_neighbouring_operators_and_functions_may_be_mixed() -> None:
    """Plain stages are fused between operators, whatever stands where."""

    async def story() -> None:
        organism = actors()
        for place in FLOW:
            organism.pump.stages.insert(passes, after=place)
            organism.pump.stages.insert(lambda item: item, after=place)
        async with organism:
            assert await outcomes(organism) == REPLIES
            assert not organism.dead_letters

    run(story())


# ---- changes while paused


@at_each_place
def test_a_change_while_paused_loses_nothing(place: str) -> None:
    """What waits, also inside an operator, goes through the new stages."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(pipe.spaceout(0.02), after=place, name="throttle")
        async with organism:
            organism.pause()
            injected = [asyncio.ensure_future(organism.inject(Say(str(n)), to="echo")) for n in range(5)]
            await eventually(lambda: len(organism.pump.inbox) > 0)
            seen = []

            def look(delivery: Delivery) -> Delivery:
                seen.append(delivery.payload.text)
                return delivery

            organism.pump.stages.insert(look, after="decode")
            organism.pump.stages.remove("throttle")
            organism.resume()
            assert [await (await each) for each in injected] == [[Told(str(n))] for n in range(5)]
            assert seen[-1] == "4"
            assert not organism.dead_letters

    run(story())


def test_a_change_takes_effect_for_the_very_next_message() -> None:
    """No message slips through the old stages once a change was made."""

    async def story() -> None:
        async with actors() as organism:
            for n in range(20):
                organism.pause()
                organism.pump.stages.insert(lambda _item: None, after="source", name="mine")
                organism.resume()
                assert await outcome(organism, Say(str(n)), "echo") == "mine dropped"
                organism.pause()
                organism.pump.stages.remove("mine")
                organism.resume()
                assert await outcome(organism, Say(str(n)), "echo") == [Told(str(n))]

    run(story())


def test_a_handler_that_runs_meanwhile_goes_on() -> None:
    """A pause stops no handler, and neither does a new stream."""

    async def story() -> None:
        gate = asyncio.Event()

        async def waits(message: Ask) -> Told:
            await gate.wait()
            return Told("late")

        async with an_organism(waits, echo) as organism:
            conversation = await organism.inject(Ask("x"))
            await eventually(lambda: organism.running("waits") == 1)
            organism.pause()
            organism.pump.stages.insert(passes, after="read")
            await organism.inject(Say("x"))
            organism.resume()
            gate.set()
            assert await conversation == [Told("late")]

    run(story())


async def sleeps(source: Any) -> AsyncIterator[Any]:
    """An operator that would keep what comes from outside for ever."""
    async for item in source:
        if isinstance(item, Raw):
            await asyncio.Event().wait()
        yield item


async def will_not_wake(source: Any) -> AsyncIterator[Any]:
    """The same, and it does not even mind being cancelled."""
    async for item in source:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield item


@pytest.mark.parametrize("operator", [sleeps, will_not_wake])
def test_an_operator_that_sleeps_can_be_taken_out(operator: Any) -> None:
    """What it held goes on by the new stages."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(operator, after="source", name="mine")
        async with organism:
            waiting = asyncio.ensure_future(outcome(organism, Say("x"), "echo"))
            await eventually(lambda: len(organism.pump.inbox) == 1)
            organism.pause()
            organism.pump.stages.remove("mine")
            organism.resume()
            assert await waiting == [Told("x")]
            assert await outcome(organism, Say("y"), "echo") == [Told("y")]

    run(story())


def test_a_cancelled_run_ends_what_is_inside_an_operator() -> None:
    """`run` cleans up behind it, and whoever waits hears."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(sleeps, after="source")
        running = asyncio.ensure_future(organism.pump.run())
        await eventually(lambda: organism.pump.state == "running")
        waiting = asyncio.ensure_future(outcome(organism, Say("x"), "echo"))
        await eventually(lambda: len(organism.pump.inbox) == 1)
        running.cancel()
        assert await waiting == "source closed"
        with pytest.raises(asyncio.CancelledError):
            await running

    run(story())


def test_a_conversation_may_be_ended_while_an_operator_holds_its_message() -> None:
    """What comes out too late is refused, and the organism becomes quiet."""

    async def story() -> None:
        let_go = asyncio.Event()

        async def keeps(source: Any) -> AsyncIterator[Any]:
            async for item in source:
                if item.kind.value == "call":
                    await let_go.wait()
                yield item

        organism = actors()
        organism.pump.stages.insert(keeps, after="assign")
        async with organism:
            conversation = await organism.inject(Ask("x"))
            await eventually(lambda: len(organism.pump.inbox) == 1)
            conversation.cancel("enough")
            with pytest.raises(ConversationFailed, match="enough"):
                await conversation
            let_go.set()
            assert (await organism.settle()).open == ()
            assert {each.reason for each in organism.dead_letters} == {"closed"}

    run(story())


def test_a_stop_ends_what_is_inside_an_operator() -> None:
    """Who waits for a message that an operator holds hears of the stop."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(pipe.chunks(100), after="source")
        await organism.start()
        waiting = asyncio.ensure_future(outcome(organism, Say("x"), "echo"))
        await eventually(lambda: len(organism.pump.inbox) == 1)
        await organism.stop(grace=0.01)
        assert await waiting == "source closed"

    run(story())


# ---- replacing


def test_a_stage_of_the_pump_can_be_wrapped_and_given_back() -> None:
    """`built_in` is what a replacement stands for; `remove` brings it back."""

    async def story(name: str) -> None:
        organism, calls = actors(), []
        stages = organism.pump.stages
        step = stages.built_in(name)

        def wrapped(item: Any) -> Any:
            calls.append(item)
            return step(item)

        stages.replace(name, wrapped)
        assert f"{name} (replaced)" in repr(stages)
        async with organism:
            assert await outcomes(organism) == REPLIES
            assert calls
            organism.pause()
            stages.remove(name)
            organism.resume()
            calls.clear()
            assert await outcomes(organism) == REPLIES
            assert not calls
        assert not organism.dead_letters

    for name in list(FLOW)[1:]:
        run(story(name))


@pytest.mark.parametrize("name", list(FLOW)[1:])
def test_a_replacement_may_drop_or_break(name: str) -> None:
    """Also after the pump's own stage has opened frames for a message."""

    async def story(after: bool, fault: Exception | None) -> Any:
        organism = actors()
        step = organism.pump.stages.built_in(name)

        def replaced(item: Any) -> Any:
            if after:
                step(item)
            if fault is not None:
                raise fault

        organism.pump.stages.replace(name, replaced)
        async with organism:
            return await outcomes(organism)

    for after in (False, True):
        assert run(story(after, None)) == [f"{name} dropped"] * 3
        assert run(story(after, ValueError("oh"))) == [f"{name} internal"] * 3
        assert run(story(after, Rejected(name, "secret", "no"))) == [f"{name} secret"] * 3


@pytest.mark.parametrize("name", ["assign", "route"])
def test_only_the_pump_opens_frames(name: str) -> None:
    """A `Send` or a `Delivery` of a person's own making is refused."""

    async def story() -> None:
        organism = actors()
        organism.pump.stages.replace(name, lambda item: copy(item))
        async with organism:
            assert await outcomes(organism) == [f"{name} internal"] * 3
            assert "stages.built_in" in organism.dead_letters[0].detail

    run(story())


def test_perform_and_conclude_are_replaceable() -> None:
    """What runs a handler and what makes messages of its result can be wrapped, too."""

    async def story() -> None:
        organism, told = actors(), []
        stages = organism.pump.stages
        perform, conclude = stages.built_in("perform"), stages.built_in("conclude")

        async def performed(turn: Any) -> Any:
            told.append(turn.listener.name)
            return await perform(turn)

        def concluded(turn: Any, result: Any) -> None:
            conclude(turn, Told("concluded") if isinstance(result, Told) else result)

        stages.replace("perform", performed)
        stages.replace("conclude", concluded)
        async with organism:
            assert (await outcomes(organism))[0] == [Told("concluded")]
            assert told[0] == "echo"
            organism.pause()
            stages.remove("conclude")
            organism.resume()
            assert await outcomes(organism) == REPLIES

    run(story())


# ---- a second source


def test_a_second_source_injects_by_a_port_of_its_name() -> None:
    """Payloads, bytes and sends of a stream become ordinary injections."""

    async def feed() -> AsyncIterator[Any]:
        yield Say("payload")
        yield b"<Say><Text>bytes</Text></Say>"
        yield send(Say("send"), to="echo")
        yield b"<Say><Text>bad"
        yield 42

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(feed(), after="source", name="feed")
        assert "source ▸ feed (source) ▸ read" in repr(organism.pump.stages)
        async with organism:
            await eventually(lambda: organism.dead_letters.total == 2)
            await organism.settle()
            assert [each.replies for each in organism.conversations] == [
                [Told("payload")],
                [Told("bytes")],
                [Told("send")],
            ]
            assert {each.port for each in organism.conversations} == {"feed"}

    run(story())


def test_a_second_source_waits_for_a_full_organism() -> None:
    """It is asked for more only when what it gave was taken."""

    async def story() -> None:
        given, gate = [], asyncio.Event()

        async def feed() -> AsyncIterator[Any]:
            for n in range(100):
                given.append(n)
                yield Ask(str(n))

        async def waits(message: Ask) -> Told:
            await gate.wait()
            return Told("x")

        async with an_organism(waits, max_concurrent_pipelines=3) as organism:
            organism.pause()
            organism.pump.stages.insert(feed(), after="source", name="feed")
            organism.resume()
            await eventually(lambda: organism.running("waits") == 3)
            await eventually(lambda: organism.pump.conversations.waiting == 1)
            assert len(given) == 4
            gate.set()
            await eventually(lambda: len(given) == 100, turns=10_000)

    run(story())


def test_a_second_source_may_raise_end_and_be_removed() -> None:
    """The organism goes on; a source that is removed is read no further."""

    async def breaks() -> AsyncIterator[Any]:
        yield Say("x")
        raise ValueError("oh")

    async def story() -> None:
        recorder, organism = Recorder(), an_organism(echo)
        organism.subscribe(recorder)
        organism.pump.stages.insert(breaks(), after="source", name="breaks")
        organism.pump.stages.insert([Say("listed")], after="source", name="listed")
        organism.pump.stages.insert(stream.repeat(Say("again"), interval=0.001), after="source", name="again")
        async with organism:
            await eventually(lambda: len(recorder.of(PipelineFailed)) == 1)
            await eventually(lambda: len(organism.conversations) >= 3)
            organism.pause()
            organism.pump.stages.remove("again")
            organism.resume()
            await organism.settle()
            assert await organism.ask(Say("on")) == Told("on")
        (failed,) = recorder.of(PipelineFailed)
        assert (failed.stage, failed.error) == ("breaks", "raised ValueError: oh")

    run(story())


def test_an_operator_may_merge_a_stream() -> None:
    """What comes out of an operator and is no message of ours is injected by the port of its name."""

    async def story() -> None:
        organism = an_organism(echo)
        organism.pump.stages.insert(pipe.merge(stream.iterate([Say("merged")])), after="source", name="merge")
        async with organism:
            assert await organism.ask(Say("mine"), to="echo") == Told("mine")
            await eventually(lambda: len(organism.conversations) == 2)
            assert {each.port for each in organism.conversations} == {"merge", "console"}

    run(story())
