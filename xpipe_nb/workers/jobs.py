"""What goes to a worker: all of it by value, so that a worker needs nothing of the process that sent it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xpipe_nb.listeners import Form

__all__ = ["Answer", "Facts", "Job", "Parcel"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A function that travels by value; a worker that has one of this hash need not be sent it again.

    Args:
        hash: Names its content: two parcels of one hash are the same function with the same globals.
        data: The function, pickled by `cloudpickle`.
        sources: The lines of code that no file holds, such as a cell's, by the file name that their functions tell.
    """

    hash: str
    data: bytes = field(repr=False)
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """What `HandlerMetadata` knows without asking the pump.

    Args:
        thread_id: The id of the frame that the message arrived in.
        conversation_id: The id of the conversation.
        message_id: The id of the message; the same when it is delivered again.
        attempt: How often it was handed to a handler, this time included.
        from_id: The name of the sender.
        own_name: The listener's own name, if it is an agent.
        is_self_call: The listener sent this message to itself.
        todo_nudge: A reminder of what the agent still waits for.
    """

    thread_id: str = ""
    conversation_id: str = ""
    message_id: str = ""
    attempt: int = 1
    from_id: str = ""
    own_name: str | None = None
    is_self_call: bool = False
    todo_nudge: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One call of one handler.

    Args:
        number: Counts the jobs of a process, from 1.
        listener: The listener's name.
        form: How the handler is called.
        takes_meta: Whether it has a second argument for its metadata.
        function: The handler.
        payload: Its first argument, pickled.
        facts: What its metadata knows.
        timeout: Seconds that it may run; `None` for as long as it likes. Whoever runs it sees to that.
        conversation: The conversation's number, for people; 0 where there is none.
        levels: The levels of the loggers that have one of their own, by name; the root's under `""`.
    """

    number: int
    listener: str
    form: Form
    takes_meta: bool
    function: Parcel
    payload: bytes = field(repr=False)
    facts: Facts = field(default_factory=Facts)
    timeout: float | None = None
    conversation: int = 0
    levels: Mapping[str, int] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the pump answers to a worker's `Asked`.

    Args:
        number: The question's.
        result: What the door gave, pickled.
        error: What it raised instead, pickled; empty when it raised nothing.
    """

    number: int
    result: bytes = field(default=b"", repr=False)
    error: bytes = field(default=b"", repr=False)
