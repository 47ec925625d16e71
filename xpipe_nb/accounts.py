"""The accounts of an organism's conversations: who may spend, who is warned, and who waits for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpipe_nb.budgets import SEVERITIES, Account
from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import BudgetExhausted, XPipeError
from xpipe_nb.events import BudgetEvent
from xpipe_nb.payloads.primitives import BudgetWarning

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.budgets import Usage
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.frames import Frame
    from xpipe_nb.questions import Questions
    from xpipe_nb.services import Services
    from xpipe_nb.spending import Spent
    from xpipe_nb.stores.ledger import Ledger

__all__ = ["Budgets"]


class Budgets:
    """What conversations may spend, and have spent: `organism.budgets`.

    Args:
        limit: Tokens that each conversation may spend; `None` for as many as it likes.
        conversations: All conversations of the organism.
        questions: Where a person is asked when a budget is used up.
        directory: Who is there.
        exchange: Carries warnings.
        bus: Where every change is published.
        check_loop: Raises where a person's thread reaches into the organism's loop; it gets what is wanted, in words.

    Example:
        ```python
        hello.budgets.usage(1).used
        hello.budgets.raise_limit(1, 20_000)
        ```
    """

    def __init__(
        self,
        limit: int | None,
        conversations: Conversations,
        questions: Questions,
        directory: Directory,
        exchange: Exchange,
        bus: EventBus,
        check_loop: Callable[[str], None],
    ) -> None:
        self._limit = limit
        self._conversations, self._questions, self._directory = conversations, questions, directory
        self._exchange, self._bus, self._check_loop = exchange, bus, check_loop
        self._claims: list[_Claim] = []

    # ---- for people

    @property
    def max_tokens_per_thread(self) -> int | None:
        """Tokens that each conversation may spend whose limit nobody has raised."""
        return self._limit

    def usage(self, conversation: Conversation | str | int) -> Usage:
        """Say what a conversation has spent.

        Args:
            conversation: The conversation, its id, or its number.

        Raises:
            XPipeError: There is none like that, or it is forgotten.
        """
        found = self._find(conversation)
        return self._account(found).usage(found.number)

    def every(self) -> list[Usage]:
        """Say what each conversation has spent, by number, of those that are remembered and have an account in use."""
        known = sorted(self._conversations.known, key=lambda each: each.number)
        accounts = [(each.number, each.account) for each in known if each.account is not None]
        return [account.usage(number) for number, account in accounts if account.is_used]

    def raise_limit(self, conversation: Conversation | str | int, tokens: int) -> Usage:
        """Let a conversation spend more; what waits for tokens goes on if there are enough now.

        Args:
            conversation: The conversation, its id, or its number.
            tokens: The new limit in all, what is spent already included; more than the old one.

        Raises:
            XPipeError: There is no such conversation, or it may spend that much already.
        """
        self._check_loop("budgets.raise_limit()")
        found = self._find(conversation)
        account = self._account(found)
        if isinstance(tokens, bool) or not isinstance(tokens, int):
            raise XPipeError(f"a limit is a whole number of tokens, got {tokens!r}")
        if account.limit is None:
            raise XPipeError(f"#{found.number} has no limit that could be raised (max_tokens_per_thread)")
        if tokens <= account.limit:
            used = f"{account.used:,} are used" + (f", {account.reserved:,} reserved" if account.reserved else "")
            raise XPipeError(
                f"#{found.number} may spend {account.limit:,} tokens already ({used}); raise it above that"
            )
        account.raised = True
        account.change_limit(tokens)
        if self._ledger is not None:
            self._ledger.change_limit(found.id, tokens)
        self._changed(found)
        return account.usage(found.number)

    def _find(self, which: Conversation | str | int) -> Conversation:
        if isinstance(which, Conversation) and which.belongs_to(self._conversations.keeper):
            return which
        known = self._conversations.known
        for each in known:
            if each.number == which or (isinstance(which, str) and each.root._id == which):  # noqa: SLF001 - an id that
                return each  # nobody has asked for yet is none that anybody could know
        shown = f"#{which}" if isinstance(which, int) else repr(which)
        some = ", ".join(f"#{each.number}" for each in known[-5:])
        raise XPipeError(f"there is no conversation {shown}" + (f"; there are {some}" if some else ""))

    def _account(self, conversation: Conversation) -> Account:
        if conversation.account is None:
            conversation.account = Account(self._limit)
        return conversation.account

    # ---- for a reload

    def change(self, limit: int | None) -> None:
        """Give every conversation another limit, but those whose limit was raised by hand."""
        if limit == self._limit:
            return
        self._limit = limit
        for each in self._conversations.known:
            if each.account is not None and each.account.raised:
                continue
            if self._ledger is not None:
                self._ledger.change_limit(each.id, limit)
            if each.account is not None:
                each.account.change_limit(limit)
                self._changed(each)

    # ---- for handlers

    async def reserve(self, services: Services, turn: Turn, tokens: int) -> None:
        """Set tokens aside; when there are too few, wait for a person's leave if there is one who could give it.

        Raises:
            BudgetExhausted: There are too few, and nobody to ask.
            StoreError: The account is shared, and the store refuses us.
        """
        account = self._account(turn.frame.conversation)
        await self._reserve_here(services, turn, account, tokens)
        ledger = self._ledger
        while ledger is not None and not await self._reserve_there(ledger, turn, account, tokens):
            # Others have taken of it meanwhile, which the account knows now.
            await self._reserve_here(services, turn, account, tokens)
        self._tell(turn, account)

    @property
    def _ledger(self) -> Ledger | None:
        """The shared accounts, where the state is shared."""
        mirror = self._conversations.mirror
        return None if mirror is None else mirror.ledger

    async def _reserve_there(self, ledger: Ledger, turn: Turn, account: Account, tokens: int) -> bool:
        """Reserve in the shared account what is reserved here; without success nothing is reserved here, either."""
        granted = False
        try:
            granted = await ledger.reserve(turn, account, tokens)
        finally:
            if not granted:
                account.release(tokens)
                self._grant()
        return granted

    async def _reserve_here(self, services: Services, turn: Turn, account: Account, tokens: int) -> None:
        if account.reserve(tokens):
            return
        if self._ledger is not None:
            await self._ledger.look(turn, account)
            if account.reserve(tokens):
                return
        if not self._questions.attended:
            raise BudgetExhausted(_need(turn.listener.name, account, tokens))
        claim = _Claim(account, tokens, turn.frame, self._questions)
        self._claims.append(claim)
        try:
            await services.hear(turn, claim.question)
        except BaseException:
            if claim.granted:  # the answer and the end of the waiting have crossed
                account.release(tokens)
                self._grant()
            raise
        finally:
            self._claims.remove(claim)

    def settle(self, turn: Turn, reserved: int, spent: Spent) -> None:
        """Book what was spent of a reservation; nothing at all gives it back."""
        frame, account = turn.frame, self._account(turn.frame.conversation)
        if not spent.total:
            account.release(reserved)
            crossed: tuple[int, ...] = ()
        else:
            crossed = account.settle(
                reserved,
                prompt=spent.prompt,
                completion=spent.completion,
                thread_id=frame.thread_id,
                listener=frame.listener,
            )
        if self._ledger is not None:
            self._ledger.settle(turn, account, reserved, spent)
        self._tell(turn, account, crossed)
        if crossed:
            self._warn(turn, account, crossed[-1])
        self._grant()

    def _changed(self, conversation: Conversation) -> None:
        account = self._account(conversation)
        if self._bus.heard:
            self._bus.publish(_event(account, conversation.id, "", conversation.number))
        self._grant()

    def _grant(self) -> None:
        """Let those go on who waited for tokens that are there now, first come, first served."""
        for claim in self._claims:
            if not claim.granted and not claim.question.answer.done() and claim.account.reserve(claim.tokens):
                claim.granted = True
                self._questions.answer(claim.question, claim.tokens)
            elif not claim.granted:
                claim.word()

    def _warn(self, turn: Turn, account: Account, percent: int) -> None:
        """Tell the agent whose spending crossed a threshold, if it takes such a warning."""
        frame, limit = turn.frame, account.limit or 0
        listener = self._directory.listener_of(frame)
        if frame.closed or listener is None or "BudgetWarning" not in listener.accepts:
            return
        remaining, used = max(0, limit - account.used), round(100 * account.used / limit, 1)
        sentence = f"{used:g} % of this conversation's budget is used; {remaining:,} of {limit:,} tokens are left."
        warning = BudgetWarning(used, account.used, remaining, limit, SEVERITIES[percent], sentence)
        self._exchange.note(frame, warning)

    def _tell(self, turn: Turn, account: Account, crossed: tuple[int, ...] = ()) -> None:
        if self._bus.heard:
            frame = turn.frame
            event = _event(account, frame.thread_id, frame.listener, frame.conversation.number, crossed)
            self._bus.publish(event)


def _need(name: str, account: Account, tokens: int) -> str:
    return f"{name} needs {tokens:,} tokens, {max(0, account.room or 0):,} of {account.limit:,} are left"


def _event(
    account: Account, thread_id: str, name: str, conversation: int, crossed: tuple[int, ...] = ()
) -> BudgetEvent:
    return BudgetEvent(
        thread_id, name, account.limit, account.prompt, account.completion, account.reserved, crossed, conversation
    )


class _Claim:
    """A reservation that waits for room, and the question that a person is asked for it."""

    __slots__ = ("_questions", "account", "granted", "name", "question", "tokens")

    def __init__(self, account: Account, tokens: int, frame: Frame, questions: Questions) -> None:
        self.account, self.tokens, self.name = account, tokens, frame.listener
        self.granted, self._questions = False, questions
        self.question = questions.ask(frame, "budget", *self._words(frame.conversation.number))

    def word(self) -> None:
        """Ask with the figures as they are now."""
        self._questions.reword(self.question, *self._words(self.question.conversation.number))

    def _words(self, number: int) -> tuple[str, str, int]:
        account = self.account
        limit = account.used + account.reserved + self.tokens
        return _need(self.name, account, self.tokens), f".budgets.raise_limit({number}, {limit})", limit
