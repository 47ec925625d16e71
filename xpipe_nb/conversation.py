"""A conversation: all that follows from one injection, as the injector sees it."""

from __future__ import annotations

import asyncio
import uuid
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.errors import ConversationFailed, XPipeError
from xpipe_nb.wording import counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Sequence
    from contextvars import Context

    from xpipe_nb.budgets import Account
    from xpipe_nb.frames import Frame
    from xpipe_nb.messages import DeadLetter
    from xpipe_nb.sealing import Sealer

__all__ = ["Conversation", "Gone", "Keeper", "current_conversation"]

KEPT_LETTERS = 100
"""How many dead letters a conversation lists, the first ones first."""

KEPT_FRAMES = 1_000
"""How many frames a conversation lists, the first ones first; it may have had more."""


_current: ContextVar[weakref.ref[Conversation] | None] = ContextVar("xpipe_conversation", default=None)


def current_conversation() -> Conversation | None:
    """Give the conversation whose handler runs here: also in tasks that it began and in the thread of a plain `def`."""
    reference = _current.get()
    return None if reference is None else reference()


class Keeper(Protocol):
    """What a conversation asks of its organism."""

    name: str
    sealer: Sealer

    def new_thread_id(self, conversation: Conversation, frame: Frame) -> str:
        """Make the id of a frame."""

    def stand_by(self, waited_for: asyncio.Future[Any], on: Conversation) -> Awaitable[Any]:
        """Wait for a conversation; a handler that waits keeps no place meanwhile."""

    def leave(self, conversation: Conversation) -> None:
        """A conversation that is awaited waits for a person: raise if that person can do nothing meanwhile."""

    def kill(self, conversation: Conversation, reason: str | None) -> Awaitable[None]:
        """End the conversation now."""


