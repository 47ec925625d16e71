"""How an organism spends from shared accounts: the store decides, and the organism's own account follows.

Each conversation's account stands in the store under the conversation's id. Tokens are set aside there, too, before a
handler may spend them, so that whoever else spends from it, a worker or another kernel, is counted.

What is done to a store here may have to be done again when a connection breaks, so each step changes it once at most:
a reservation and its settlement are two steps, and what we remember of them is changed after they have succeeded.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from xpipe_nb.stores.shared import new_ticket

if TYPE_CHECKING:
    from xpipe_nb.budgets import Account
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.spending import Spent
    from xpipe_nb.stores.store import Figures, Store
    from xpipe_nb.stores.writer import Writer

__all__ = ["Ledger"]


class Ledger:
    """The shared accounts of one organism's conversations.

    Args:
        writer: Asks the store, in order.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._tickets: dict[tuple[Turn, int], list[str]] = {}

    async def reserve(self, turn: Turn, account: Account, tokens: int) -> bool:
        """Set tokens aside that the organism's own account has room for; say whether the store has, too.

        Raises:
            StoreError: The store cannot be asked.
        """
        name, ticket, limit = turn.frame.conversation.id, new_ticket(), account.limit
        held: list[int] = []

        def ask(store: Store) -> tuple[bool, Figures, int]:
            granted, now = store.reserve(name, ticket, tokens, limit)
            if granted:
                held.append(tokens)
                account.shared += tokens
            return granted, now, account.shared

        def give_back(store: Store) -> None:
            if held:
                store.settle(name, ticket, 0, 0)
                account.shared -= held.pop()

        try:
            granted, now, ours = await self._writer.ask(ask)
        except asyncio.CancelledError:  # perhaps it was granted all the same, just now
            self._writer.book(give_back)
            raise
        _follow(account, now, ours, limit)
        if granted:
            self._tickets.setdefault((turn, tokens), []).append(ticket)
        return granted

    async def look(self, turn: Turn, account: Account) -> None:
        """Take over the limit, and what others have spent, as both stand in the store now."""
        name, limit = turn.frame.conversation.id, account.limit
        now, ours = await self._writer.ask(lambda store: (store.figures(name), account.shared))
        if now is not None:
            _follow(account, now, ours, limit)

    def settle(self, turn: Turn, account: Account, reserved: int, spent: Spent) -> None:
        """Book what was spent of a reservation; the store hears of it when it is there."""
        name, key = turn.frame.conversation.id, (turn, reserved)
        if key not in self._tickets:  # it was reserved before the state was shared
            self._book(name, account, spent.prompt, spent.completion)
            return
        ticket = self._tickets[key].pop()
        if not self._tickets[key]:
            del self._tickets[key]
        self._settle(name, account, ticket, reserved, spent.prompt, spent.completion)

    def _settle(self, name: str, account: Account, ticket: str, reserved: int, prompt: int, completion: int) -> None:
        def book(store: Store) -> None:
            store.settle(name, ticket, prompt, completion)
            account.shared += prompt + completion - reserved

        self._writer.book(book)

    def _book(self, name: str, account: Account, prompt: int, completion: int) -> None:
        """Book what nothing was reserved for."""
        ticket, limit = new_ticket(), account.limit
        self._writer.book(lambda store: store.reserve(name, ticket, 0, limit))
        self._settle(name, account, ticket, 0, prompt, completion)

    def take_over(self, name: str, account: Account) -> None:
        """Write down an account that the store does not know (any more)."""

        def begin(_store: Store) -> None:
            account.shared = 0

        self._writer.book(begin)
        self._book(name, account, account.prompt, account.completion)

    def change_limit(self, name: str, limit: int | None) -> None:
        """Let the store know of another limit."""
        self._writer.book(lambda store: store.change_limit(name, limit))


def _follow(account: Account, now: Figures, ours: int, limit: int | None) -> None:
    """Let an account of ours know what others have taken of it, and its limit there.

    Args:
        account: Ours.
        now: The account in the store, as it was answered.
        ours: What the store knew of our own spending then.
        limit: Our limit when it was asked; one that was set meanwhile is on its way to the store.
    """
    account.elsewhere = max(0, now.used + now.reserved - ours)  # less than ours: the store has lost something
    if now.limit != limit and account.limit == limit:
        account.raised = True  # by hand, elsewhere
        account.change_limit(now.limit)
