"""Budgets: what a conversation may spend on models, who is warned, and what happens when nothing is left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.stories.cast import Ask, Count, Recorder, Say, Told, an_organism
from tests.support import eventually, run
from xpipe_nb import (
    BudgetEvent,
    BudgetExhausted,
    CallFailed,
    Conversation,
    ConversationFailed,
    ConversationWaits,
    HandlerMetadata,
    ListenerConfig,
    Organism,
    QuestionEvent,
    XPipeError,
    payload,
    send,
)
from xpipe_nb.dispatch.deadlines import RESOLUTION
from xpipe_nb.events import DeadLetterEvent, MessageDroppedEvent, ThreadEvent
from xpipe_nb.primitives import BudgetWarning, BufferComplete, BufferStart


async def spender(message: Count, meta: HandlerMetadata) -> Told:
    """Spends as many tokens as it is told."""
    async with meta.tokens(message.n) as spent:
        spent.prompt, spent.completion = message.n - 1, 1
    return Told(f"{message.n} spent")


async def boss(message: Ask, meta: HandlerMetadata) -> Told:
    """Has others spend: `Ask("30 40")` twice, one after the other."""
    answers = [await meta.call(Count(int(each)), to="spender") for each in message.text.split()]
    return Told("; ".join(each.text for each in answers))


def agent(name: str, handler: Any, **settings: Any) -> ListenerConfig:
    return ListenerConfig(name=name, handler=handler, agent=True, **settings)


def waits(conversation: Conversation) -> Any:
    return lambda: conversation.state == "waiting"


# ---- accounts


def test_each_conversation_has_an_account_of_its_own() -> None:
    """What one conversation spends is not taken from another; the figures stand by frame."""

    async def story() -> None:
        async with an_organism(spender, boss, max_tokens_per_thread=100) as organism:
            first = await organism.inject(Ask("30 40"), to="boss")
            second = await organism.inject(Count(90), to="spender")
            assert await first == [Told("30 spent; 40 spent")]
            assert await second == [Told("90 spent")]
            usage = organism.budgets.usage(first.id)
            assert (usage.used, usage.prompt, usage.completion, usage.requests) == (70, 68, 2, 2)
            assert [(each.listener, each.used) for each in usage.frames] == [("spender", 30), ("spender", 40)]
            assert {each.thread_id for each in usage.frames} < {each.thread_id for each in first.frames}
            assert organism.budgets.usage(first) == organism.budgets.usage(first.number) == usage
            assert organism.budgets.usage(second).used == 90
            assert [each.conversation for each in organism.budgets.every()] == [1, 2]

    run(story())


def test_a_continued_conversation_keeps_its_account() -> None:
    """What was spent before it ended is still spent."""

    async def story() -> None:
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Count(60), to="spender")
            await conversation
            await organism.inject(Count(60), to="spender", conversation=conversation)
            with pytest.raises(ConversationFailed) as failed:
                await conversation
            assert [each.code for each in failed.value.errors] == ["budget"]
            assert organism.budgets.usage(conversation).used == 60

    run(story())


def test_calls_at_the_same_time_do_not_spend_the_same_tokens() -> None:
    """Ten ask for 40 of 100 at once: two get them, the others are refused before they spend."""
    asked: list[str] = []

    async def slow(message: Say, meta: HandlerMetadata) -> Told:
        async with meta.tokens(40) as spent:
            asked.append(message.text)
            await asyncio.sleep(0)
            spent.completion = 40
        return Told(message.text)

    async def crowd(message: Ask, meta: HandlerMetadata) -> Told:
        calls = (meta.call(Say(str(number)), to="slow") for number in range(10))
        results = await asyncio.gather(*calls, return_exceptions=True)
        return Told(" ".join(sorted(each.code for each in results if isinstance(each, CallFailed))))

    async def story() -> None:
        async with an_organism(slow, crowd, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Ask("go"), to="crowd")
            assert await conversation == [Told(" ".join(["budget"] * 8))]
            assert len(asked) == 2
            assert organism.budgets.usage(conversation).used == 80

    run(story())


def test_a_body_that_raises_gives_back_what_it_has_not_spent() -> None:
    """Nothing said is nothing spent; what was said is booked although the body failed."""

    async def clumsy(message: Count, meta: HandlerMetadata) -> Told:
        try:
            async with meta.tokens(80) as spent:
                spent.prompt = message.n
                raise OSError("no network")
        except OSError:
            return Told("never mind")

    async def story() -> None:
        async with an_organism(clumsy, max_tokens_per_thread=100) as organism:
            for number, used in ((0, 0), (25, 25)):
                conversation = await organism.inject(Count(number), to="clumsy")
                await conversation
                usage = organism.budgets.usage(conversation)
                assert (usage.used, usage.reserved) == (used, 0)

    run(story())


def test_a_plain_handler_spends_from_its_thread() -> None:
    """`with meta.tokens(…)` is the same in a thread; on the loop it is refused, because it would block."""

    def plain(message: Count, meta: HandlerMetadata) -> Told:
        with meta.tokens(message.n) as spent:
            spent.completion = message.n
        return Told("ok")

    async def wrong(message: Say, meta: HandlerMetadata) -> None:
        with meta.tokens(1):
            pass

    async def story() -> None:
        async with an_organism(plain, wrong, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Count(7), to="plain")
            assert await conversation == [Told("ok")]
            assert organism.budgets.usage(conversation).by_listener == {"plain": 7}
            with pytest.raises(ConversationFailed, match=r"async with meta\.tokens"):
                await organism.ask(Say("x"), to="wrong")

    run(story())


def test_a_wrong_figure_is_told_and_keeps_nothing_reserved() -> None:
    """`spent` takes whole numbers from 0; anything else is an error of the handler."""

    async def wrong(message: Count, meta: HandlerMetadata) -> None:
        async with meta.tokens(50) as spent:
            spent.prompt = -1 if message.n else 0.5  # type: ignore[assignment]

    async def negative(message: Say, meta: HandlerMetadata) -> None:
        async with meta.tokens(-5):
            pass

    async def story() -> None:
        async with an_organism(wrong, negative, max_tokens_per_thread=100) as organism:
            for message, to in ((Count(0), "wrong"), (Count(1), "wrong"), (Say("x"), "negative")):
                conversation = await organism.inject(message, to=to)
                with pytest.raises(ConversationFailed, match="whole number"):
                    await conversation
                assert organism.budgets.usage(conversation).reserved == 0

    run(story())


def test_a_handler_can_be_tried_without_a_pump() -> None:
    """Metadata that a test makes by hand books nothing, and nothing fails."""

    async def story() -> None:
        assert await spender(Count(3), HandlerMetadata()) == Told("3 spent")

    run(story())


def test_an_unknown_conversation_is_told_with_those_there_are() -> None:
    """By number, by id, or one of another organism."""

    async def story() -> None:
        async with an_organism(spender) as organism, Organism("other", [spender]) as other:
            conversation = await organism.inject(Count(1), to="spender")
            await conversation
            for which in (7, "no such id"):
                with pytest.raises(XPipeError, match="there are #1"):
                    organism.budgets.usage(which)
            with pytest.raises(XPipeError, match="no conversation"):
                other.budgets.usage(conversation)

    run(story())


def test_a_ring_with_a_budget_is_no_ring_without_end() -> None:
    """`check` warns of plain listeners that may go round for ever; tokens end that."""

    async def ping(message: Count) -> Say: ...

    async def pong(message: Say) -> Count: ...

    ring = [
        ListenerConfig(name="ping", handler=ping, peers=["pong"]),
        ListenerConfig(name="pong", handler=pong, peers=["ping"]),
    ]
    assert "endless" in [each.code for each in an_organism(*ring).check()]
    assert "endless" not in [each.code for each in an_organism(*ring, max_tokens_per_thread=100).check()]


# ---- nothing left, and nobody to ask


def test_without_a_person_an_exhausted_budget_fails_with_its_code() -> None:
    """The handler's door raises `CallFailed`; uncaught, its caller gets code `budget`, up to the injector."""

    async def story() -> None:
        async with an_organism(spender, boss, max_tokens_per_thread=100) as organism:
            conversation = await organism.inject(Ask("80 30"), to="boss")
            with pytest.raises(ConversationFailed) as failed:
                await conversation
            assert [each.code for each in failed.value.errors] == ["budget"]
            assert not failed.value.errors[0].retry_allowed
            assert "30" not in failed.value.errors[0].message  # agents get no figures that are not theirs
            details = [letter.detail for letter in organism.dead_letters]
            assert any("spender needs 30 tokens, 20 of 100 are left" in each for each in details)

    run(story())


