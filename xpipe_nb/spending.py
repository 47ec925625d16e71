"""Spending: what a handler's block of `meta.tokens` reserves where it begins, and books where it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CallFailed

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from xpipe_nb.dispatch.turn import Turn

__all__ = ["Spending", "Spent"]


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
        if loop is None:  # the process of a worker: the pump is asked by its connection
            asyncio.run(work)
            return
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


def _is_count(tokens: object) -> bool:
    return isinstance(tokens, int) and not isinstance(tokens, bool) and tokens >= 0
