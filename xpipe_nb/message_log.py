"""A log of messages, made of events: who sent what to whom, in which frame, and what became of it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, overload

from xpipe_nb.events import (
    AgentStateEvent,
    DeadLetterEvent,
    FrameClosedEvent,
    MessageQueuedEvent,
    MessageReceivedEvent,
    PumpEvent,
)
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    pass

__all__ = ["LoggedMessage", "MessageLog"]

Key: TypeAlias = tuple[int, int, str | None]
"""Conversation, number and receiver: a broadcast is one message for several."""

KEPT = 10_000
"""How many messages are kept, the newest ones."""
SHOWN = 20
"""How many a representation shows, the newest ones."""


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One message and what became of it.

    Args:
        conversation: The number of its conversation, 0 for one that never came to be.
        number: Its number in the conversation.
        from_id: Who sent it.
        to_id: Who it was for, if that was known.
        payload_type: The name of the payload's class.
        kind: Why it was sent: `inject`, `forward`, `call`, `itself`, `respond` or `error`.
        state: `queued`, `running`, `done`, `error` (its handler failed, or was ended), or `dead` (it never got there).
        chain: The names from the injector to the frame that it arrived in, as far as the log has seen them begin.
        reason: Why it came to nothing, as a code.
        detail: The same in words, for the person.
        handed_over: A waiting call or the injector got it; no handler ran for it.
        waited: Seconds from its way through the stages to its handler.
        took: Seconds that its handler took, calls included.
    """

    conversation: int
    number: int
    from_id: str
    to_id: str | None
    payload_type: str
    kind: str
    state: str
    chain: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    handed_over: bool = False
    waited: float | None = field(default=None, compare=False)
    took: float | None = field(default=None, compare=False)
    _element: Any = field(default=None, compare=False, repr=False)
    _cls: type | None = field(default=None, compare=False, repr=False)
    _at: float = field(default=0.0, compare=False, repr=False)

    @property
    def payload(self) -> Any:
        """The payload, made anew at every look; the tree itself where a generic listener got one, `None` if unknown."""
        if self._cls is None or self._cls is type(self._element):
            return self._element
        return codec_of(self._cls).decode(self._element)

    def __str__(self) -> str:
        why = f" · {self.reason}: {self.detail}" if self.reason else ""
        return f"#{self.conversation} · {self.from_id} ▸ {self.to_id or '?'} {self.payload_type} · {self.state}{why}"


class Feed(Protocol):
    """Whatever hands events to a log."""

    dropped: int