def test_a_handler_can_catch_it_and_do_with_less() -> None:
    """An agent that is refused may answer from what it knows."""

    async def modest(message: Count, meta: HandlerMetadata) -> Told:
        try:
            async with meta.tokens(message.n):
                return Told("asked")
        except BudgetExhausted as failed:
            return Told(f"{failed.code}: guessed")

    async def story() -> None:
        async with an_organism(modest, max_tokens_per_thread=100) as organism:
            assert await organism.ask(Count(200), to="modest") == Told("budget: guessed")

    run(story())


def test_a_refused_budget_is_not_tried_again() -> None:
    """Retries are for what may go better the next time."""
    attempts: list[int] = []

    async def stubborn(message: Count, meta: HandlerMetadata) -> Told:
        attempts.append(meta.attempt)
        return await spender(message, meta)

    async def story() -> None:
        config = ListenerConfig(name="stubborn", handler=stubborn, retries=3)
        async with an_organism(config, max_tokens_per_thread=10) as organism:
            with pytest.raises(ConversationFailed, match="budget"):
                await organism.ask(Count(200), to="stubborn")
        assert attempts == [1]

    run(story())


# ---- warnings


def test_an_agent_is_warned_once_at_each_threshold() -> None:
    """75, 90 and 95 percent reach it in its own frame, from the system, if it accepts `BudgetWarning`."""
    got: list[tuple[str, str, int]] = []

    async def careful(message: Count | BudgetWarning, meta: HandlerMetadata) -> Any:
        if isinstance(message, BudgetWarning):
            got.append((message.severity, meta.from_id, message.tokens_remaining))
            return None
        async with meta.tokens(message.n) as spent:
            spent.completion = message.n
        return send(Count(4), to="careful") if meta.history[-1].index < 8 else Told("done")

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(agent("careful", careful), max_tokens_per_thread=100) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Count(72), to="careful")
            await conversation
        assert got == [("warning", "system", 24), ("critical", "system", 8), ("final", "system", 4)]
        crossed = [each.crossed for each in recorder.of(BudgetEvent) if each.crossed]
        assert crossed == [(75,), (90,), (95,)]

    run(story())


