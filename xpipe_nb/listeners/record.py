"""What the machine runs: a listener whose handler, classes and settings are all resolved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

__all__ = ["Form", "Listener", "Source", "executor_of"]

Form = Literal["async", "plain", "async-generator", "generator"]
"""How a handler is called: awaited, run in a thread, iterated, or iterated in a thread."""


def executor_of(form: Form) -> str:
    """Say where a handler runs of which nobody said where: what waits on the loop, what may block in a thread."""
    return "inline" if form.startswith("async") else "thread"


class Source(NamedTuple):
    """Where a handler was written.

    Args:
        file: The file name as Python knows it.
        line: The line of its `def` or first decorator, counted from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Listener:
    """One listener, ready to run; made by `resolve_listener`, compared by identity.

    Args:
        name: The unique, case-exact name.
        handler: What is called with the message and, if `takes_meta`, its metadata.
        description: What it does, for people and for agents.
        accepts: The payload classes it takes, by tag.
        form: How the handler is called.
        takes_meta: Whether the handler has a second argument for its metadata.
        agent: Whether it is an agent (closed peers, an own gate, a prompt).
        peers: Whom it may send to; `None` means anybody, the empty tuple nobody.
        broadcast: Whether it gets every message without a target that it accepts.
        prompt: The system prompt of an agent.
        cpu_bound: Whether the handler runs in a worker process, ours or elsewhere.
        executor: Where the handler runs: `inline`, `thread`, `process` or `dask`.
        output_class: The classes it gives, as far as they are known; `None` means unknown.
        promises_reply: Whether its annotation promises a payload, so that `None` is an error.
        timeout: Seconds that one run may take; `None` means no limit.
        concurrency: How many of it may run at once; `None` leaves it to the other limits.
        retries: How often a failed run is tried again.
        accepts_errors: Whether it takes `SystemError` payloads itself.
        generic: Whether it takes any payload, as an element.
        source: Where the handler was written, if that is known.
    """

    name: str
    handler: Callable[..., Any]
    description: str = ""
    accepts: Mapping[str, type] = field(default_factory=dict)
    form: Form = "async"
    takes_meta: bool = True
    agent: bool = False
    peers: tuple[str, ...] | None = None
    broadcast: bool = False
    prompt: str | None = None
    cpu_bound: bool = False
    executor: str = "inline"
    output_class: tuple[type, ...] | None = None
    promises_reply: bool = False
    timeout: float | None = 60.0
    concurrency: int | None = None
    retries: int = 0
    accepts_errors: bool = False
    generic: bool = False
    source: Source | None = None
