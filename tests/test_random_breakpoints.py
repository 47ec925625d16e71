"""Whatever is held, for however long, and whatever becomes of it: every conversation ends and every count agrees."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.random_organisms import NAMES, JumpingLoop, Program, Stage, programs
from tests.test_random_organisms import story
from xpipe_nb.questions import Question

FATES = st.sampled_from(["release", "release", "drop", "edit", "answer", "end", "step"])
DECISIONS = st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.01, 5.0]), FATES), min_size=1, max_size=8)


class Person:
    """Decides what becomes of held messages, each after a while."""

    def __init__(self, stage: Stage, names: Sequence[str], decisions: Sequence[tuple[float, str]]) -> None:
        self._organism = stage.organism
        self._decisions = cycle(decisions)
        for name in set(names) & set(stage.organism.listeners):
            self._organism.breakpoints.add(listener=name)
        self._organism.pump.questions.asked = self.asked

    def asked(self, question: Question) -> None:
        seconds, fate = next(self._decisions)
        asyncio.get_running_loop().call_later(seconds, self.decide, question, fate)

    def decide(self, question: Question, fate: str) -> None:
        if question.answer.done():
            return
        held, organism = question.about, self._organism
        match fate:
            case "drop":
                held.drop()
            case "edit":
                held.edit(held.payload)
                held.release()
            case "answer":
                organism.pump.questions.answer(question, "yes")
            case "end":
                held.conversation.cancel()
            case "step" if not organism.paused:
                organism.step()
                self.decide(question, "release")  # it may not have been the one that waited longest
            case _:
                held.release()


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(programs(), st.lists(st.sampled_from(NAMES), min_size=1), DECISIONS)
def test_every_random_organism_with_breakpoints_comes_to_rest(
    caplog: pytest.LogCaptureFixture, program: Program, names: list[str], decisions: list[tuple[float, str]]
) -> None:
    """Nothing stays held or in flight, and each message has one fate."""
    caplog.clear()
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(story(program, caplog, lambda stage: Person(stage, names, decisions)))
