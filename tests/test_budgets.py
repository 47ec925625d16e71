"""The account of a conversation, alone: what is reserved, spent and left."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from xpipe_nb.budgets import KEPT_FRAMES, SEVERITIES, THRESHOLDS, Account, Usage

TOKENS = st.integers(0, 500)


def settled(account: Account, reserved: int, prompt: int, completion: int = 0, frame: str = "f") -> tuple[int, ...]:
    return account.settle(reserved, prompt=prompt, completion=completion, thread_id=frame, listener=f"of {frame}")


def test_two_reservations_never_share_tokens() -> None:
    """What is reserved is no longer there for the next one, although nothing was spent yet."""
    account = Account(100)
    assert [account.reserve(60), account.reserve(60), account.reserve(40)] == [True, False, True]
    assert account.room == 0


def test_what_was_really_spent_is_booked_even_beyond_the_limit() -> None:
    """A model that took more than was reserved has taken it: the account is overdrawn and exhausted."""
    account = Account(100)
    assert account.reserve(50)
    settled(account, 50, 100, 30)
    usage = account.usage(1)
    assert (usage.used, usage.reserved, usage.remaining, usage.exhausted) == (130, 0, 0, True)
    assert account.room == -30
    assert not account.reserve(0)


def test_thresholds_are_crossed_once_each() -> None:
    """75, 90 and 95 percent, in this order, whether one by one or in a leap."""
    account = Account(100)
    assert [settled(account, 0, each) for each in (74, 1, 5, 10, 5, 50)] == [(), (75,), (), (90,), (95,), ()]
    assert settled(Account(100), 0, 99) == THRESHOLDS == tuple(SEVERITIES)


def test_a_raise_lets_a_threshold_be_crossed_again() -> None:
    """An agent that was warned at 75 of 100 is warned again at 150 of 200."""
    account = Account(100)
    settled(account, 0, 96)
    account.change_limit(200)
    assert [settled(account, 0, each) for each in (53, 1, 30)] == [(), (75,), (90,)]


def test_without_a_limit_all_is_counted_and_nothing_refused() -> None:
    """The figures are kept for the person; nobody is warned."""
    account = Account(None)
    assert account.reserve(10**9)
    assert settled(account, 10**9, 10**9) == ()
    usage = account.usage(3)
    assert (usage.limit, usage.remaining, usage.percent, usage.exhausted, usage.used) == (
        None,
        None,
        None,
        False,
        10**9,
    )


def test_usage_is_told_by_frame_and_by_listener() -> None:
    """Each frame has its figures, in order of appearance."""
    account = Account(1_000)
    settled(account, 0, 10, 5, "a")
    settled(account, 0, 1, 1, "b")
    settled(account, 0, 10, 5, "a")
    usage = account.usage(1)
    assert [(each.thread_id, each.prompt, each.completion, each.requests) for each in usage.frames] == [
        ("a", 20, 10, 2),
        ("b", 1, 1, 1),
    ]
    assert usage.by_listener == {"of a": 30, "of b": 2}


def test_the_memory_of_an_account_is_bounded() -> None:
    """Frames beyond the first thousand are counted together; the sums stay true."""
    account = Account(None)
    for number in range(KEPT_FRAMES + 500):
        account.settle(0, prompt=1, completion=0, thread_id=str(number), listener="x")
    usage = account.usage(1)
    assert len(usage.frames) == KEPT_FRAMES + 1
    assert usage.by_listener == {"x": usage.used} == {"x": KEPT_FRAMES + 500}


def test_a_usage_is_a_picture_of_its_moment() -> None:
    """What was given does not change when more is spent, and nobody can change it."""
    account = Account(100)
    before = account.usage(1)
    settled(account, 0, 10)
    assert before == Usage(1, 100)
    with pytest.raises(AttributeError):
        before.prompt = 5  # type: ignore[misc]


class Accounts(RuleBasedStateMachine):
    """An account against the plainest model there is: lists of what is reserved and of what was spent."""

    reservations = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.limit: int | None = 1_000
        self.account = Account(self.limit)
        self.open: list[int] = []
        self.spent: list[int] = []
        self.told: list[int] = []

    @rule(target=reservations, tokens=TOKENS)
    def reserve(self, tokens: int):
        fits = self.limit is None or tokens <= self.limit - sum(self.spent) - sum(self.open)
        assert self.account.reserve(tokens) is fits
        if not fits:
            return multiple()
        self.open.append(tokens)
        return tokens

    @rule(tokens=consumes(reservations), prompt=TOKENS, completion=TOKENS, frame=st.sampled_from("abc"))
    def settle(self, tokens: int, prompt: int, completion: int, frame: str) -> None:
        self.open.remove(tokens)
        self.spent.append(prompt + completion)
        crossed = settled(self.account, tokens, prompt, completion, frame)
        assert not set(crossed) & set(self.told)
        self.told += crossed
        assert set(self.told) >= self.reached()

    @rule(tokens=consumes(reservations))
    def release(self, tokens: int) -> None:
        self.open.remove(tokens)
        self.account.release(tokens)

    @rule(limit=st.none() | st.integers(1, 5_000))
    def change_limit(self, limit: int | None) -> None:
        self.limit = limit
        self.account.change_limit(limit)
        self.told = [each for each in self.told if each in self.reached()]

    def reached(self) -> set[int]:
        return {each for each in THRESHOLDS if self.limit is not None and sum(self.spent) >= each / 100 * self.limit}

    @invariant()
    def books_agree(self) -> None:
        usage = self.account.usage(1)
        assert usage.used == sum(self.spent) == sum(each.used for each in usage.frames)
        assert usage.reserved == sum(self.open) >= 0
        assert usage.requests == len(self.spent)
        if self.limit is None:
            assert self.account.room is None
        else:
            assert self.account.room == self.limit - sum(self.spent) - sum(self.open)
            assert usage.exhausted is (sum(self.spent) >= self.limit)


TestAccounts = Accounts.TestCase