class MessageLog(Sequence[LoggedMessage]):
    """The messages of one organism, oldest first: a bounded list of frozen records.

    It is fed with events, by `note`, and knows nothing else of the organism.

    Args:
        bound: How many messages are kept.

    Example:
        ```python
        log = hello.messages  # holds what happens from here on; in a notebook, from the start
        await hello.ask(Greeting("World"), to="greeter")
        [each.payload for each in log if each.to_id == "shouter"]
        log.to_pandas()
        ```
    """

    def __init__(self, bound: int = KEPT) -> None:
        self._bound = bound
        self._records: OrderedDict[Key, LoggedMessage] = OrderedDict()
        self._running: dict[str, Key] = {}  # by frame
        self._chains: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # by frame
        self._feed: Feed | None = None
        self.total = 0

    # ---- being fed

    def fed_by(self, feed: Feed) -> None:
        """Know who feeds it."""
        self._feed = feed

    def note(self, event: PumpEvent) -> None:
        """Take an event in; those that tell nothing of messages are passed over."""
        reducer = _REDUCERS.get(type(event))
        if reducer is not None:
            reducer(self, event)

    def _queued(self, event: MessageQueuedEvent) -> None:
        record = LoggedMessage(
            event.conversation,
            event.number,
            event.from_id,
            event.to_id,
            event.payload_type,
            event.kind,
            "queued",
            self._chain(event),
            handed_over=event.handed_over,
            _element=event.element,
            _cls=type(event.payload),
            _at=event.at,
        )
        self._keep(record)

    def _keep(self, record: LoggedMessage) -> None:
        # a message that nobody could number has a key of its own
        self._records[record.conversation, record.number or -self.total, record.to_id] = record
        self.total += 1
        if len(self._records) > self._bound:
            self._records.popitem(last=False)

    def _chain(self, event: MessageQueuedEvent) -> tuple[str, ...]:
        """The chain of the frame that a message arrives in; it is learnt from the first that arrives there."""
        known = self._chains.get(event.thread_id)
        if known is None:
            above = self._chains.get(event.parent_id)
            if above is None and event.kind == "inject":
                above = self._chains[event.parent_id] = (event.from_id,)
            known = self._chains[event.thread_id] = (*(above or ()), event.to_id or "?")
            while len(self._chains) > self._bound:
                self._chains.popitem(last=False)
        return known

    def _received(self, event: MessageReceivedEvent) -> None:
        key = (event.conversation, event.number, event.to_id)
        record = self._records.get(key)
        if record is None:
            return
        state = "done" if record.handed_over else "running"
        self._records[key] = replace(record, state=state, waited=event.at - record._at, _at=event.at)  # noqa: SLF001
        if not record.handed_over:
            self._running[event.thread_id] = key

    def _agent(self, event: AgentStateEvent) -> None:
        if event.state not in ("idle", "error"):
            return
        key = self._running.pop(event.thread_id, None)
        record = None if key is None else self._records.get(key)
        if key is not None and record is not None:
            state = "done" if event.state == "idle" else "error"
            self._records[key] = replace(record, state=state, took=event.at - record._at)  # noqa: SLF001

    def _closed(self, event: FrameClosedEvent) -> None:
        self._chains.pop(event.thread_id, None)

    def _died(self, event: DeadLetterEvent) -> None:
        letter = event.letter
        number = letter.number or 0
        key = (letter.conversation, number, letter.to_id)
        record = self._records.get(key) if number else None
        if record is None:
            type_ = letter.payload_type or ""
            record = LoggedMessage(letter.conversation, number, letter.from_id, letter.to_id, type_, "", "dead")
            self._keep(replace(record, reason=letter.reason, detail=letter.detail))
        elif record.state != "done" and not record.reason:
            state = "dead" if record.state == "queued" else "error"
            self._records[key] = replace(record, state=state, reason=letter.reason, detail=letter.detail)

    # ---- being looked at

    @property
    def missed(self) -> int:
        """How many events were dropped on their way here; each may have told of a message."""
        return 0 if self._feed is None else self._feed.dropped

    def of(self, conversation: int) -> list[LoggedMessage]:
        """Give the messages of one conversation.

        Args:
            conversation: Its number, as in `#3`.
        """
        return [each for each in self if each.conversation == conversation]

    def to_pandas(self, *, payloads: bool = False, times: bool = False) -> Any:
        """Give the log as a `pandas.DataFrame`, one row a message.

        Args:
            payloads: Add a column `payload` with the payloads as objects.
            times: Add the columns `waited` and `took`, in seconds; they differ from run to run.

        Raises:
            ImportError: When pandas is not installed.
        """
        try:
            pandas = import_module("pandas")  # only here: nothing else of ours needs it
        except ImportError as error:
            raise ImportError("to_pandas() needs pandas: pip install pandas") from error
        columns = [*_COLUMNS, *(["payload"] if payloads else []), *(["waited", "took"] if times else [])]
        rows = [[getattr(each, column) for column in columns] for each in self]
        frame = pandas.DataFrame(rows, columns=columns)
        frame["chain"] = [" ▸ ".join(each.chain) for each in self]
        return frame

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[LoggedMessage]:
        return iter(list(self._records.values()))

    @overload
    def __getitem__(self, index: int) -> LoggedMessage: ...
    @overload
    def __getitem__(self, index: slice) -> list[LoggedMessage]: ...
    def __getitem__(self, index: int | slice) -> LoggedMessage | list[LoggedMessage]:
        return list(self._records.values())[index]

    def __repr__(self) -> str:
        if not self._records:
            return "no messages yet"
        rows = [("", "from", "to", "type", "state", ""), *(_row(each) for each in self[-SHOWN:])]
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        more = self.total - min(len(self), SHOWN)
        earlier = [f"… {more:,} earlier"] if more else []
        return "\n".join([lines[0], *earlier, *lines[1:]])


_COLUMNS = (
    "conversation", "number", "from_id", "to_id", "payload_type", "kind", "state", "chain", "reason", "detail",
)  # fmt: skip

_REDUCERS: dict[type, Callable[[MessageLog, Any], None]] = {
    AgentStateEvent: MessageLog._agent,  # noqa: SLF001 - they are its own
    DeadLetterEvent: MessageLog._died,  # noqa: SLF001
    FrameClosedEvent: MessageLog._closed,  # noqa: SLF001
    MessageQueuedEvent: MessageLog._queued,  # noqa: SLF001
    MessageReceivedEvent: MessageLog._received,  # noqa: SLF001
}


def _row(message: LoggedMessage) -> tuple[str, ...]:
    number = f"#{message.conversation}" if message.conversation else ""
    return (number, message.from_id, message.to_id or "?", message.payload_type, message.state, message.reason)
