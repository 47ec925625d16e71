"""A conversation: all that follows from one injection, as the injector sees it."""

from __future__ import annotations

import asyncio
import uuid
import weakref
from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.errors import ConversationFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from contextvars import Context

    from xpipe_nb.frames import Frame

__all__ = ["Conversation", "Keeper"]

KEPT_FRAMES = 1_000
"""How many frames a conversation lists, the first ones first; it may have had more."""


class Keeper(Protocol):
    """What a conversation asks of its organism."""

    name: str

    def new_thread_id(self, conversation: Conversation, frame: Frame) -> str:
        """Make the id of a frame."""

    def kill(self, conversation: Conversation, reason: str | None) -> Awaitable[None]:
        """End the conversation now."""


class Conversation:
    """What `organism.inject` returns; awaiting it gives its replies.

    Its `state` is `active`, `waiting` (all that is left is a question to a person), `done`, `failed` or `killed`.

    Example:
        ```python
        conversation = await organism.inject(Greeting("World"), to="greeter")
        replies = await conversation
        ```
    """

    __slots__ = (
        "__weakref__", "_first_error", "_first_reply", "_frames", "_keeper", "_waiters", "context", "ended_at",
        "errors", "messages", "number", "organism_name", "port", "reason", "reference", "repairs", "replies", "root", "sent", "state",
        "thoughts",
    )  # fmt: skip

    def __init__(self, keeper: Keeper, port: str, context: Context | None, reference: str | None = None) -> None:
        self._keeper = weakref.ref(keeper)  # a cell's value must not keep an organism alive that was replaced
        self.organism_name = keeper.name
        self.number = 0
        self.port = port
        self.context = context
        self.reference = reference
        self.state = "active"
        self.root: Frame
        self.replies: list[Any] = []
        self.errors: list[Any] = []
        self.repairs: list[str] = []
        self.thoughts: list[tuple[str, str]] = []
        self.messages = 0
        self.sent = 0
        self.ended_at = 0.0
        self.reason: str | None = None
        self._frames: list[Frame] = []
        self._first_reply = 0
        self._first_error = 0
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def id(self) -> str:
        """The thread id of the root frame."""
        return self.root.thread_id

    @property
    def reply(self) -> Any:
        """The only reply since the last injection.

        Raises:
            ConversationFailed: When there is none, or more than one, or when an error came instead.
        """
        replies = self.replies[self._first_reply :]
        if len(replies) == 1 and not self._problem():
            return replies[0]
        problem = self._problem()
        if problem is None:
            count = {0: "no reply"}.get(len(replies), f"{len(replies)} replies")
            still = " yet" if not self.is_over and not replies else ""
            problem = f"#{self.number} has {count}{still}; .replies has them all"
        raise ConversationFailed(problem, errors=self.errors[self._first_error :], replies=replies)

    @property
    def frames(self) -> list[Frame]:
        """The frames in the order in which they were opened, the root first, closed ones included."""
        return list(self._frames)

    @property
    def chain(self) -> list[str]:
        """The names along the deepest frame, the injector first."""
        return max(self._frames, key=lambda frame: frame.depth).chain

    @property
    def participants(self) -> tuple[str, ...]:
        """The names of all that took part, in order of appearance."""
        return tuple(dict.fromkeys(frame.listener for frame in self._frames))

    @property
    def is_over(self) -> bool:
        """Nothing of it is queued, running or awaited."""
        return self.state in ("done", "failed", "killed")

    def cancel(self, reason: str | None = None) -> Awaitable[None]:
        """End the conversation now: close its frames, cancel its handlers.

        Args:
            reason: Why, for the person.

        Returns:
            An awaitable that is done when the cancelled handlers are gone; it need not be awaited.
        """
        keeper = self._keeper()
        if keeper is None:
            done = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done
        return keeper.kill(self, reason)

    def belongs_to(self, keeper: Keeper) -> bool:
        """Say whether it was begun there."""
        return self._keeper() is keeper

    def __await__(self) -> Generator[Any, None, list[Any]]:
        if not self.is_over:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            yield from waiter.__await__()
        problem = self._problem()
        if problem is not None:
            raise ConversationFailed(problem, errors=self.errors[self._first_error :], replies=self.replies)
        return list(self.replies)

    def _problem(self) -> str | None:
        if self.state == "killed":
            return f"#{self.number} was ended" + (f": {self.reason}" if self.reason else "")
        errors = self.errors[self._first_error :]
        if not errors:
            return None
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"#{self.number} ended in an error: {first.code}: {first.message}{more}"

    def opened(self, frame: Frame) -> None:
        """Keep a new frame in the list."""
        if len(self._frames) < KEPT_FRAMES:
            self._frames.append(frame)

    def new_thread_id(self, frame: Frame) -> str:
        """Make the id of one of its frames."""
        keeper = self._keeper()
        return str(uuid.uuid4()) if keeper is None else keeper.new_thread_id(self, frame)

    def begin_again(self) -> None:
        """Return to `active`; the next answer is that to the new injection."""
        self.state = "active"
        self.reason = None
        self._first_reply, self._first_error = len(self.replies), len(self.errors)

    def end(self, state: str, at: float) -> None:
        """Settle in a final state and wake whoever waits."""
        self.state, self.ended_at = state, at
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def failed(self) -> bool:
        """An error reached the injector since the last injection."""
        return len(self.errors) > self._first_error

    def __repr__(self) -> str:
        replies = f"{len(self.replies)} {'reply' if len(self.replies) == 1 else 'replies'}"
        messages = f"{self.messages} {'message' if self.messages == 1 else 'messages'}"
        errors = f" · {len(self.errors)} {'error' if len(self.errors) == 1 else 'errors'}" if self.errors else ""
        return f"Conversation #{self.number} of {self.organism_name} · {self.state} · {replies}{errors} · {messages}"
