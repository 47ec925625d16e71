"""Whatever handlers do and whoever meddles: every conversation ends, every count agrees, nothing is left behind."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.random_organisms import JumpingLoop, Program, Stage, programs
from tests.stories.cast import Recorder
from xpipe_nb import AgentStateEvent, MessageReceivedEvent, PipelineFailed, ThreadEvent
from xpipe_nb.events import DeadLetterEvent, MessageQueuedEvent

LONG = 10_000.0
"""Seconds of virtual time; whoever is not done by then never will be."""


class Book:
    """A hook that keeps a book."""

    def __init__(self) -> None:
        self.open: dict[int, str] = {}
        self.closed: list[int] = []
        self.ended: Counter[str] = Counter()

    async def on_intent(self, **written: Any) -> int:
        entry = len(self.open) + len(self.closed)
        self.open[entry] = written["to_id"]
        return entry

    async def on_acknowledged(self, entry: int, /) -> None:
        del self.open[entry]
        self.closed.append(entry)

    async def on_failed(self, entry: int, error: str, /) -> None:
        del self.open[entry]
        self.closed.append(entry)

    async def on_thread_complete(self, thread_id: str, /) -> None:
        self.ended[thread_id] += 1


def at_rest(stage: Stage) -> None:
    """Nothing is in flight, and no place is taken."""
    pump = stage.organism.pump
    assert not pump.conversations.active
    assert (pump.conversations.reserved, pump.conversations.waiting) == (0, 0)
    assert (len(pump.inbox), pump.scheduler.running) == (0, 0)
    assert all(each.dropped for each in pump.scheduler._ready)
    for listener in pump.listeners.values():
        gate = pump.directory.gate_of(listener)
        assert (gate.taken, len(gate.waiting)) == (0, 0), listener.name
    assert not pump.deadlines._watched
    for conversation in stage.organism.conversations:
        assert conversation.is_over
        assert conversation.root.busy == 0
        for frame in conversation.root.below():
            assert (frame.busy, frame.turn, list(frame.queue or ())) == (0, None, []), frame


def counts_agree(stage: Stage, recorder: Recorder) -> None:
    """Every message has one fate, every beginning one end."""
    queued = Counter((each.conversation, each.number, each.thread_id) for each in recorder.of(MessageQueuedEvent))
    received = Counter((each.conversation, each.number, each.thread_id) for each in recorder.of(MessageReceivedEvent))
    assert received <= queued, "received but never queued"
    assert all(count == 1 for count in queued.values()), "queued twice"
    never = queued - received
    dead = {each.letter.message_id for each in recorder.of(DeadLetterEvent)}
    by_number = {each.number: each for each in stage.organism.conversations}
    for number, message, _ in never:
        assert f"{by_number[number].id}/{message}" in dead, "neither received nor a dead letter"
    for conversation in stage.organism.conversations:
        told = [each.status for each in recorder.of(ThreadEvent) if each.conversation == conversation.number]
        assert told[0] == "created"
        assert told[1::2] == ["active"] * (len(told) // 2)
        assert all(each in ("completed", "error", "killed") for each in told[2::2])
        assert len(told) % 2 == 1
        handled = sum(
            not each.handed_over for each in recorder.of(MessageQueuedEvent) if each.conversation == conversation.number
        )
        assert conversation.messages == handled
    states = Counter((each.thread_id, each.state) for each in recorder.of(AgentStateEvent))
    for thread, state in list(states):
        if state == "processing":
            ends = states[thread, "idle"] + states[thread, "error"]
            back = states[thread, "waiting"]
            assert ends <= states[thread, "processing"] <= ends + back


def nothing_broke(recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    """Faults of handlers are told as theirs; none is ours."""
    assert recorder.of(PipelineFailed) == []
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == []


async def story(
    program: Program, caplog: pytest.LogCaptureFixture, begun: Callable[[Stage], None] = lambda _stage: None
) -> None:
    """Play a program to its end and look at what is left; `begun` may meddle once the organism runs."""
    book, recorder = Book(), Recorder()
    stage = Stage(program, hooks=[book] if program.watched else None)
    pump = stage.organism.pump
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    pump.deadlines._now = loop.time
    loop.threads_work = lambda: pump.threads.at_work > 0
    async with asyncio.timeout(LONG):
        await stage.organism.start()
        if program.watched:
            stage.organism.subscribe(recorder)
        begun(stage)
        await stage.play()
        if program.settles:
            await asyncio.gather(*stage.waiting)
            while (await stage.organism.settle()).questions:
                await asyncio.sleep(1)  # somebody will decide
            at_rest(stage)
        await stage.organism.stop(grace=0.1)
        at_rest(stage)
        await asyncio.gather(*stage.waiting)
        await asyncio.gather(*stage.left, return_exceptions=True)
        for _ in range(10):
            await asyncio.sleep(0)
    if program.watched:
        counts_agree(stage, recorder)
        assert not book.open
        ends = sum(each.status in ("completed", "error", "killed") for each in recorder.of(ThreadEvent))
        assert sum(book.ended.values()) == ends
    nothing_broke(recorder, caplog)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(programs())
def test_every_random_organism_comes_to_rest(caplog: pytest.LogCaptureFixture, program: Program) -> None:
    """Every conversation ends, nothing stays in flight, counts agree, and no task is left."""
    caplog.clear()
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(story(program, caplog))