def test_a_leap_over_several_thresholds_gives_one_warning() -> None:
    """The most urgent one: an agent need not take three turns to hear that nothing is left."""
    got: list[BudgetWarning] = []

    async def careful(message: Count | BudgetWarning, meta: HandlerMetadata) -> Any:
        if isinstance(message, BudgetWarning):
            got.append(message)
            return None
        async with meta.tokens(message.n) as spent:
            spent.prompt = message.n
        return Told("done")

    async def story() -> None:
        async with an_organism(agent("careful", careful), max_tokens_per_thread=200) as organism:
            assert await (await organism.inject(Count(192), to="careful")) == [Told("done")]
            assert list(organism.dead_letters) == []

    run(story())
    (warning,) = got
    assert (warning.percent_used, warning.tokens_used, warning.tokens_remaining, warning.max_tokens) == (
        96,
        192,
        8,
        200,
    )
    assert (warning.severity, "8 of 200" in warning.message) == ("final", True)


def test_who_does_not_accept_a_warning_gets_none() -> None:
    """The event is there for the person; the agent's frame is left alone, and nothing is a dead letter."""

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            organism.subscribe(recorder)
            conversation = await organism.inject(Count(99), to="spender")
            assert await conversation == [Told("99 spent")]
            assert conversation.messages == 1
        assert [each.crossed for each in recorder.of(BudgetEvent) if each.crossed] == [(75, 90, 95)]
        assert recorder.of(DeadLetterEvent) == []

    run(story())


