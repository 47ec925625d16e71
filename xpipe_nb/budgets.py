"""Budgets: what a conversation may spend on models, in tokens, and what it has spent.

The reckoning alone, with nothing of waiting in it. Tokens are *reserved* before a model is asked and *settled* with
the real figure afterwards, so that calls made at the same time cannot each believe that what is left is theirs.

    limit  =  used + reserved + room          room is never given away twice; only what was really spent may exceed it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["SEVERITIES", "THRESHOLDS", "Account", "FrameUsage", "Usage"]

SEVERITIES = {75: "warning", 90: "critical", 95: "final"}
"""What it is called when so many percent of a budget are used."""

THRESHOLDS = tuple(SEVERITIES)
"""The percentages at which a warning is due, ascending."""

KEPT_FRAMES = 1_000
"""How many frames an account tells apart, the first ones first; the others are counted together."""


class FrameUsage(NamedTuple):
    """What was spent in one frame.

    Args:
        thread_id: The frame's id; empty for what was spent in all frames that are not told apart any more.
        listener: Whose frame it is.
        prompt: Tokens that were read.
        completion: Tokens that were written.
        requests: How often something was spent.
    """

    thread_id: str
    listener: str
    prompt: int = 0
    completion: int = 0
    requests: int = 0

    @property
    def used(self) -> int:
        """Tokens in all."""
        return self.prompt + self.completion


@dataclass(frozen=True, slots=True)
class Usage:
    """What one conversation has spent, as it stood when somebody asked.

    Args:
        conversation: The conversation's number.
        limit: Tokens that it may spend; `None` for as many as it likes.
        prompt: Tokens that were read.
        completion: Tokens that were written.
        reserved: Tokens that are set aside for what is under way.
        requests: How often something was spent.
        frames: What was spent in each frame, in order of appearance.
        elsewhere: Tokens that others have spent or set aside, who share the account: workers, other kernels.

    Example:
        >>> usage = Usage(1, limit=1_000, prompt=600, completion=150, reserved=100)
        >>> usage.used, usage.remaining, usage.percent, usage.exhausted
        (750, 150, 75.0, False)
    """

    conversation: int
    limit: int | None
    prompt: int = 0
    completion: int = 0
    reserved: int = 0
    requests: int = 0
    frames: tuple[FrameUsage, ...] = ()
    elsewhere: int = 0

    @property
    def used(self) -> int:
        """Tokens spent."""
        return self.prompt + self.completion

    @property
    def remaining(self) -> int | None:
        """Tokens that are neither spent nor set aside; `None` without a limit."""
        return None if self.limit is None else max(0, self.limit - self.used - self.reserved - self.elsewhere)

    @property
    def percent(self) -> float | None:
        """How much of the limit is spent, to one decimal; `None` without a limit."""
        return None if self.limit is None else round(100 * self.used / self.limit, 1)

    @property
    def exhausted(self) -> bool:
        """Nothing is left, nor will be when what is under way needs less than was set aside for it."""
        return self.limit is not None and self.used >= self.limit

    @property
    def by_listener(self) -> dict[str, int]:
        """Tokens spent by each listener, in all of its frames."""
        spent: dict[str, int] = {}
        for each in self.frames:
            spent[each.listener] = spent.get(each.listener, 0) + each.used
        return spent


class Account:
    """The account of one conversation.

    Args:
        limit: Tokens that may be spent, at least 1; `None` for as many as one likes.

    Example:
        >>> account = Account(1_000)
        >>> account.reserve(800), account.reserve(300)
        (True, False)
        >>> account.settle(800, prompt=700, completion=50, thread_id="t", listener="planner")
        (75,)
        >>> account.room
        250
    """

    __slots__ = (
        "_frames", "_told", "completion", "elsewhere", "limit", "prompt", "raised", "requests", "reserved", "shared",
    )  # fmt: skip

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.raised = False  # by hand: what all others get does not change it any more
        self.prompt = self.completion = self.reserved = self.requests = 0
        self.elsewhere = 0  # what others have taken who share it, as the store said last
        self.shared = 0  # what the store knows of what is taken here; its writer's own
        self._told = 0  # the highest threshold that was crossed and told
        self._frames: dict[tuple[str, str], FrameUsage] = {}

    @property
    def used(self) -> int:
        """Tokens spent."""
        return self.prompt + self.completion

    @property
    def is_used(self) -> bool:
        """Something was spent or reserved, or its limit was raised."""
        return bool(self.requests or self.reserved or self.raised)

    @property
    def room(self) -> int | None:
        """Tokens that can still be reserved; below zero when more was spent than there was, `None` without a limit."""
        return None if self.limit is None else self.limit - self.used - self.reserved - self.elsewhere

    def reserve(self, tokens: int) -> bool:
        """Set tokens aside, if there are so many; say whether there were."""
        room = self.room
        if room is not None and tokens > room:
            return False
        self.reserved += tokens
        return True

    def release(self, tokens: int) -> None:
        """Give back what was reserved and not used."""
        self.reserved -= tokens

    def settle(self, reserved: int, *, prompt: int, completion: int, thread_id: str, listener: str) -> tuple[int, ...]:
        """Book what was really spent, be it less or more than was reserved.

        Args:
            reserved: What was reserved for it.
            prompt: Tokens that were read.
            completion: Tokens that were written.
            thread_id: The frame that it was spent in.
            listener: Whose frame that is.

        Returns:
            The thresholds that are crossed by it, ascending; each only once, until the limit is raised.
        """
        self.reserved -= reserved
        self.prompt += prompt
        self.completion += completion
        self.requests += 1
        key = (thread_id, listener)
        if key not in self._frames and len(self._frames) >= KEPT_FRAMES:
            key = ("", listener)
        before = self._frames.get(key, FrameUsage(*key))
        self._frames[key] = FrameUsage(
            *key, before.prompt + prompt, before.completion + completion, before.requests + 1
        )
        crossed = tuple(each for each in self._reached() if each > self._told)
        self._told = crossed[-1] if crossed else self._told
        return crossed

    def change_limit(self, limit: int | None) -> None:
        """Set another limit; thresholds that are no longer reached can be crossed again."""
        self.limit = limit
        self._told = min(self._told, max(self._reached(), default=0))

    def usage(self, conversation: int) -> Usage:
        """Give what was spent so far."""
        frames = tuple(self._frames.values())
        return Usage(
            conversation,
            self.limit,
            self.prompt,
            self.completion,
            self.reserved,
            self.requests,
            frames,
            self.elsewhere,
        )

    def _reached(self) -> list[int]:
        """Give the thresholds that are reached, without rounding."""
        limit = self.limit
        return [] if limit is None else [each for each in THRESHOLDS if 100 * self.used >= each * limit]
