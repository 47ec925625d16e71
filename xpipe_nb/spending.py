"""Spending: the accounts of an organism's conversations, and the door by which handlers spend from them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.budgets import SEVERITIES, Account
from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import CallFailed, XPipeError
from xpipe_nb.events import BudgetEvent
from xpipe_nb.payloads.primitives import BudgetWarning

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from xpipe_nb.budgets import Usage
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.questions import Question, Questions
    from xpipe_nb.services import Services

__all__ = ["Budgets", "Spending", "Spent"]


class Budgets:
    """What conversations may spend, and have spent: `organism.budgets`.

    Args:
        limit: Tokens that each conversation may spend; `None` for as many as it likes.
        conversations: All conversations of the organism.
        questions: Where a person is asked when a budget is used up.
        directory: Who is there.
        exchange: Carries warnings.
        bus: Where every change is published.

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
    ) -> None:
        self._limit = limit
        self._conversations, self._questions, self._directory = conversations, questions, directory
        self._exchange, self._bus = exchange, bus
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
            if each.account is not None and not each.account.raised:
                each.account.change_limit(limit)
                self._changed(each)

    # ---- for handlers

    async def reserve(self, services: Services, turn: Turn, tokens: int) -> None:
        """Set tokens aside; when there are too few, wait for a person's leave if there is one who could give it.

        Raises:
            CallFailed: With code `budget`, when there are too few and nobody to ask.
        """
        conversation = turn.frame.conversation
        account = self._account(conversation)
        if account.reserve(tokens):
            self._tell(turn, account)
            return
        left = max(0, account.room or 0)
        text = f"{turn.listener.name} needs {tokens:,} tokens, {left:,} of {account.limit:,} are left"
        if not self._questions.attended:
            raise CallFailed("budget", f"{text} (max_tokens_per_thread)")
        need = account.used + account.reserved + tokens
        remedy = f".budgets.raise_limit({conversation.number}, {need})"
        claim = _Claim(account, tokens, self._questions.ask(turn.frame, "budget", text, remedy, need))
        self._claims.append(claim)
        try:
            await services.hear(turn, claim.question)
        except BaseException:
            if claim.granted:  # the answer and the end of the waiting have crossed
                account.release(tokens)
            raise
        finally:
            self._claims.remove(claim)
        self._tell(turn, account)

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


def _event(
    account: Account, thread_id: str, name: str, conversation: int, crossed: tuple[int, ...] = ()
) -> BudgetEvent:
    return BudgetEvent(
        thread_id, name, account.limit, account.prompt, account.completion, account.reserved, crossed, conversation
    )


def _is_count(tokens: object) -> bool:
    return isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0


class _Claim:
    """A reservation that waits for room."""

    __slots__ = ("account", "granted", "question", "tokens")

    def __init__(self, account: Account, tokens: int, question: Question) -> None:
        self.account, self.tokens, self.question = account, tokens, question
        self.granted = False


class Spent:
    """What the body of `meta.tokens` fills in.

    Args:
        prompt: Tokens that were read.
        completion: Tokens that were written.
    """

    __slots__ = ("completion", "prompt")

    def __init__(self, prompt: int = 0, completion: int = 0) -> None:
        self.prompt, self.completion = prompt, completion

    @property
    def total(self) -> int:
        """Tokens in all."""
        return self.prompt + self.completion

    def check(self) -> None:
        """See to it that both are numbers of tokens.

        Raises:
            ValueError: One of them is not.
        """
        said = {"prompt": self.prompt, "completion": self.completion}
        wrong = {name: tokens for name, tokens in said.items() if not _is_count(tokens)}
        for name in wrong:
            setattr(self, name, 0)
        for name, tokens in wrong.items():
            raise ValueError(f"spent.{name} is a whole number of tokens from 0, got {tokens!r}")


class Spending:
    """What `meta.tokens` gives: tokens are reserved where its body begins, and settled where it ends.

    Args:
        tokens: How many are reserved.
        turn: Who spends; `None` where no organism runs, and nothing is booked.
    """

    __slots__ = ("_spent", "_tokens", "_turn")

    def __init__(self, tokens: int, turn: Turn | None) -> None:
        if not _is_count(tokens):
            raise ValueError(f"meta.tokens takes a whole number of tokens from 0, got {tokens!r}")
        self._tokens, self._turn = tokens, turn
        self._spent = Spent()

    async def __aenter__(self) -> Spent:
        if self._turn is not None:
            await self._turn.services.reserve(self._turn, self._tokens)
        return self._spent

    async def __aexit__(self, *_error: object) -> None:
        self._settle()

    def __enter__(self) -> Spent:
        if self._turn is not None:
            self._wait(self._turn.services.reserve(self._turn, self._tokens))
        return self._spent

    def __exit__(self, *_error: object) -> None:
        if self._turn is not None:
            self._wait(self._settled())

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait in a thread of a plain handler for what belongs on the loop."""
        assert self._turn is not None
        loop = self._turn.services.loop
        if asyncio._get_running_loop() is loop:  # noqa: SLF001 - the public form raises instead of asking
            work.close()
            raise CallFailed("handler", "meta.tokens would block the loop here; write `async with meta.tokens(…)`")
        asyncio.run_coroutine_threadsafe(work, loop).result()

    async def _settled(self) -> None:
        self._settle()

    def _settle(self) -> None:
        """Book what was spent, also by a body that failed: the tokens are gone all the same."""
        turn = self._turn
        try:
            self._spent.check()
        finally:
            if turn is not None:
                turn.services.settle(turn, self._tokens, self._spent)