class Gone:
    """What `cancel` gives: awaiting it waits until the cancelled handlers are gone."""

    __slots__ = ("_conversation", "_handlers")

    def __init__(self, conversation: Conversation, handlers: Sequence[asyncio.Future[None]] = ()) -> None:
        self._conversation, self._handlers = conversation, handlers

    def __await__(self) -> Generator[Any, None, None]:
        if self._handlers:
            yield from asyncio.wait(self._handlers).__await__()

    def __repr__(self) -> str:
        conversation = self._conversation
        return f"#{conversation.number} {'was ended' if conversation.state == 'killed' else conversation.state}"


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
        "__weakref__", "_cells", "_displays", "_first_error", "_first_letter", "_first_reply", "_frames", "_keeper",
        "_letters", "_thoughts", "_waiters", "_written", "account", "context", "ended_at", "errors", "heard", "mail",
        "messages", "number", "numbered", "organism_name", "port", "printed", "reason", "reference", "repairs", "replies",
        "root", "sent", "state",
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
        self.mail: list[tuple[Any, str]] = []  # replies and errors with their senders, as they came
        self._written: tuple[bytes, ...] = ()
        self.repairs: list[str] = []
        self._thoughts: tuple[tuple[str, str], ...] = ()  # like all that most have none of: it takes no memory so
        self._letters: tuple[DeadLetter, ...] = ()
        self.printed: list[str] = []
        self.messages = 0
        self.sent = 0
        self.numbered = 0  # the number of its latest message; no two have the same
        self.ended_at = 0.0
        self.account: Account | None = None  # what it has spent on models; made when it first does
        self.heard = False  # somebody was given its failure since the last injection
        self.reason: str | None = None
        self._frames: list[Frame] = []
        self._first_reply = self._first_error = self._first_letter = 0  # since the last injection
        self._displays: list[Any] | None = None
        self._waiters: tuple[asyncio.Future[None], ...] = ()
        self._cells: tuple[asyncio.Future[None], ...] = ()  # those who wait from outside
        self.go_on_in(context)

    def go_on_in(self, context: Context | None) -> None:
        """Run handlers in this context from now on; whoever runs in it can ask whose it is."""
        self.context = context
        if context is not None:
            context.run(_current.set, weakref.ref(self))

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
        replies = self.new_replies
        if len(replies) == 1 and not self._problem():
            return replies[0]
        problem = self._problem()
        if problem is None:
            count = {0: "no reply"}.get(len(replies), f"{len(replies)} replies")
            still = " yet" if not self.is_over and not replies else ""
            problem = f"#{self.number} has {count}{still}; .replies has them all"
        raise self._failure(problem, replies)

    @property
    def new_replies(self) -> list[Any]:
        """The replies since the last injection."""
        return self.replies[self._first_reply :]

    @property
    def envelopes(self) -> list[bytes]:
        """All that reached the injector, replies and errors in order of arrival, as whole messages for another organism.

        They are canonical, and signed if the organism has an identity. Each is written when it is first asked for, and
        then stays what it is: sent twice, it is taken once. Its thread is the one that the sender gave in its own
        message, else this conversation's; errors come from `system`.

        Raises:
            XPipeError: The organism is gone, and its key with it.
            Rejected: A reply was altered since it came, and cannot be written any more.
        """
        keeper = self._keeper()
        if keeper is None:
            raise XPipeError(f"{self.organism_name} is gone, and nobody is left to sign; ask while it is there")
        self._written += tuple(keeper.sealer.replies(self, self.mail[len(self._written) :]))
        return list(self._written)

    @property
    def output(self) -> str:
        """All that its handlers have printed, in a notebook; what a cell shows of it may be cut.

        A line that was written again and again, as progress bars do, stands there in its last state.
        """
        return "".join(self.printed)

    @property
    def displays(self) -> list[Any]:
        """All that its handlers have displayed, in a notebook, also what no cell shows; as a cell's value each is shown.

        Example:
            `display(*answer.displays[-2:])` shows the last two.
        """
        if self._displays is None:
            self._displays = []
        return self._displays

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
            return Gone(self)
        return keeper.kill(self, reason)

    def belongs_to(self, keeper: Keeper) -> bool:
        """Say whether it was begun there."""
        return self._keeper() is keeper

    def __await__(self) -> Generator[Any, None, list[Any]]:
        while not self.is_over:
            waiter, keeper = asyncio.get_running_loop().create_future(), self._keeper()
            if self.state == "waiting" and keeper is not None:
                keeper.leave(self)
            if current_conversation() is None:
                self._cells += (waiter,)
            else:
                self._waiters += (waiter,)
            waiting = waiter if keeper is None else keeper.stand_by(waiter, self)
            yield from waiting.__await__()
        problem = self._problem()
        if problem is not None:
            raise self._failure(problem, self.replies)
        return list(self.replies)

    def _failure(self, problem: str, replies: list[Any]) -> ConversationFailed:
        errors, letters = self.errors[self._first_error :], self._letters[self._first_letter :]
        self.heard = True
        return ConversationFailed(problem, errors=errors, replies=replies, letters=letters)

    def _problem(self) -> str | None:
        if self.state == "killed":
            return f"#{self.number} was ended" + (f": {self.reason}" if self.reason else "")
        errors = self.errors[self._first_error :]
        if not errors:
            return None
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return f"#{self.number} failed: {self.cause or errors[0].message}{more}"

    @property
    def cause(self) -> str | None:
        """What went wrong first since the last injection, in words for the person; agents never see it."""
        for letter in self._letters[self._first_letter :]:
            if letter.reason not in ("closed", "late"):
                return letter.cause
        return None

    @property
    def letters(self) -> list[DeadLetter]:
        """Its dead letters, the first ones first; it may have had more."""
        return list(self._letters)

    @property
    def thoughts(self) -> list[tuple[str, str]]:
        """The prose around the payloads that a handler returned as text, with the handler's name."""
        return list(self._thoughts)

    def thought(self, listener: str, prose: str) -> None:
        """Keep what a handler thought."""
        self._thoughts += ((listener, prose),)

    def lost(self, letter: DeadLetter) -> None:
        """Keep one of the first dead letters of the conversation."""
        if len(self._letters) < KEPT_LETTERS:
            self._letters += (letter,)

    @staticmethod
    def opened(frame: Frame) -> None:
        """Keep a new frame in the list of its conversation."""
        frames: list[Frame] = frame.conversation._frames  # noqa: SLF001 - it is one of ours
        if len(frames) < KEPT_FRAMES:
            frames.append(frame)

    def new_thread_id(self, frame: Frame) -> str:
        """Make the id of one of its frames."""
        keeper = self._keeper()
        return str(uuid.uuid4()) if keeper is None else keeper.new_thread_id(self, frame)

    def begin_again(self) -> None:
        """Return to `active`; the next answer is that to the new injection."""
        self.state = "active"
        self.reason, self.heard = None, False
        self._first_reply, self._first_error = len(self.replies), len(self.errors)
        self._first_letter = len(self._letters)

    def end(self, state: str, at: float) -> None:
        """Settle in a final state and wake whoever waits."""
        self.state, self.ended_at = state, at
        waiting, self._waiters, self._cells = self._waiters + self._cells, (), ()
        _wake(waiting)

    def rest(self) -> None:
        """Wait for a person; whoever waits for the end may want to know."""
        self.state = "waiting"
        waiting, self._cells = self._cells, ()
        _wake(waiting)

    @property
    def failed(self) -> bool:
        """An error reached the injector since the last injection."""
        return len(self.errors) > self._first_error

    def __repr__(self) -> str:
        parts = [self.state, counted(len(self.replies), "reply", "replies")]
        parts += [counted(len(self.errors), "error")] if self.errors else []
        parts.append(counted(self.messages, "message"))
        return f"Conversation #{self.number} of {self.organism_name} · {' · '.join(parts)}"


def _wake(waiters: tuple[asyncio.Future[None], ...]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
