"""The payloads of the pump's own listeners; people import them from `xpipe_nb.primitives`."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from annotated_types import Ge, Gt, MinLen

from xpipe_nb.payloads.annotations import AnyPayload
from xpipe_nb.payloads.decorate import payload

__all__ = [
    "Boot",
    "BudgetWarning",
    "BufferComplete",
    "BufferDispatched",
    "BufferError",
    "BufferStart",
    "SequenceComplete",
    "SequenceError",
    "SequenceRequest",
    "SequenceStart",
    "TodoClosed",
    "TodoComplete",
    "TodoRegistered",
    "TodoUntil",
]


@payload
class Boot:
    """The organism was put together; it is the first message.

    Args:
        organism_name: What people call it.
        timestamp: When, in ISO 8601 and UTC.
        listener_count: How many listeners it has, the pump's own not counted.
    """

    organism_name: str = ""
    timestamp: str = ""
    listener_count: int = 0


@payload
class TodoUntil:
    """Remind me until I say that it is done; send it to `system.todo`.

    Args:
        wait_for: The payload class that is expected in the sender's thread; case does not count.
        from_listener: Who has to send it; empty for anybody.
        description: What it is about, in the sender's words.
    """

    wait_for: Annotated[str, MinLen(1)]
    from_listener: str = ""
    description: str = ""


@payload
class TodoComplete:
    """It is done; send it to `system.todo-complete`. Only who asked to be reminded can say so.

    Args:
        id: The id that `TodoRegistered` and every reminder tell.
    """

    id: str


@payload
class TodoRegistered:
    """The answer to `TodoUntil`."""

    id: str
    wait_for: str
    description: str = ""


@payload
class TodoClosed:
    """The answer to `TodoComplete`.

    Args:
        id: The id of what is done.
        was_raised: What it waited for had come.
    """

    id: str
    was_raised: bool


@payload
class SequenceStart:
    """Send a payload through several listeners, one after the other; for `system.sequence`.

    Args:
        steps: The names of the listeners; each gets what the one before it answered.
        payload: What the first one gets.
    """

    steps: list[str]
    payload: AnyPayload


@payload
class SequenceRequest:
    """The same as `SequenceStart` for `system.sequence.factory`, which first checks that the steps fit together."""

    steps: list[str]
    payload: AnyPayload


@payload
class SequenceComplete:
    """The last step of a sequence has answered.

    Args:
        sequence_id: Which sequence.
        final_result: What the last step answered.
        step_count: How many steps it had.
    """

    sequence_id: str
    final_result: AnyPayload
    step_count: int


@payload
class SequenceError:
    """A sequence that ended early, or never began.

    Args:
        sequence_id: Which sequence.
        failed_step: The name of the step that failed; empty where there are no steps.
        step_index: Its place, from 0.
        error: Why, in a sentence.
    """

    sequence_id: str
    failed_step: str
    step_index: Annotated[int, Ge(0)]
    error: str


@payload
class BufferStart:
    """Send many payloads to one listener at once; for `system.buffer`.

    Args:
        target: The name of the listener.
        items: What it gets, one message each.
        collect: Wait for all answers and give them together; otherwise each answer comes to the sender by itself.
        deadline: Seconds after which the answers that are there are given; it counts only where they are collected.
    """

    target: str
    items: list[AnyPayload] = field(default_factory=list)
    collect: bool = True
    deadline: Annotated[float, Gt(0)] | None = None


@payload
class BufferDispatched:
    """The items are on their way; the answer where nothing is collected."""

    buffer_id: str
    total: int


@payload
class BufferComplete:
    """All that came back.

    Args:
        buffer_id: Which buffer.
        total: How many items there were.
        successful: How many of them were answered.
        results: An answer for each item, in the order of the items; a `SystemError` where there is none.
    """

    buffer_id: str
    total: int
    successful: int
    results: list[AnyPayload] = field(default_factory=list)


@payload
class BufferError:  # noqa: A001 - the reference's name
    """A buffer that was not begun: nothing of it was sent."""

    buffer_id: str
    error: str


@payload
class BudgetWarning:
    """Most of a conversation's tokens are used.

    Args:
        percent_used: How much of the budget is used, 0 to 100 and above.
        tokens_used: Tokens used so far.
        tokens_remaining: Tokens left.
        max_tokens: The whole budget.
        severity: `warning`, `critical` or `final`.
        message: The same in a sentence.
    """

    percent_used: float
    tokens_used: int
    tokens_remaining: int
    max_tokens: int
    severity: str
    message: str
