"""What conversations spend on models: the accounts, and the frames that the tokens were spent in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from xpipe_nb.events import BudgetEvent, MessageQueuedEvent
from xpipe_nb.views.state import KEPT_CONVERSATIONS, AccountNow, Moment, ViewState

__all__ = ["budgets_part", "fold_budget", "note_warning", "open_account"]


def fold_budget(state: ViewState, event: BudgetEvent, _now: Moment) -> None:
    """An account has changed; what was spent since the last event was spent in the frame that this one names."""
    number = event.conversation
    known = state.accounts.get(number, AccountNow(number))
    used = event.prompt + event.completion
    gained = max(0, used - known.used)
    state.tokens += gained
    warned = known.warned and known.limit == event.limit  # with another limit, it can be crossed again
    state.accounts[number] = AccountNow(number, event.limit, used, event.reserved, warned)
    frame = state.frames.get(event.thread_id)
    if frame is not None and gained:
        state.frames[event.thread_id] = frame._replace(tokens=frame.tokens + gained)
    _forget(state, number)


def open_account(state: ViewState, number: int) -> None:
    """A conversation is told of before anything was spent: the first tokens that it needs may be too many."""
    if number not in state.accounts:
        state.accounts[number] = AccountNow(number, state.limit)
        _forget(state, number)


def _forget(state: ViewState, newest: int) -> None:
    """Keep the list short: the oldest goes whose conversation is over or forgotten; if there is none, the oldest."""
    if len(state.accounts) <= KEPT_CONVERSATIONS:
        return
    over = (number for number in state.accounts if number != newest and not _is_open(state, number))
    del state.accounts[next(over, next(iter(state.accounts)))]


def _is_open(state: ViewState, number: int) -> bool:
    conversation = state.conversations.get(number)
    return conversation is not None and conversation.ended is None


def note_warning(state: ViewState, event: MessageQueuedEvent) -> None:
    """An agent is told that a threshold of its conversation's budget is crossed."""
    account = state.accounts.get(event.conversation)
    if event.kind == "note" and event.payload_type == "BudgetWarning" and account is not None:
        state.accounts[event.conversation] = account._replace(warned=True)


def budgets_part(state: ViewState, most: int, asking: Iterable[int]) -> dict[str, Any]:
    """Write the accounts down.

    Args:
        state: What is known.
        most: How many there is room for, the newest ones.
        asking: The numbers of conversations that are told of in any case.
    """
    told = {*sorted(state.accounts)[-most:], *asking} if most else set(asking)
    rows = [_account(each, state) for number, each in sorted(state.accounts.items()) if number in told]
    return {"limit": state.limit, "tokens": state.tokens, "accounts": rows}


def _account(each: AccountNow, state: ViewState) -> dict[str, Any]:
    row = {"key": each.number, "limit": each.limit, "used": each.used, "reserved": each.reserved}
    flags = {"open": _is_open(state, each.number), "warned": each.warned}
    return {**row, **{name: True for name, is_so in flags.items() if is_so}}
