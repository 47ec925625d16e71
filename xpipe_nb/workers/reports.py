"""What a worker tells back while it works on a job, in the order in which it happened; an `Ending` comes last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

__all__ = [
    "Asked",
    "Done",
    "Ending",
    "Failed",
    "Lined",
    "Logged",
    "Printed",
    "Progressed",
    "Report",
    "Started",
    "Warned",
]


@dataclass(frozen=True, slots=True)
class Started:
    """The handler is called now: from here on its timeout counts.

    Args:
        worker: Who works on it, for people: a process id, or the address of a worker elsewhere.
    """

    worker: str


@dataclass(frozen=True, slots=True)
class Printed:
    """Something was written.

    Args:
        stream: `stdout` or `stderr`.
        text: What was written.
    """

    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class Lined:
    """A line of `meta.log`."""

    text: str


@dataclass(frozen=True, slots=True)
class Progressed:
    """A call of `meta.progress`."""

    done: float
    total: float | None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of `logging`.

    Args:
        record: Its attributes; the message is formatted, and nothing in it needs a class of the worker's.
    """

    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Warned:
    """A warning of `warnings`.

    Args:
        text: What it says.
        category: Its class, pickled.
        file: Where it was given.
        line: The line there.
    """

    text: str
    category: bytes
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The handler waits for what only the pump can do; it is given an `Answer` of the same number.

    Args:
        number: Counts the questions of a job.
        door: What it asks for: `call`, `call_all`, `reserve`, `settle`, `usage_instructions`, `history`, or `reply` for
            what a generator has yielded.
        arguments: The arguments as a tuple, pickled.
    """

    number: int
    door: str
    arguments: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The handler has returned.

    Args:
        result: What it returned, pickled.
    """

    result: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failed:
    """The handler has raised, or what it returned cannot travel.

    Args:
        error: The exception, pickled; one of another kind where it cannot travel itself.
        text: The traceback as Python writes it, made where the source is.
    """

    error: bytes = field(repr=False)
    text: str = ""


Ending: TypeAlias = Done | Failed
"""How a job ends where its worker lives on."""

Report: TypeAlias = Started | Printed | Lined | Progressed | Logged | Warned | Asked
"""What comes before that, any number of times."""
