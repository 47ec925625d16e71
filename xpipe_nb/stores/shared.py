"""`SharedState`: an organism's conversations and budgets from anywhere, a worker or another kernel included."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from xpipe_nb.errors import BudgetExhausted, ConfigError, Fault, StoreError
from xpipe_nb.payloads import DeliveryError, PayloadTable, primitives
from xpipe_nb.settings import said
from xpipe_nb.spending import Spent
from xpipe_nb.state_address import DAY, StateAddress
from xpipe_nb.stores.records import ConversationRecord, Records, SlotRecord, ThreadRecord
from xpipe_nb.stores.store import MOST, Figures, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xpipe_nb.payloads.codec import TagTable

__all__ = ["SharedBudget", "SharedState", "new_ticket", "open_store"]


def open_store(address: StateAddress) -> Store:
    """Open the store at an address that somebody else opens, too; it is asked nothing yet.

    Raises:
        ConfigError: The package that it needs is not installed.
        StoreError: It is the memory of a process, which no other one can open.
    """
    if address.type == "redis":
        from xpipe_nb.stores.redis_store import RedisStore

        return RedisStore(address)
    if address.type == "manager" and address.address:
        from xpipe_nb.stores.manager_store import ManagerStore

        return ManagerStore(address)
    raise StoreError(
        "an organism without a backend", "its state is in its own process only", "backend: {type: manager} shares it"
    )


def new_ticket() -> str:
    """Make up the name of a reservation."""
    return secrets.token_hex(16)


class SharedState:
    """What an organism shares: its conversations, their threads with what was said in them, and their budgets.

    Every call asks the store and waits for it; in a coroutine write `await asyncio.to_thread(state.history, id)`.
    It may be used from any thread. All methods may raise `StoreAway`, `StoreRefused` and, where an entry was forged or
    damaged, `CorruptEntry`, which names it.

    Example:
        ```python
        with xpipe_nb.SharedState.open("redis://localhost:6379/0", payloads=[Greeting, Shouted]) as state:
            for conversation in state.conversations():
                print(conversation.number, conversation.state, [slot.payload for slot in state.history(conversation.id)])
        ```
    """

    def __init__(
        self,
        store: Store,
        *,
        authkey: bytes | None = None,
        payloads: TagTable | Iterable[type] = (),
        first: Callable[[], None] | None = None,
    ) -> None:
        self._store, self._first = store, first
        self._records = Records(store.where, store.prefix, authkey, _table_of(payloads))

    @classmethod
    def open(
        cls,
        where: str | StateAddress,
        *,
        authkey: bytes | str | None = None,
        prefix: str = "xp:",
        ttl: int | None = DAY,
        payloads: TagTable | Iterable[type] = (),
    ) -> Self:
        """Open the state that an organism shares, in another process.

        Args:
            where: `redis://…`, `manager://host:port`, or the `organism.state_address` that this process was given; then
                the next three are not needed.
            authkey: What a `manager` asks for, or what the entries of a Redis are sealed with, as the organism has it.
            prefix: What the organism's keys begin with.
            ttl: Seconds after which what nobody writes to is forgotten; of `redis` only.
            payloads: The payload classes that may be read; an `organism.shared_state` knows all of its own.

        Raises:
            ConfigError: That is no address, another argument is of no use, or a package that it needs is not installed.
            StoreAway: Nobody answers there.
            StoreRefused: The authkey or the password is wrong.
        """
        known = _table_of(payloads)
        if not isinstance(where, StateAddress):
            where = StateAddress.from_url(where, authkey=authkey, prefix=prefix, ttl=ttl)
        store = open_store(where)
        try:
            store.ping()
        except BaseException:
            store.close()
            raise
        return cls(store, authkey=where.seal, payloads=known)

    def _ready(self) -> Store:
        """Give the store; where it is one's own, everything that happened is in it now."""
        if self._first is not None:
            self._first()
        return self._store

    def conversations(self) -> list[ConversationRecord]:
        """Give all conversations that are kept, in the order in which they began."""
        found = self._ready().records("conversation", "")
        return [self._records.read(ConversationRecord, f"conversation:{key}", text) for key, text in found]

    def conversation(self, conversation_id: str) -> ConversationRecord | None:
        """Give a conversation by its id; `None` if it is not kept (any more)."""
        key = f"conversation:{conversation_id}"
        text = self._ready().record("conversation", conversation_id)
        return None if text is None else self._records.read(ConversationRecord, key, text)

    def threads(self, conversation_id: str) -> list[ThreadRecord]:
        """Give the threads of a conversation, in the order in which they were opened, the root first."""
        found = self._ready().records("thread", conversation_id)
        return [self._records.read(ThreadRecord, f"thread:{key}", text) for key, text in found]

    def thread(self, thread_id: str) -> ThreadRecord | None:
        """Give a thread by its id; `None` if it is not kept (any more)."""
        text = self._ready().record("thread", thread_id)
        return None if text is None else self._records.read(ThreadRecord, f"thread:{thread_id}", text)

    def history(self, thread_id: str) -> list[SlotRecord]:
        """Give the messages that arrived in a thread, oldest first; of a root, what reached the injector.

        Raises:
            CorruptEntry: One of them is refused; its payload is looked at when it is asked for.
        """
        found = self._ready().slots(thread_id)
        return [self._records.read(SlotRecord, f"history:{thread_id}:{index}", text) for index, text in found]

    def budget(self, name: str, limit: int | None = None) -> SharedBudget:
        """Give an account: that of a conversation by its id, or one that you share by any other name.

        Args:
            name: The conversation's id, or the name.
            limit: The tokens that may be spent, for an account that is not there yet; `None` for as many as one likes.
        """
        return SharedBudget(self._ready, name, limit)

    def close(self) -> None:
        """Let go of the store; what is kept there stays. One's own, an `organism.shared_state`, ends with the organism."""
        if self._first is None:
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SharedState({self._store.where})"


