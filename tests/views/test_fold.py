"""What a view knows is folded out of events, alone: in any portions, and it agrees with the organism."""

from __future__ import annotations

import asyncio
import copy

from hypothesis import given
from hypothesis import strategies as st

from tests.support import eventually, run
from tests.views.events_of import events
from tests.views.watched import Question, Watcher, research, settled
from xpipe_nb import HandlerResponse, Organism, listener
from xpipe_nb.events import PipelineFailed, RetryEvent, ThreadEvent
from xpipe_nb.views import fold as fold_module
from xpipe_nb.views.fold import fold, fold_all
from xpipe_nb.views.state import KEPT_CONVERSATIONS, KEPT_FRAMES, KEPT_MESSAGES, CellEvent, ViewState


@given(events, st.integers(0, 40))
def test_folding_in_two_halves_is_folding_at_once(happened, cut):
    """Where the portions end changes nothing."""
    start = ViewState("x")
    assert fold_all(fold_all(start, happened[:cut]), happened[cut:]) == fold_all(start, happened)


@given(events)
def test_folding_one_by_one_is_folding_at_once(happened):
    """`fold` and `fold_all` are the same."""
    state = ViewState("x")
    for event in happened:
        state = fold(state, event)
    assert state == fold_all(ViewState("x"), happened)


@given(events, events)
def test_a_state_that_was_folded_stays_as_it_was(before, after):
    """A reducer writes into copies only."""
    state = fold_all(ViewState("x"), before)
    kept = copy.copy(state).copy()
    fold_all(state, after)
    assert state == kept


@given(events)
def test_no_count_ever_becomes_negative(happened):
    """Even what no organism would send makes no nonsense of the numbers."""
    state = fold_all(ViewState("x"), happened)
    for each in state.listeners.values():
        assert min(each.running, each.calling, each.queue, each.handled, each.errors, each.refused) >= 0
    assert all(edge.flying >= 0 for edge in state.edges.values())
    assert state.active >= 0


def test_what_is_held_is_shown_until_it_is_released():
    """With where it stops; a message that was edited is listed as it is now."""

    async def story():
        organism = research()
        watcher = Watcher(organism)
        async with organism:
            organism.breakpoints.add(listener="planner")
            conversation = await organism.inject(Question("power"), to="planner")
            await organism.settle()
            await eventually(lambda: bool(watcher.state.held))
            (held,) = watcher.state.held.values()
            assert (held.conversation, held.number, held.to, held.type) == (1, 1, "planner", "Question")
            assert watcher.state.breakpoints == (("planner", None),)
            assert not watcher.state.questions, "it is told as what is held, not once more as a question"
            later = fold_all(ViewState("x"), organism.breakpoints.events())
            assert list(later.held) == [held.key]
            organism.breakpoints.clear()
            organism.breakpoints.held[0].edit(Question("wind"))
            organism.breakpoints.held[0].release()
            await conversation
            await organism.settle()
            await eventually(lambda: not watcher.state.breakpoints and not watcher.state.held)
            assert next(iter(watcher.state.messages.values())).element.findtext("Text") == "wind"

    run(story())


def test_an_event_that_no_view_shows_changes_nothing():
    """Not even the number of the step, which is in the snapshot."""
    assert fold(ViewState("x"), PipelineFailed("read", "broken")) == ViewState("x")


def test_folded_counts_are_what_the_organism_says():
    """Messages, conversations, dead letters, and who has how much to do."""

    async def story() -> None:
        organism = research()
        watcher = Watcher(organism)
        async with organism:
            await settled(organism, ["power", "forbidden", "broken", "water"])
            state = watcher.state
            assert state.dead == len(organism.dead_letters) == 2
            assert state.refused == 1
            assert state.opened == len(organism.conversations) == 4
            assert state.active == 0
            for conversation in organism.conversations:
                known = state.conversations[conversation.number]
                assert known.state == conversation.state
                assert known.messages == conversation.messages
                assert known.frames == len(conversation.frames) - 1  # the mailbox is none of a view's frames
            assert not state.under_way
            assert not state.turns
            assert all(each.running == each.queue == each.calling == 0 for each in state.listeners.values())
            assert all(edge.flying == 0 for edge in state.edges.values())
            planner_to_researcher = state.edges["planner", "researcher"]
            assert (planner_to_researcher.sent, planner_to_researcher.answered) == (2, 2)
            assert state.edges["planner", "human"].refused == 1

    run(story())


