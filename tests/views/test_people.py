"""What a view knows of budgets, questions and worker processes, and what a person does about them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given

from tests.support import eventually, run
from tests.views.events_of import events
from tests.views.people import spending
from tests.views.scenes import places_in
from xpipe_nb import Organism, listener, payload
from xpipe_nb.events import BackendEvent, BudgetEvent, ThreadEvent, WorkersEvent, WorkerState
from xpipe_nb.metadata import HandlerMetadata
from xpipe_nb.notebook.clicks import Clicks
from xpipe_nb.notebook.feed import Feed
from xpipe_nb.views.edited import problem_in
from xpipe_nb.views.fold import fold_all
from xpipe_nb.views.snapshot import LARGEST, size_of, snapshot
from xpipe_nb.views.state import KEPT_CONVERSATIONS, ViewState


@payload
class Job:
    """How much is spent."""

    tokens: int


class Desk:
    """An organism with one spender, what a view of it knows, and what a person may click."""

    def __init__(self, limit: int | None = 1_000) -> None:
        @listener
        async def spender(message: Job, meta: HandlerMetadata) -> None:
            async with meta.tokens(message.tokens) as spent:
                spent.completion = message.tokens

        self.organism = Organism("desk", [spender], max_tokens_per_thread=limit)
        self.organism.attended = True
        self.feed = Feed(self.organism)
        self.clicks = Clicks(self.organism, self.feed)

    def part(self, name: str) -> dict[str, Any]:
        part: dict[str, Any] = self.feed.snapshot()[name]
        return part

    async def click(self, what: str, **content: Any) -> dict[str, Any]:
        return await self.clicks.done(what, content)


# ---- reducers


def test_a_store_that_is_away_is_told_until_it_is_back():
    """The view says what is the matter with the shared state, and what becomes of what happens meanwhile."""
    away = BackendEvent("Redis at 127.0.0.1:6379/0", "away", "Redis at 127.0.0.1:6379/0 does not answer.", 3)
    state = fold_all(ViewState("desk"), [away])
    shown = snapshot(state, places_in(state), "s")["organism"]["store"]
    assert shown == (
        "Redis at 127.0.0.1:6379/0 does not answer. "
        "What happens meanwhile is written once Redis at 127.0.0.1:6379/0 is back."
    )
    state = fold_all(state, [BackendEvent("Redis at 127.0.0.1:6379/0", "back")])
    assert "store" not in snapshot(state, places_in(state), "s")["organism"]


@given(events)
def test_what_was_spent_never_becomes_less(happened):
    """No frame, and no sum, has fewer tokens than none, whatever order events come in."""
    state = fold_all(ViewState("x"), happened)
    assert state.tokens >= max([each.used for each in state.accounts.values()], default=0) >= 0
    assert all(frame.tokens >= 0 for frame in state.frames.values())
    assert len(state.accounts) <= KEPT_CONVERSATIONS


def test_tokens_belong_to_the_frame_that_spent_them():
    """An event tells sums; what came since the last one was spent in the frame that it names."""
    state = spending().folded()
    assert {frame.key: frame.tokens for frame in state.frames.values() if frame.conversation == 3} == {
        5: 12_400,
        6: 21_400,
        7: 7_400,
        8: 0,
    }
    assert state.tokens == 111_700


def test_accounts_are_bounded_and_open_ones_stay():
    """The oldest goes whose conversation is over."""
    happened: list[Any] = []
    for number in range(1, 2 * KEPT_CONVERSATIONS):
        happened += [
            ThreadEvent("t", "created", conversation=number),
            BudgetEvent("t", "a", 10, number, 0, 0, (), number),
        ]
        if number > 3:
            happened.append(ThreadEvent("t", "completed", conversation=number))
    state = fold_all(ViewState("x"), happened)
    assert len(state.accounts) == KEPT_CONVERSATIONS
    assert set(state.accounts) >= {1, 2, 3, 2 * KEPT_CONVERSATIONS - 1}


def test_a_thousand_questions_make_no_large_snapshot():
    """The oldest are told, the others counted."""
    script = spending()
    for number in range(2, 1_000):
        script.events.append(type(script.events[-1])("r5", "a", number, "budget", "more " * 200, "asked", number, 5))
    state = script.folded()
    written = snapshot(state, places_in(state), "s")
    assert written["questions"]["total"] == 999
    assert size_of(written) <= LARGEST


def test_a_report_of_workers_is_no_step_and_changes_nothing_where_nothing_changed():
    """Nothing is sent for a task that goes on as it did; and what is saved does not depend on when somebody measured."""

    def told(seconds: float, at: float) -> WorkersEvent:
        return WorkersEvent((WorkerState(7, "busy", "a", 1, seconds, 60.0, 99.6, 1_000_000, 2),), at=at)

    first = fold_all(ViewState("x"), [told(1.0, 11.0)])
    later = fold_all(first, [told(2.01, 12.0)])
    assert later == first
    assert first.step == 0
    other = fold_all(later, [told(0.1, 13.0)])
    assert other.workers[7].began == 12.9
    assert snapshot(first, places_in(first), "s", live=False)["workers"] == {"total": 0, "workers": []}


# ---- an organism and a person


def test_a_budget_is_raised_from_the_view_and_the_handler_goes_on():
    """What waits is asked for; too low a limit is refused with a reason, and changes the question."""

    async def story() -> None:
        desk = Desk()
        async with desk.organism:
            conversation = await desk.organism.inject(Job(2_000), to="spender")
            await eventually(lambda: bool(desk.organism.questions))
            (question,) = desk.part("questions")["questions"]
            assert (question["kind"], question["needs"], question["name"]) == ("budget", 2_000, "spender")
            (account,) = desk.part("budgets")["accounts"]
            assert account == {"key": 1, "limit": 1_000, "used": 0, "reserved": 0, "open": True}, "it can be raised"
            assert desk.part("graph")["nodes"][1]["state"] == "asking"
            assert desk.part("threads")["frames"][0]["state"] == "asking"
            assert desk.part("messages")["rows"][0]["state"] == "asking"
            refused = await desk.click("raise", conversation=1, tokens=10)
            assert refused == {"error": "#1 may spend 1,000 tokens already (0 are used); raise it above that"}
            assert await desk.click("raise", conversation=1, tokens=1_500) == {}
            await eventually(lambda: "1,500 of 1,500" in desk.part("questions")["questions"][0]["text"])
            assert await desk.click("raise", conversation=1, tokens=2_000) == {}
            await conversation
        assert desk.part("questions") == {"total": 0, "questions": []}
        (account,) = desk.part("budgets")["accounts"]
        assert account == {"key": 1, "limit": 2_000, "used": 2_000, "reserved": 0}

    run(story())


def test_a_view_that_comes_late_knows_what_was_spent_and_is_asked():
    """It is told so far, and goes on from there."""

    async def story() -> None:
        desk = Desk()
        async with desk.organism:
            await (await desk.organism.inject(Job(300), to="spender"))
            await desk.organism.inject(Job(2_000), to="spender")
            await eventually(lambda: bool(desk.organism.questions))
            late = Feed(desk.organism).snapshot()
            assert [(each["key"], each["used"]) for each in late["budgets"]["accounts"]] == [(1, 300), (2, 0)]
            assert late["budgets"]["limit"] == 1_000
            assert late["questions"]["questions"][0]["conversation"] == 2
            desk.organism.conversations[1].cancel()

    run(story())


def test_a_question_is_answered_in_words_once():
    """Whoever asked gets the text; an answer that comes later is refused, and no text answers a budget."""

    async def story() -> None:
        desk = Desk()
        heard: list[Any] = []

        @listener
        async def asker(message: Job, meta: HandlerMetadata) -> None:
            turn = meta._turn
            assert turn is not None
            question = turn.services.questions.ask(turn.frame, "approval", "Use 2019 prices?")
            heard.append(await turn.services.hear(turn, question))

        desk.organism.listener(asker)
        async with desk.organism:
            conversation = await desk.organism.inject(Job(1), to="asker")
            await eventually(lambda: bool(desk.organism.questions))
            assert await desk.click("answer", question=1, text="yes") == {}
            await conversation
            assert heard == ["yes"]
            assert "answered already" in (await desk.click("answer", question=1, text="no"))["error"]
            await desk.organism.inject(Job(2_000), to="spender")
            await eventually(lambda: bool(desk.organism.questions))
            assert "raised" in (await desk.click("answer", question=2, text="yes"))["error"]
            desk.organism.conversations[-1].cancel()

    run(story())


def with_letter(act: Callable[[Desk, int], Any]) -> None:
    """Let a message fail and do something about its dead letter."""

    async def story() -> None:
        desk = Desk(limit=100)
        desk.organism.attended = False
        async with desk.organism:
            await desk.organism.inject(Job(2_000), to="spender")
            await desk.organism.settle()
            (row,) = (each for each in desk.part("messages")["rows"] if each.get("letter"))
            await act(desk, row["key"])

    run(story())


def test_a_dead_letter_is_edited_checked_and_sent_again():
    """One that does not fit its schema is not sent, makes no other letter, and is told with its place."""

    async def act(desk: Desk, key: int) -> None:
        before = desk.organism.dead_letters.total
        text = "<Job>\n  <Tokens>many</Tokens>\n</Job>"
        refused = await desk.click("resend", key=key, text=text)
        begin, end = refused["mark"]
        assert refused["error"] == "tokens: expected int, got 'many' (<Job> line 2, column 3)"
        assert text[begin:end] == "many"
        assert desk.organism.dead_letters.total == before
        assert await desk.click("resend", key=key, text="<Job><Tokens>5</Tokens></Job>") == {}
        await desk.organism.settle()
        assert desk.part("organism")["settled"] == 1
        row = next(each for each in desk.part("messages")["rows"] if each["key"] == key)
        assert row["state"] == "resent"
        assert desk.feed.detail("messages", str(key)) is not None
        assert desk.part("budgets")["tokens"] == 5
        assert "not kept" in (await desk.click("resend", key=key, text=None))["error"]

    with_letter(act)


def test_a_dead_letter_is_dismissed_in_the_view_only():
    """It stays with the organism, for whoever lists its letters."""

    async def act(desk: Desk, key: int) -> None:
        assert await desk.click("dismiss", key=key) == {}
        assert desk.part("organism")["settled"] == 1
        assert len(desk.organism.dead_letters) == 1

    with_letter(act)


def test_what_a_page_sends_is_not_believed():
    """Numbers that are none, and letters and workers that there are not, are told as errors."""

    async def story() -> None:
        desk = Desk()
        async with desk.organism:
            for what, content in [
                ("raise", {"conversation": "1", "tokens": 5}),
                ("raise", {"conversation": 1, "tokens": True}),
                ("raise", {"conversation": 99, "tokens": 5}),
                ("resend", {"key": 99, "text": "<x/>"}),
                ("resend", {"key": None}),
                ("answer", {"question": "all", "text": "yes"}),
                ("kill", {"pid": 1}),
            ]:
                assert "error" in await desk.click(what, **content), what
            assert await desk.click("end", conversation="none") == {}

    run(story())


def test_a_text_is_read_as_its_listener_would():
    """Not well-formed, of a type that is not taken, of a value that does not fit: each is told; a good one is not."""
    desk = Desk()
    spender = desk.organism.listeners["spender"]
    assert problem_in("<Job><Tokens>1</Tokens></Job>", spender) is None
    problems = [problem_in(text, spender) for text in ("<Job><Tokens>1</Job>", "<Jab/>", "")]
    assert [None if each is None else each.detail.split(":")[0] for each in problems][1] == (
        "spender takes Job, not Jab. Did you mean Job?"
    )
    assert all(problems)


def test_a_worker_is_seen_at_its_task_and_killed():
    """A real process: what it does is in the snapshot, and it ends when the person says so."""

    async def story() -> None:
        @listener(cpu_bound=True)
        def sleeper(message: Job) -> None:
            import time

            time.sleep(message.tokens)

        organism = Organism("w", [sleeper], process_pool={"workers": 1})
        feed = Feed(organism)
        clicks = Clicks(organism, feed)

        def busy() -> list[Any]:
            return [each for each in feed.snapshot()["workers"]["workers"] if each["state"] == "busy"]

        seen = asyncio.Event()
        organism.subscribe(lambda _event: seen.set() if busy() else None)
        async with organism:
            await organism.inject(Job(60), to="sleeper")
            await seen.wait()
            (row,) = busy()
            assert (row["name"], row["conversation"], row["tasks"]) == ("sleeper", 1, 1)
            assert await clicks.done("kill", {"pid": row["key"]}) == {}
            await organism.settle()
            assert organism.conversations[0].state == "failed"
            (letter,) = organism.dead_letters
            assert letter.detail == f"the worker process ({row['key']}) of sleeper was killed from the view"
            await eventually(lambda: not organism.workers)

    run(story())


def test_nobody_is_asked_where_nobody_is():
    """Without a person the budget's end is an error, and the view shows no question."""

    async def story() -> None:
        desk = Desk()
        desk.organism.attended = False
        async with desk.organism:
            conversation = await desk.organism.inject(Job(2_000), to="spender")
            await desk.organism.settle()
            assert conversation.state == "failed"
        assert desk.part("questions")["total"] == 0

    run(story())