class SharedBudget:
    """An account that any number of processes spend from; together they never reserve more than its limit.

    Example:
        ```python
        budget = state.budget("team", limit=100_000)
        with budget.tokens(1_200) as spent:
            answer = my_model(text)
            spent.prompt, spent.completion = answer.tokens_read, answer.tokens_written
        ```
    """

    def __init__(self, ready: Callable[[], Store], name: str, limit: int | None = None) -> None:
        self._ready, self.name, self._limit = ready, name, limit

    def usage(self) -> Figures:
        """Give the account as it stands: `limit`, `used`, `reserved`, `remaining`."""
        return self._ready().figures(self.name) or Figures(self._limit)

    def reserve(self, tokens: int) -> str:
        """Set tokens aside, undivided from the look whether there are so many.

        Returns:
            A ticket, for `settle`; without that the tokens stay set aside.

        Raises:
            BudgetExhausted: There are too few.
            ValueError: That is no number of tokens.
        """
        ticket = new_ticket()
        granted, now = self._ready().reserve(self.name, ticket, _count(tokens), self._limit)
        if not granted:
            raise BudgetExhausted(f"{self.name} needs {tokens:,} tokens, {now.remaining:,} of {now.limit:,} are left")
        return ticket

    def settle(self, ticket: str, *, prompt: int = 0, completion: int = 0) -> Figures:
        """Book what was really spent of a reservation, be it less or more; nothing at all gives it back.

        Args:
            ticket: What `reserve` gave; a second time it changes nothing.
            prompt: Tokens that were read.
            completion: Tokens that were written.

        Returns:
            The account as it stands now.
        """
        return self._ready().settle(self.name, ticket, _count(prompt), _count(completion))

    @contextmanager
    def tokens(self, tokens: int) -> Iterator[Spent]:
        """Reserve tokens for as long as a block lasts, then book what it left in `spent`, also when it raises.

        Raises:
            BudgetExhausted: There are too few.
        """
        ticket, spent = self.reserve(tokens), Spent()
        try:
            yield spent
        finally:
            try:
                spent.check()
            finally:
                self.settle(ticket, prompt=spent.prompt, completion=spent.completion)

    def raise_limit(self, tokens: int) -> Figures:
        """Let it spend more: `tokens` in all. What waits in an organism for a person's leave looks again when asked there.

        Raises:
            ValueError: It may spend that much already, or as much as one likes.
        """
        now = self.usage()
        if now.limit is None or _count(tokens) <= now.limit:
            may = "as many tokens as it likes" if now.limit is None else f"{now.limit:,} tokens"
            raise ValueError(f"{self.name} may spend {may} already")
        return self._ready().change_limit(self.name, tokens)

    def __repr__(self) -> str:
        return f"SharedBudget({self.name})"


def _table_of(payloads: Any) -> TagTable:
    if hasattr(payloads, "get"):
        return payloads  # type: ignore[no-any-return]
    if isinstance(payloads, str) or not isinstance(payloads, Iterable):
        name = getattr(payloads, "__name__", "…")
        raise ConfigError(Fault("payloads", f"got {said(payloads)}", f"a list of payload classes: [{name}]"))
    table = PayloadTable()
    for cls in (DeliveryError, *(getattr(primitives, name) for name in primitives.__all__), *payloads):
        table.add(cls)
    return table


def _count(tokens: Any) -> int:
    if isinstance(tokens, bool) or not isinstance(tokens, int) or not 0 <= tokens <= MOST:
        raise ValueError(f"expected a whole number of tokens from 0, got {tokens!r}")
    return tokens