def test_a_warning_that_comes_too_late_is_no_dead_letter() -> None:
    """Who answers a call right after it spent has no frame any more to be warned in; an event says so."""

    async def careful(message: Count | BudgetWarning, meta: HandlerMetadata) -> Any:
        async with meta.tokens(80) as spent:
            spent.prompt = 80
        return Told("done")

    async def caller(message: Ask, meta: HandlerMetadata) -> Any:
        return await meta.call(Count(1), to="careful")

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(agent("careful", careful), caller, max_tokens_per_thread=100) as organism:
            organism.subscribe(recorder)
            assert await organism.ask(Ask("x"), to="caller") == Told("done")
            await organism.settle()
            assert list(organism.dead_letters) == []
        assert [each.payload_type for each in recorder.of(MessageDroppedEvent)] == ["BudgetWarning"]

    run(story())


# ---- nothing left, and a person to ask


def test_where_a_person_is_attached_the_handler_waits_and_goes_on() -> None:
    """State `waiting`, no place held, quiet; `raise_limit` lets it go on, and the event tells of question and answer."""

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(
            spender, boss, max_tokens_per_thread=100, max_concurrent_pipelines=1, max_concurrent_handlers=1
        ) as organism:
            organism.attended = True
            organism.subscribe(recorder)
            conversation = await organism.inject(Ask("80 30"), to="boss")
            await eventually(waits(conversation))
            report = await organism.settle()
            assert report.open == (1,)
            assert [str(each) for each in report.questions] == [
                "#1 waits for you: spender needs 30 tokens, 20 of 100 are left"
            ]
            assert not conversation.is_over
            assert await organism.ask(Count(50), to="spender") == Told("50 spent")  # its places are free
            organism.budgets.raise_limit(conversation.id, 110)
            assert await conversation == [Told("80 spent; 30 spent")]
            assert (conversation.state, organism.questions) == ("done", ())
            assert organism.budgets.usage(1).used == 110
            assert organism.pump.scheduler.running == 0
        assert [each.state for each in recorder.of(QuestionEvent)] == ["asked", "answered"]
        first = [each.status for each in recorder.of(ThreadEvent) if each.conversation == 1]
        assert first == ["created", "active", "completed"]

    run(story())


def test_a_raise_that_is_not_enough_leaves_it_waiting() -> None:
    """The handler goes on once its tokens are there, not before."""

    async def story() -> None:
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Count(500), to="spender")
            await eventually(waits(conversation))
            organism.budgets.raise_limit(1, 400)
            await organism.settle()
            assert conversation.state == "waiting"
            for tokens in (400, 50):
                with pytest.raises(XPipeError, match="400 tokens already"):
                    organism.budgets.raise_limit(1, tokens)
            organism.budgets.raise_limit(1, organism.questions[0].about)
            assert await conversation == [Told("500 spent")]

    run(story())


def test_a_waiting_conversation_can_be_cancelled() -> None:
    """It ends at once, its question is gone, and nothing stays reserved."""

    async def story() -> None:
        recorder = Recorder()
        async with an_organism(spender, boss, max_tokens_per_thread=100) as organism:
            organism.subscribe(recorder)
            organism.attended = True
            conversation = await organism.inject(Ask("200"), to="boss")
            await eventually(waits(conversation))
            await conversation.cancel("too dear")
            with pytest.raises(ConversationFailed, match="too dear"):
                await conversation
            assert organism.questions == ()
            assert (await organism.settle()).open == ()
            assert organism.budgets.usage(1).reserved == 0
        assert [each.state for each in recorder.of(QuestionEvent)] == ["asked", "withdrawn"]

    run(story())


def test_a_thread_that_waits_for_a_person_is_let_go_when_its_conversation_ends() -> None:
    """A plain handler is not left behind in its thread."""
    ended: list[str] = []

    def plain(message: Count, meta: HandlerMetadata) -> None:
        try:
            with meta.tokens(message.n):
                pass
        finally:
            ended.append("let go")

    async def story() -> None:
        async with an_organism(plain, max_tokens_per_thread=10) as organism:
            organism.attended = True
            conversation = await organism.inject(Count(20), to="plain")
            while conversation.state != "waiting":  # its thread has to come here first
                await asyncio.sleep(0.001)
            await conversation.cancel()
            while not ended:
                await asyncio.sleep(0.001)
            assert organism.questions == ()

    run(story())


