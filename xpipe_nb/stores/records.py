"""What a store keeps, as text and back: records in JSON whose every field is checked, payloads in XML by the gate.

Nothing is pickled, and nothing of an entry is used before all of it is known to be right. With an authkey each entry is
sealed, too: an HMAC over its key and its text, so that an entry written by somebody without the authkey, or moved to
another key, is refused. A seal does not say that an entry is the latest one.
"""

from __future__ import annotations

import hmac
import json
import math
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from xpipe_nb.errors import CorruptEntry, PayloadError, Rejected
from xpipe_nb.payloads import codec_of
from xpipe_nb.stores.store import MOST
from xpipe_nb.xml import GateLimits, read_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from xpipe_nb.payloads.codec import TagTable

__all__ = ["ConversationRecord", "Record", "Records", "SlotRecord", "ThreadRecord"]

VERSION = 1
_SIZE = 2**31 - 1
_WIDE = GateLimits(max_bytes=_SIZE, max_depth=250, max_nodes=_SIZE, max_attributes=_SIZE, max_text=10_000_000)
"""What a message inside an organism may be to be read here: no caps but those of the parser itself."""


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    """A conversation, as whoever shares the state sees it.

    Args:
        id: The thread id of its root; the history of that thread is what reached the injector.
        organism: The organism that it belongs to.
        number: What people there call it.
        port: By which port it was begun.
        state: `active`, `waiting`, `done`, `failed` or `killed`.
        participants: The names of all that took part so far, the port first.
        messages: How many messages it had.
        error: What went wrong, in words for the person; empty if nothing did.
        changed: When its state changed last, in seconds since 1970.
    """

    id: str
    organism: str
    number: int
    port: str
    state: str
    participants: tuple[str, ...]
    messages: int
    error: str
    changed: float


@dataclass(frozen=True, slots=True)
class ThreadRecord:
    """A thread: one call frame of a conversation.

    Args:
        id: The thread id.
        conversation: The id of its conversation.
        parent: The thread id of the caller; empty for the root.
        listener: Whose frame it is; for the root the injector's port.
        depth: How many callers stand above it.
        state: `open` or `closed`; what a closed one has heard stays.
    """

    id: str
    conversation: str
    parent: str
    listener: str
    depth: int
    state: str


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """One message that arrived in a thread.

    Args:
        thread: The thread id.
        index: Its place in the thread, from 0; the first one that is kept tells how many were dropped.
        from_id: Who sent it.
        to_id: Whose frame it is.
        type: The name of the payload class.
        at: When it was handed over, in seconds since 1970.
        is_self_call: The listener sent it to itself.
        is_agent: The listener is an agent.
        failed: The turn that handled it failed.
        xml: The payload.
    """

    thread: str
    index: int
    from_id: str
    to_id: str
    type: str
    at: float
    is_self_call: bool
    is_agent: bool
    failed: bool
    xml: str
    _origin: tuple[str, str, TagTable | None] = field(default=("", "", None), repr=False, compare=False)

    @property
    def time(self) -> datetime:
        """When it was handed to its listener, in UTC."""
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def element(self) -> _Element:
        """A fresh copy of the payload as a tree.

        Raises:
            CorruptEntry: It is no XML that passes the gate, or not of the type that it says.
        """
        where, key, _ = self._origin
        try:
            element = read_document(self.xml, _WIDE)
        except Rejected as rejection:
            raise CorruptEntry(where, key, f"its payload is refused: {rejection.detail}") from None
        if element.tag != self.type:
            raise CorruptEntry(where, key, f"its payload is <{element.tag}>, not <{self.type}>")
        return element

    @property
    def payload(self) -> Any:
        """A fresh copy of the payload as an object of the class that is registered under its name.

        Raises:
            CorruptEntry: Its class refuses it.
            PayloadError: No class of that name is registered here.
        """
        where, key, table = self._origin
        cls = None if table is None else table.get(self.type)
        if cls is None:
            raise PayloadError(self.type, "no class of that name is registered here; .element and .xml need none")
        try:
            return codec_of(cls).from_xml(self.element, table)
        except PayloadError as error:
            raise CorruptEntry(where, key, f"its payload is refused: {error}") from None


Record = TypeVar("Record", ConversationRecord, ThreadRecord, SlotRecord)