def test_running_and_waiting_listeners_are_counted_while_they_run():
    """What the organism says of a listener at work, the view knows, too."""

    async def story() -> None:
        gate = asyncio.Event()

        @listener
        async def slow(message: Question) -> None:
            await gate.wait()

        organism = Organism("story", [slow], max_concurrent_handlers=2)
        watcher = Watcher(organism)
        async with organism:
            for number in range(5):
                await organism.inject(Question(str(number)), to="slow")
            await eventually(lambda: organism.pump.scheduler.running == 2)
            await eventually(lambda: watcher.state.listeners["slow"].running == 2)
            state = watcher.state
            assert state.active == len(organism.pump.conversations.active)
            gate.set()
            await organism.settle()
            await eventually(lambda: watcher.state.listeners["slow"].handled == 5)

    run(story())


def test_history_is_bounded():
    """However many messages there were; the counts go on."""

    async def story() -> None:
        @listener
        async def counter(message: Question) -> object:
            n = int(message.text)
            return HandlerResponse(Question(str(n - 1)), to="echo") if n else None

        @listener
        async def echo(message: Question) -> object:
            return HandlerResponse(Question(message.text), to="counter")

        organism = Organism("story", [counter, echo])
        watcher = Watcher(organism)
        async with organism:
            for _ in range(KEPT_CONVERSATIONS + 5):
                await organism.inject(Question("10"), to="counter")
            await organism.settle()
            state = watcher.state
        assert len(state.messages) <= KEPT_MESSAGES
        assert len(state.frames) <= KEPT_FRAMES
        assert len(state.conversations) <= KEPT_CONVERSATIONS
        assert state.sent == 55 * 21
        assert state.listeners["counter"].handled == 55 * 11
        assert not state.under_way

    run(story())


def test_every_reducer_is_for_an_event():
    """The table of reducers names types of events, each once."""
    assert all(isinstance(kind, type) for kind in fold_module._REDUCERS)


def test_a_listener_that_failed_is_called_again_and_the_view_says_when():
    """While its turn rests, its node tells when it goes on; its frame counts the attempts."""

    async def story() -> None:
        gate = asyncio.Event()

        @listener(retries=1)
        async def planner(message: Question) -> None:
            if not gate.is_set():
                gate.set()
                raise ValueError(message.text)

        organism = Organism("x", [planner])
        watcher = Watcher(organism)
        async with organism:
            await organism.inject(Question("x"), to="planner")
            await eventually(lambda: watcher.state.listeners["planner"].retry is not None)
            resting = watcher.state
            await organism.settle()
            rested = watcher.state
        told = next(event for event in watcher.events if isinstance(event, RetryEvent))
        moment = resting.listeners["planner"].retry
        assert moment is not None
        assert moment.at == told.at + told.delay
        assert [frame.attempts for frame in rested.frames.values()] == [2]
        assert rested.listeners["planner"].retry is None
        assert not rested.listeners["planner"].failing

    run(story())


def test_which_cell_began_a_conversation_is_known_and_is_no_step():
    """It is told whenever the notebook looks; the numbers that are saved do not depend on that."""
    begun = [ThreadEvent("t", "created", conversation=1), CellEvent(1, 7), CellEvent(2, 8)]
    state = fold_all(ViewState("x"), begun)
    assert state.conversations[1].cell == 7
    assert state.step == fold_all(ViewState("x"), begun[:1]).step
