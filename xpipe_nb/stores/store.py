"""The one interface of all backends, and the words that it speaks in: texts, whole numbers, and nothing else.

A store knows nothing of organisms. It keeps *records* (texts by kind and key, in groups), *histories* (texts by thread
and index) and *accounts* (numbers that change together or not at all). What the texts mean is in `records.py`.

All may be asked from any thread. Everything can be asked again when nobody knows whether it was done: a record and a
slot replace themselves, and what is reserved and settled has a ticket that counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST", "Change", "Figures", "Open", "Put", "PutSlot", "Store"]

MOST = 2**53 - 1
"""The largest number of tokens in an account: Lua's numbers are exact up to here."""


class Put(NamedTuple):
    """Write a record, or write it anew.

    Args:
        kind: `conversation` or `thread`.
        key: Its id.
        group: What it is listed under: the conversation of a thread; empty for a conversation.
        text: What is kept.
    """

    kind: str
    key: str
    group: str
    text: str


class PutSlot(NamedTuple):
    """Write one slot of a history, or write it anew.

    Args:
        thread: The id of the thread.
        conversation: The conversation that the thread belongs to; it stays as long as its history does.
        place: Its index in the history, from 0.
        text: What is kept.
        keep: How many slots are kept; older ones go.
    """

    thread: str
    conversation: str
    place: int
    text: str
    keep: int


class Open(NamedTuple):
    """Open an account, unless there is one.

    Args:
        account: Its name; that of a conversation is the conversation's id.
        limit: Tokens that may be spent; `None` for as many as one likes.
    """

    account: str
    limit: int | None


Change: TypeAlias = Put | PutSlot | Open
"""Anything that is written without asking what stands there."""


class Figures(NamedTuple):
    """An account as it stands.

    Args:
        limit: Tokens that may be spent; `None` for as many as one likes.
        prompt: Tokens that were read.
        completion: Tokens that were written.
        reserved: Tokens that are set aside for what is under way.
        requests: How often something was spent.
    """

    limit: int | None
    prompt: int = 0
    completion: int = 0
    reserved: int = 0
    requests: int = 0

    @property
    def used(self) -> int:
        """Tokens spent."""
        return self.prompt + self.completion

    @property
    def remaining(self) -> int | None:
        """Tokens that are neither spent nor set aside; `None` without a limit."""
        return None if self.limit is None else max(0, self.limit - self.used - self.reserved)


class Store(Protocol):
    """What every backend can do; it may raise `StoreAway`, `StoreRefused` and `CorruptEntry` wherever it is asked.

    Attributes:
        where: The store in words, without secrets.
        prefix: What stands before a key in it.
    """

    where: str
    prefix: str

    def ping(self) -> None:
        """Make sure that it is there and answers to us."""

    def write(self, changes: Sequence[Change]) -> None:
        """Write all of these, in their order."""

    def record(self, kind: str, key: str) -> bytes | None:
        """Give a record."""

    def records(self, kind: str, group: str) -> list[tuple[str, bytes]]:
        """Give the records of a group with their keys, in the order in which they came."""

    def slots(self, thread: str) -> list[tuple[int, bytes]]:
        """Give the slots of a thread with their indexes, ascending."""

    def reserve(self, account: str, ticket: str, tokens: int, limit: int | None) -> tuple[bool, Figures]:
        """Set tokens aside if there are so many, at once and undivided; say whether there were.

        Args:
            account: Its name; an account that is not there is opened.
            ticket: Names this reservation, so that it counts once however often it is asked for.
            tokens: How many.
            limit: The limit of an account that is opened by this.
        """

    def settle(self, account: str, ticket: str, prompt: int, completion: int) -> Figures:
        """Book what was spent of a reservation; nothing at all gives it back. A ticket that is gone changes nothing."""

    def change_limit(self, account: str, limit: int | None) -> Figures:
        """Set another limit."""

    def figures(self, account: str) -> Figures | None:
        """Give an account as it stands."""

    def close(self) -> None:
        """Let go of the store; what it holds stays."""