class Records:
    """Writes records as texts, and reads texts as records.

    Args:
        where: The store in words.
        prefix: What stands before every key in it.
        authkey: What entries are sealed with; `None` seals nothing.
        table: Finds the class of a payload.
    """

    def __init__(
        self, where: str, prefix: str = "", authkey: bytes | None = None, table: TagTable | None = None
    ) -> None:
        self._where, self._prefix, self._authkey, self._table = where, prefix, authkey, table

    def write(self, record: ConversationRecord | ThreadRecord | SlotRecord) -> str:
        """Give the text of a record."""
        values = {item.name: getattr(record, item.name) for item in fields(record) if item.name != "_origin"}
        text = json.dumps({"v": VERSION, **values}, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text if self._authkey is None else f"{self._seal(_key_of(record), text.encode())} {text}"

    def read(self, cls: type[Record], key: str, text: bytes) -> Record:
        """Read a record, or refuse it.

        Args:
            cls: What it must be.
            key: Its key in the store, without the prefix.
            text: What stands there.

        Raises:
            CorruptEntry: It is not sealed by our authkey, is no JSON, has another form, or belongs elsewhere.
        """
        values: Any = None
        try:
            values = json.loads(self._opened(key, text), parse_constant=_no_number)
            problem = _problem(cls, values)
        except ValueError as error:
            problem = str(error) if isinstance(error, _Unsealed) else "it is no record in JSON"
        except RecursionError:
            problem = "it is no record in JSON"
        full = self._prefix + key
        if problem:
            raise CorruptEntry(self._where, full, problem)
        del values["v"]
        if cls is ConversationRecord:
            values["participants"] = tuple(values["participants"])
        elif cls is SlotRecord:
            values["_origin"] = (self._where, full, self._table)
        record: Record = cls(**values)
        if _key_of(record) != key:
            raise CorruptEntry(self._where, full, f"it says that it is {_key_of(record)}")
        return record

    def _seal(self, key: str, text: bytes) -> str:
        message = b"%b%b\n%b" % (b"xpipe_nb entry ", (self._prefix + key).encode(), text)
        return hmac.new(self._authkey or b"", message, "sha256").hexdigest()

    def _opened(self, key: str, text: bytes) -> bytes:
        if self._authkey is None:
            return text
        seal, _, rest = text.partition(b" ")
        if not hmac.compare_digest(seal, self._seal(key, rest).encode()):
            raise _Unsealed("it is not sealed with our authkey")
        return rest


class _Unsealed(ValueError):
    """An entry without our seal."""


def _key_of(record: ConversationRecord | ThreadRecord | SlotRecord) -> str:
    if isinstance(record, SlotRecord):
        return f"history:{record.thread}:{record.index}"
    return f"{'conversation' if isinstance(record, ConversationRecord) else 'thread'}:{record.id}"


def _no_number(word: str) -> float:
    raise ValueError(word)


def _problem(cls: type, values: Any) -> str:
    """Say what is wrong with the form of a record; nothing if it is right."""
    if not isinstance(values, dict):
        return "it is no record"
    if values.get("v") != VERSION:
        return f"it is of version {values.get('v')!r:.20}, and we read {VERSION}"
    form = _FORMS[cls]
    if values.keys() - {"v"} != form.keys():
        missing, strange = form.keys() - values.keys(), values.keys() - form.keys() - {"v"}
        return f"it lacks {min(missing)}" if missing else f"it has {min(strange)!r:.40}, which we do not know"
    wrong = [name for name, (is_right, _) in form.items() if not is_right(values[name])]
    return f"its {wrong[0]} is not {form[wrong[0]][1]}" if wrong else ""


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_time(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value < 2**36
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _one_of(*words: str) -> tuple[Callable[[Any], bool], str]:
    return lambda value: isinstance(value, str) and value in words, f"one of {', '.join(words)}"


_TEXT = (_is_text, "a text")
_COUNT = (_is_count, "a whole number from 0")
_TIME = (_is_time, "a time")
_FLAG = (lambda value: isinstance(value, bool), "true or false")

_FORMS: dict[type, dict[str, tuple[Callable[[Any], bool], str]]] = {
    ConversationRecord: {
        "id": _TEXT, "organism": _TEXT, "number": _COUNT, "port": _TEXT,
        "state": _one_of("active", "waiting", "done", "failed", "killed"),
        "participants": (_is_texts, "a list of texts"), "messages": _COUNT, "error": _TEXT, "changed": _TIME,
    },
    ThreadRecord: {
        "id": _TEXT, "conversation": _TEXT, "parent": _TEXT, "listener": _TEXT, "depth": _COUNT,
        "state": _one_of("open", "closed"),
    },
    SlotRecord: {
        "thread": _TEXT, "index": _COUNT, "from_id": _TEXT, "to_id": _TEXT, "type": _TEXT, "at": _TIME,
        "is_self_call": _FLAG, "is_agent": _FLAG, "failed": _FLAG, "xml": _TEXT,
    },
}  # fmt: skip
"""Every field of every record, and what may stand in it."""
