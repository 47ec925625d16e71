"""Every error that a person or a program can get from us: a type with its evidence as fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CallFailed",
    "CannotTravel",
    "ConfigError",
    "ConversationFailed",
    "DefinitionError",
    "Fault",
    "PayloadError",
    "Rejected",
    "WorkerDied",
    "XPipeError",
]


class XPipeError(Exception):
    """The root of the tree: catch it to catch all that `xpipe_nb` raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with all fields: to be made again by its own arguments would need those that `args` does not hold."""
        return _made_again, (type(self), self.args, vars(self))


def _made_again(cls: type[XPipeError], args: tuple[Any, ...], fields: dict[str, Any]) -> XPipeError:
    error = cls.__new__(cls, *args)
    error.args = args
    vars(error).update(fields)
    return error


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in a configuration, and where.

    Args:
        path: The place as a JSON path, such as `$.listeners[2].peers[0]`.
        problem: What is there, in one clause.
        expected: What would have been right, in one clause.
        nearest: The known word that comes closest to the one found.
        line: The line in the YAML text, counted from 1.
        source: What the text is called, where that must be said: `organism.yaml`, `cell 4`.
    """

    path: str
    problem: str
    expected: str = ""
    nearest: str | None = None
    line: int | None = None
    source: str = ""

    def __str__(self) -> str:
        where = ", ".join(filter(None, [self.source, f"line {self.line}" if self.line is not None else ""]))
        place = f"{self.path} ({where})" if where else self.path
        parts = [f"{place}: {self.problem}"]
        if self.expected:
            parts.append(f"expected {self.expected}")
        if self.nearest:
            parts.append(f"did you mean {self.nearest!r}?")
        return "; ".join(parts)


class ConfigError(XPipeError):
    """A configuration that cannot be used; it carries every fault found, not just the first.

    Example:
        >>> error = ConfigError(Fault("$.listeners[0].peer", "unknown key 'peer'", nearest="peers"))
        >>> error.path, error.nearest
        ('$.listeners[0].peer', 'peers')
    """

    def __init__(self, *faults: Fault) -> None:
        self.faults: tuple[Fault, ...] = faults
        super().__init__("\n".join(map(str, faults)))

    @property
    def path(self) -> str:
        """The place of the first fault."""
        return self.faults[0].path

    @property
    def expected(self) -> str:
        """What the first fault's place should have held."""
        return self.faults[0].expected

    @property
    def nearest(self) -> str | None:
        """The known word nearest to the first fault's."""
        return self.faults[0].nearest

    @property
    def line(self) -> int | None:
        """The YAML line of the first fault."""
        return self.faults[0].line


class DefinitionError(XPipeError, TypeError):
    """A payload class or a listener that cannot be used as it was written.

    Args:
        owner: The name of the class or function.
        problem: What is wrong, in one clause.
        field: The field or argument it is about, if it is about one.
        expected: What would have been right.
        nearest: The known word that comes closest.
    """

    def __init__(
        self, owner: str, problem: str, *, field: str | None = None, expected: str = "", nearest: str | None = None
    ) -> None:
        self.owner, self.problem, self.field = owner, problem, field
        self.expected, self.nearest = expected, nearest
        place = owner if field is None else f"{owner}.{field}"
        text = f"{place}: {problem}"
        if expected:
            text += f"; expected {expected}"
        if nearest:
            text += f"; did you mean {nearest!r}?"
        super().__init__(text)


