"""One conversation: its frames, what they remember, what it spends, and what a person is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xpipe_nb.events.base import PumpEvent

__all__ = ["BudgetEvent", "FrameClosedEvent", "HistoryCutEvent", "QuestionEvent", "ThreadEvent"]


@dataclass(frozen=True, slots=True)
class ThreadEvent(PumpEvent):
    """A conversation is now `created`, `active`, `completed`, in `error` or `killed`."""

    thread_id: str
    status: str
    participants: tuple[str, ...] = ()
    error: str | None = None
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class FrameClosedEvent(PumpEvent):
    """A frame is closed: its caller has its answer, or gave up."""

    thread_id: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class HistoryCutEvent(PumpEvent):
    """A frame has got more messages than it may remember (`limits.max_history`) and forgets the oldest from now on.

    Told once a frame; after that the index of the first slot in its history counts what was forgotten.

    Args:
        thread_id: The frame.
        agent_name: Whose frame it is.
        kept: How many slots are kept.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    kept: int
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class BudgetEvent(PumpEvent):
    """A conversation's account has changed: tokens were reserved, spent or given back, or there is another limit.

    Args:
        thread_id: The frame that spends; the conversation's for another limit.
        agent_name: Who spends; empty for another limit.
        limit: Tokens that the conversation may spend; `None` for as many as it likes.
        prompt: Tokens that it has read.
        completion: Tokens that it has written.
        reserved: Tokens that are set aside for what is under way.
        crossed: The thresholds in percent that are crossed by this.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    limit: int | None
    prompt: int
    completion: int
    reserved: int
    crossed: tuple[int, ...] = ()
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class QuestionEvent(PumpEvent):
    """A handler waits for a person's decision, or does so no more.

    Args:
        thread_id: The frame of who asks.
        agent_name: Who asks.
        number: Counts the questions of the organism.
        kind: What it is about: `budget` or `breakpoint`.
        text: The question, for the person.
        state: `asked`, also when it is asked in other words; `answered` or `withdrawn`.
        conversation: The conversation's number.
        about: What a program needs to know of it; for `budget` the limit in tokens that would do.
    """

    thread_id: str
    agent_name: str
    number: int
    kind: str
    text: str
    state: str
    conversation: int = 0
    about: Any = None
