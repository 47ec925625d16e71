"""The backend `memory`: what one process keeps for itself. The state server keeps one, too."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from xpipe_nb.stores.store import Figures, Open, Put, PutSlot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xpipe_nb.stores.store import Change

__all__ = ["MemoryStore"]

CONVERSATION = "conversation"
KEPT_CONVERSATIONS = 1_000


class MemoryStore:
    """Keeps everything in dictionaries behind one lock.

    Args:
        most: How many conversations are kept; the one that was written to least lately goes first, with its threads.

    Example:
        >>> store = MemoryStore()
        >>> store.reserve("team", "t1", 80, 100)[0], store.reserve("team", "t2", 30, 100)[0]
        (True, False)
        >>> store.settle("team", "t1", 50, 0).remaining
        50
    """

    where = "the memory of this process"
    prefix = ""

    def __init__(self, most: int = KEPT_CONVERSATIONS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._groups: dict[tuple[str, str], dict[str, bytes]] = {}
        self._group_of: dict[tuple[str, str], str] = {}
        self._slots: dict[str, OrderedDict[int, bytes]] = {}
        self._accounts: dict[str, Figures] = {}
        self._tickets: dict[str, dict[str, int]] = {}
        self._recent: OrderedDict[str, None] = OrderedDict()

    def ping(self) -> None:
        """Make sure that it is there."""

    def close(self) -> None:
        """Keep all: whoever holds the store may still read it."""

    # ---- texts

    def write(self, changes: Sequence[Change]) -> None:
        """Write all of these, in their order."""
        with self._lock:
            for change in changes:
                if isinstance(change, Put):
                    self._put(change)
                elif isinstance(change, PutSlot):
                    self._put_slot(change)
                elif isinstance(change, Open):
                    self._accounts.setdefault(change.account, Figures(change.limit))
            while len(self._recent) > self._most:
                self._forget(self._recent.popitem(last=False)[0])

    def _put(self, put: Put) -> None:
        self._groups.setdefault((put.kind, put.group), {})[put.key] = put.text.encode()
        self._group_of[put.kind, put.key] = put.group
        self._touch(put.key if put.kind == CONVERSATION else put.group)

    def _put_slot(self, slot: PutSlot) -> None:
        kept = self._slots.setdefault(slot.thread, OrderedDict())
        kept[slot.place] = slot.text.encode()
        while len(kept) > slot.keep:
            kept.popitem(last=False)
        self._touch(slot.conversation)

    def _touch(self, conversation: str) -> None:
        self._recent[conversation] = None
        self._recent.move_to_end(conversation)

    def _forget(self, conversation: str) -> None:
        threads = self._groups.pop(("thread", conversation), {})
        for thread in threads:
            self._group_of.pop(("thread", thread), None)
            self._slots.pop(thread, None)
        self._groups.get((CONVERSATION, ""), {}).pop(conversation, None)
        self._group_of.pop((CONVERSATION, conversation), None)
        self._accounts.pop(conversation, None)
        self._tickets.pop(conversation, None)

    def record(self, kind: str, key: str) -> bytes | None:
        """Give a record."""
        with self._lock:
            group = self._group_of.get((kind, key))
            return None if group is None else self._groups[kind, group].get(key)

    def records(self, kind: str, group: str) -> list[tuple[str, bytes]]:
        """Give the records of a group with their keys, in the order in which they came."""
        with self._lock:
            return list(self._groups.get((kind, group), {}).items())

    def slots(self, thread: str) -> list[tuple[int, bytes]]:
        """Give the slots of a thread with their indexes, ascending."""
        with self._lock:
            return sorted(self._slots.get(thread, {}).items())

    # ---- numbers

    def reserve(self, account: str, ticket: str, tokens: int, limit: int | None) -> tuple[bool, Figures]:
        """Set tokens aside if there are so many; say whether there were."""
        with self._lock:
            now = self._accounts.setdefault(account, Figures(limit))
            tickets = self._tickets.setdefault(account, {})
            if ticket in tickets:
                return True, now
            if now.limit is not None and now.used + now.reserved + tokens > now.limit:
                return False, now
            tickets[ticket] = tokens
            now = self._accounts[account] = now._replace(reserved=now.reserved + tokens)
            return True, now

    def settle(self, account: str, ticket: str, prompt: int, completion: int) -> Figures:
        """Book what was spent of a reservation."""
        with self._lock:
            now = self._accounts.setdefault(account, Figures(None))
            tokens = self._tickets.get(account, {}).pop(ticket, None)
            if tokens is None:
                return now
            now = self._accounts[account] = Figures(
                now.limit,
                now.prompt + prompt,
                now.completion + completion,
                now.reserved - tokens,
                now.requests + (prompt + completion > 0),
            )
            return now

    def change_limit(self, account: str, limit: int | None) -> Figures:
        """Set another limit."""
        with self._lock:
            now = self._accounts[account] = self._accounts.get(account, Figures(None))._replace(limit=limit)
            return now

    def figures(self, account: str) -> Figures | None:
        """Give an account as it stands."""
        with self._lock:
            return self._accounts.get(account)