def test_it_is_active_while_anything_else_of_it_moves() -> None:
    """A second branch at work keeps the conversation `active`; when that ends, it is `waiting`."""

    async def story() -> None:
        go = asyncio.Event()

        async def slow(message: Say) -> Told:
            await go.wait()
            return Told("slow")

        async def fan(message: Ask | Told) -> Any:
            return [send(Count(200), to="spender"), send(Say("x"), to="slow")] if isinstance(message, Ask) else None

        async with an_organism(spender, slow, fan, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Ask("go"), to="fan")
            await eventually(lambda: len(organism.questions) == 1 and organism.running("slow") == 1)
            for _ in range(20):
                await asyncio.sleep(0)
            assert conversation.state == "active"
            go.set()
            await eventually(waits(conversation))
            await conversation.cancel()

    run(story())


def test_who_waits_for_a_waiting_conversation_waits_for_the_person_too() -> None:
    """A handler that asks the organism anew and waits makes its own conversation `waiting` as well."""

    async def story() -> None:
        async def outer(message: Ask, meta: HandlerMetadata) -> Told:
            return await organism.ask(Count(200), to="spender")

        async with an_organism(spender, outer, max_tokens_per_thread=100) as organism:
            organism.attended = True
            first = await organism.inject(Ask("x"), to="outer")
            await eventually(waits(first))
            assert [each.state for each in organism.conversations] == ["waiting", "waiting"]
            report = await organism.settle()
            assert sorted(report.open) == [1, 2]
            organism.budgets.raise_limit(2, 300)
            assert await first == [Told("200 spent")]
            assert organism.pump.conversations.resting == {}

    run(story())


def test_a_buffer_whose_items_wait_for_a_person_waits_too() -> None:
    """All items that could end have ended; the rest wait, and go on after the raise."""

    async def story() -> None:
        items = [Count(60), Count(70), Count(20)]
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(BufferStart("spender", items), to="system.buffer")
            await eventually(waits(conversation))
            assert organism.budgets.usage(1).used == 80
            organism.budgets.raise_limit(1, 150)
            (result,) = await conversation
            assert isinstance(result, BufferComplete)
            assert (result.total, result.successful) == (3, 3)

    run(story())


def test_what_is_queued_behind_a_waiting_turn_waits_too() -> None:
    """Messages of one frame are handled in order, so the second one cannot go on either."""
    done: list[int] = []

    async def agent(message: Ask | Count, meta: HandlerMetadata) -> Any:
        if isinstance(message, Ask):
            return [send(Count(each), to="agent") for each in (200, 5)]
        async with meta.tokens(message.n):
            done.append(message.n)
        return None

    async def story() -> None:
        config = ListenerConfig(name="agent", handler=agent, agent=True)
        async with an_organism(config, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Ask("go"), to="agent")
            await eventually(waits(conversation))
            assert (await organism.settle()).open == (1,)
            organism.budgets.raise_limit(1, 200)
            assert await conversation == []

    run(story())
    assert done == [200, 5]


def test_tokens_that_others_give_back_let_a_waiting_handler_go_on() -> None:
    """Who asked for more than was free is served when a reservation turns out too large."""

    async def story() -> None:
        go = asyncio.Event()

        async def cautious(message: Say, meta: HandlerMetadata) -> None:
            async with meta.tokens(90) as spent:
                await go.wait()
                spent.completion = 5

        async def fan(message: Ask | Told) -> Any:
            return [send(Say("x"), to="cautious"), send(Count(50), to="spender")] if isinstance(message, Ask) else None

        async with an_organism(spender, cautious, fan, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Ask("go"), to="fan")
            await eventually(lambda: len(organism.questions) == 1)
            go.set()
            await conversation
            assert (organism.questions, organism.budgets.usage(1).used) == ((), 55)

    run(story())