class PayloadError(XPipeError, ValueError):
    """A payload that its class refuses, on the way in or on the way out.

    Args:
        payload: The name of the payload class.
        problem: What is wrong, in one clause, such as `expected int, got 'loud'`.
        field: The name of the field, if it is about one (`items[3].price` when nested).
        line: The line in the XML text, counted from 1.
        column: The column in the XML text, counted from 1.
    """

    def __init__(
        self,
        payload: str,
        problem: str,
        *,
        field: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.payload, self.problem, self.field, self.line, self.column = payload, problem, field, line, column
        place = payload if field is None else f"{payload}.{field}"
        at = "" if line is None else f"line {line}" if column is None else f"line {line}, column {column}"
        if at and field is not None:
            place, at = field, f"<{payload}> {at}"
        at = at and f" ({at})"
        super().__init__(f"{place}: {problem}{at}")


class Rejected(XPipeError):
    """A message that the pump refuses.

    Args:
        stage: The stage that refused it: `source`, `read`, `verify`, `open`, `split`, `assign`, `route`, `decode` or `perform`.
        reason: A code that programs can compare, such as `malformed`, `nobody`, `ambiguous` or `schema`.
        detail: The cause in words, for the person.
        nearest: The known word that comes closest, if a name was wrong.
        line: The line in the XML text, counted from 1.
        column: The column in the XML text, counted from 1.
        reply: The `huh` bytes that answer an outside sender who could not be read.
    """

    def __init__(
        self,
        stage: str,
        reason: str,
        detail: str,
        *,
        nearest: str | None = None,
        line: int | None = None,
        column: int | None = None,
        reply: bytes | None = None,
    ) -> None:
        self.stage, self.reason, self.detail = stage, reason, detail
        self.nearest, self.line, self.column, self.reply = nearest, line, column, reply
        super().__init__(stage, reason, detail)

    def __str__(self) -> str:
        return self.detail


class CallFailed(XPipeError):
    """A `meta.call` that got no answer: the callee failed, was refused, or went quiet.

    Args:
        code: `routing`, `validation`, `timeout`, `handler`, `budget` or `hops`.
        text: The generic sentence that an agent may read; it never carries the callee's exception text.
        to: The name of the listener that was called, if one was named.
    """

    def __init__(self, code: str, text: str, *, to: str | None = None) -> None:
        self.code, self.text, self.to = code, text, to
        super().__init__(f"{text} ({code})" if to is None else f"{to}: {text} ({code})")


class BudgetExhausted(CallFailed):
    """A conversation has too few tokens left for what a handler wants to spend, and nobody is there to be asked.

    Its `code` is `budget`, which is what the handler's caller gets if it does not catch it.

    Args:
        text: How many are needed, and how many are left.
    """

    def __init__(self, text: str) -> None:
        super().__init__("budget", text)


class ConversationWaits(XPipeError):
    """A conversation that is awaited in a cell waits for the person whose cell that is.

    It goes on once that person has decided, and can be awaited again.

    Args:
        conversation: The conversation.
        text: What it waits for, in one sentence.
        questions: Its open questions.
    """

    def __init__(self, conversation: object, text: str, questions: Sequence[object] = ()) -> None:
        self.conversation, self.text = conversation, text
        self.questions: list[Any] = list(questions)
        super().__init__(text)


class ConversationFailed(XPipeError):
    """A conversation whose injector got an error, or not exactly one reply where one was asked for.

    Args:
        problem: What happened, in one sentence.
        errors: The `SystemError` payloads that reached the injector, in order.
        replies: The payloads that reached the injector, in order.
        letters: The dead letters of the conversation; the first one tells the cause.
    """

    def __init__(
        self,
        problem: str,
        *,
        errors: Iterable[object] = (),
        replies: Sequence[object] = (),
        letters: Iterable[object] = (),
    ) -> None:
        self.problem = problem
        self.errors: list[Any] = list(errors)
        self.replies: list[Any] = list(replies)
        self.letters: list[Any] = list(letters)
        super().__init__(problem)


class WorkerDied(XPipeError):
    """A worker process ended while it ran a handler: it was killed, ran out of memory, crashed or exited.

    Args:
        listener: The handler's listener.
        how: What became of the process, in a clause.
        pid: The process id; 0 where it is not known.
    """

    def __init__(self, listener: str, how: str, pid: int = 0) -> None:
        self.listener, self.how, self.pid = listener, how, pid
        process = f" ({pid})" if pid else ""
        super().__init__(f"the worker process{process} of {listener} {how}")


class CannotTravel(XPipeError):
    """Something that a handler in a worker process needs, or gives, cannot be sent from process to process.

    Args:
        owner: Whose it is: the listener's or the function's name.
        what: Which object it is, as it is called there.
        why: Why it cannot be sent, in a clause.
        expected: What would do.
    """

    def __init__(self, owner: str, what: str, why: str, expected: str = "") -> None:
        self.owner, self.what, self.why, self.expected = owner, what, why, expected
        super().__init__(
            f"{owner} runs in a worker process, and {what} cannot travel there: {why}"
            + (f"; {expected}" if expected else "")
        )
