"""One handler at work: how far it is, what it says, and that it is tried again."""

from __future__ import annotations

from dataclasses import dataclass

from xpipe_nb.events.base import PumpEvent

__all__ = ["AgentStateEvent", "LogEvent", "ProgressEvent", "RetryEvent", "ThoughtEvent"]


@dataclass(frozen=True, slots=True)
class AgentStateEvent(PumpEvent):
    """A listener is now `idle`, `processing`, `waiting` (for a call's answer) or in `error`."""

    agent_name: str
    state: str
    thread_id: str


@dataclass(frozen=True, slots=True)
class ProgressEvent(PumpEvent):
    """A handler tells how far it is: `done` of `total`, in units of its own."""

    thread_id: str
    agent_name: str
    done: float
    total: float | None
    text: str = ""
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class LogEvent(PumpEvent):
    """A handler wrote a line with `meta.log`."""

    thread_id: str
    agent_name: str
    text: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class ThoughtEvent(PumpEvent):
    """The prose around the payloads of a handler that returned text."""

    thread_id: str
    agent_name: str
    text: str
    conversation: int = 0


@dataclass(frozen=True, slots=True)
class RetryEvent(PumpEvent):
    """A handler failed and will be called again.

    Args:
        thread_id: The frame of the message.
        agent_name: The listener.
        attempt: Which attempt the next one is, from 2.
        delay: Seconds until then.
        error: Why the last one failed, in words for the person.
        conversation: The conversation's number.
    """

    thread_id: str
    agent_name: str
    attempt: int
    delay: float
    error: str
    conversation: int = 0
