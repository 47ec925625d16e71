"""What a person decides in a view, and may be refused: end, raise, answer, resend or dismiss a dead letter, kill."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from typing import Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import XPipeError
from xpipe_nb.notebook.feed import Feed
from xpipe_nb.organism import Organism
from xpipe_nb.questions import Question
from xpipe_nb.views.edited import problem_in

__all__ = ["Clicks"]


_NOT_IN_WORDS = {
    "budget": "A budget is raised: how many tokens may be spent is what it asks for.",
    "breakpoint": "A held message is let go, edited or dropped.",
}
"""Kinds of questions that no text answers, and what is said of them."""


class Clicks:
    """Does what a view asks for, and says what became of it.

    Args:
        organism: The organism.
        feed: What the view knows.
    """

    def __init__(self, organism: Organism, feed: Feed) -> None:
        self._organism, self._feed = organism, feed
        self._acts: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]]] = {
            "end": self._end,
            "raise": self._raise,
            "answer": self._answer,
            "resend": self._resend,
            "dismiss": self._dismiss,
            "kill": self._kill,
        }

    def __contains__(self, what: object) -> bool:
        return what in self._acts

    async def done(self, what: str, content: Mapping[str, Any]) -> dict[str, Any]:
        """Do one thing.

        Args:
            what: Which; it is one of these.
            content: What the front end has sent.

        Returns:
            Nothing if it was done; else why not (`error`), and for a text where in it (`mark`).
        """
        try:
            return await self._acts[what](content)
        except XPipeError as error:
            return {"error": str(error)}

    async def _end(self, content: Mapping[str, Any]) -> dict[str, Any]:
        conversation = self._conversation(content.get("conversation"))
        if conversation is not None and not conversation.is_over:
            conversation.cancel("it was ended in the view")
        return {}

    def _conversation(self, number: Any) -> Conversation | None:
        return next((each for each in self._organism.conversations if each.number == number), None)

    async def _raise(self, content: Mapping[str, Any]) -> dict[str, Any]:
        self._organism.budgets.raise_limit(_number(content.get("conversation")), _number(content.get("tokens")))
        return {}

    async def _answer(self, content: Mapping[str, Any]) -> dict[str, Any]:
        question = self._question(content.get("question"))
        if question is None:
            return {"error": "It was answered already, or nobody waits for it any more."}
        if question.kind in _NOT_IN_WORDS:
            return {"error": _NOT_IN_WORDS[question.kind]}
        self._organism.pump.questions.answer(question, str(content.get("text", "")))
        return {}

    def _question(self, number: Any) -> Question | None:
        return next((each for each in self._organism.questions if each.number == number), None)

    async def _resend(self, content: Mapping[str, Any]) -> dict[str, Any]:
        key, text = _number(content.get("key")), content.get("text")
        message = self._feed.message(key)
        if message is None or not message.letter:
            return {"error": "This letter is not kept any more."}
        listener = self._organism.listeners.get(message.to)
        if text is not None and listener is not None:
            problem = problem_in(str(text), listener)
            if problem is not None:
                return {"error": problem.detail, "mark": problem.mark}
        sent = self._organism.resend(message.letter, None if text is None else str(text))
        await asyncio.create_task(sent, context=self._context(message.conversation))
        self._feed.settle_letter(key, "resent")
        return {}

    def _context(self, number: int) -> Context | None:
        """Give the context of the cell that began a conversation: what handlers print is shown there."""
        known = self._conversation(number)
        return None if known is None or known.context is None else known.context.copy()

    async def _dismiss(self, content: Mapping[str, Any]) -> dict[str, Any]:
        self._feed.settle_letter(_number(content.get("key")), "dismissed")
        return {}

    async def _kill(self, content: Mapping[str, Any]) -> dict[str, Any]:
        pid = _number(content.get("pid"))
        killed = self._organism.workers.kill(pid, source="the view")
        return {} if killed else {"error": f"There is no worker {pid} any more."}


def _number(value: Any) -> int:
    """Read a number that a page has sent; it may send anything."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise XPipeError(f"expected a whole number, got {value!r}"[:120])
    return value