def test_a_stop_does_not_wait_for_a_person() -> None:
    """A waiting conversation counts as quiet, so stopping ends it at once."""

    async def story() -> None:
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Count(200), to="spender")
            await eventually(waits(conversation))
            await organism.stop(grace=3600)
        assert conversation.state == "killed"

    run(story())


def test_the_waiting_of_a_person_who_can_do_nothing_else_is_ended() -> None:
    """In a cell, `await` ends with what the person has to decide; the conversation goes on and can be awaited again."""

    async def story() -> None:
        async with an_organism(spender, max_tokens_per_thread=100) as organism:
            organism.attended = organism.pump.questions.blocks_person = True
            with pytest.raises(ConversationWaits, match="#1 waits for you: spender needs 200 tokens") as left:
                await organism.ask(Count(200), to="spender")
            assert "story.budgets.raise_limit(1, 200) lets it go on" in str(left.value)
            conversation = organism.conversations[0]
            with pytest.raises(ConversationWaits):
                await conversation
            organism.budgets.raise_limit(1, 200)
            assert await conversation == [Told("200 spent")]

    run(story())


def test_the_timeout_of_a_handler_does_not_run_while_it_waits_for_a_person() -> None:
    """A person may take longer than any timeout."""

    async def story() -> None:
        config = ListenerConfig(name="spender", handler=spender, timeout=4 * RESOLUTION)
        async with an_organism(config, max_tokens_per_thread=100) as organism:
            organism.attended = True
            conversation = await organism.inject(Count(200), to="spender")
            await eventually(waits(conversation))
            await asyncio.sleep(8 * RESOLUTION)  # time in which it would have been over
            organism.budgets.raise_limit(1, 300)
            assert await conversation == [Told("200 spent")]

    run(story())


# ---- all at once


@payload
class Work:
    """Something to spend on, and more of it that is called for meanwhile."""

    tokens: int
    spends: int
    calls: list[Work]


@payload
class Works:
    """Work for several branches."""

    branches: list[Work]


TREES = st.recursive(
    st.builds(Work, st.integers(0, 120), st.integers(0, 150), st.just([])),
    lambda inner: st.builds(Work, st.integers(0, 120), st.integers(0, 150), st.lists(inner, max_size=3)),
    max_leaves=8,
)


async def worker(message: Work, meta: HandlerMetadata) -> Told:
    async with meta.tokens(message.tokens) as spent:
        await asyncio.gather(*(meta.call(each, to="worker") for each in message.calls))
        spent.completion = message.spends
    return Told("done")


async def fan(message: Works | Told) -> Any:
    return [send(each, to="worker") for each in message.branches] if isinstance(message, Works) else None


def total(work: Work) -> int:
    return work.spends + sum(map(total, work.calls))


@given(
    crowd=st.lists(st.lists(TREES, min_size=1, max_size=3), min_size=1, max_size=3),
    limit=st.integers(1, 400),
    places=st.integers(1, 4),
)
def test_a_person_can_always_let_everything_come_to_its_end(crowd: list[list[Work]], limit: int, places: int) -> None:
    """Handlers that spend, call and branch at once: after enough raises all is done and booked, and nothing is held."""

    async def story() -> None:
        async with an_organism(worker, fan, max_tokens_per_thread=limit, max_concurrent_handlers=places) as organism:
            organism.attended = True
            conversations = [await organism.inject(Works(branches), to="fan") for branches in crowd]
            while (report := await asyncio.wait_for(organism.settle(), 5)).questions:
                waiting = {each.number for each in conversations if each.state == "waiting"}
                assert waiting == set(report.open) == {each.conversation.number for each in report.questions}
                assert all(not each.answer.done() for each in report.questions)
                question = report.questions[0]
                organism.budgets.raise_limit(question.conversation, question.about)
            assert report.open == ()
            assert {each.state for each in conversations} == {"done"}
            usages = [organism.budgets.usage(each) for each in conversations]
            assert [each.used for each in usages] == [sum(map(total, branches)) for branches in crowd]
            assert {each.reserved for each in usages} == {0}
            assert (organism.pump.scheduler.running, organism.pump.conversations.resting) == (0, {})
            assert list(organism.dead_letters) == []

    run(story())
