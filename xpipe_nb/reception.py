"""The door: what is looked at before a message from outside comes to the stream, and who hears what became of it."""

from __future__ import annotations

import asyncio
import contextvars
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.composing import check_name
from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import Rejected, XPipeError
from xpipe_nb.messages import Raw
from xpipe_nb.names import SYSTEM, is_name, is_system_name
from xpipe_nb.replies import shown
from xpipe_nb.xml import repair_text

if TYPE_CHECKING:
    from contextvars import Context

    from xpipe_nb.composing import Composer
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.directory import Directory
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.inbox import Inbox
    from xpipe_nb.xml import GateLimits

__all__ = ["Admission", "Reception"]

_inside: ContextVar[object] = ContextVar("xpipe_reception", default=None)
"""Where a handler's own injections come in: they never wait for a place, so a pump cannot wait for itself."""


class Admission:
    """Somebody who waits to hear whether an injection was taken."""

    __slots__ = ("_outcome",)

    def __init__(self) -> None:
        self._outcome: asyncio.Future[Conversation] = asyncio.get_running_loop().create_future()

    def admitted(self, conversation: Conversation) -> None:
        """Hear that it is queued."""
        if not self._outcome.done():
            self._outcome.set_result(conversation)

    def refused(self, error: Exception) -> None:
        """Hear that it was refused."""
        if not self._outcome.done():
            self._outcome.set_exception(error)

    async def outcome(self) -> Conversation:
        """Wait for either.

        Raises:
            Rejected: The injection was refused.
        """
        return await self._outcome


class Reception:
    """Takes messages from outside.

    Args:
        inbox: Where they are queued.
        directory: Who is there.
        composer: Writes payload objects.
        conversations: Who may begin one.
        exchange: Where refusals go.
        gate: The limits for text that is repaired.
    """

    def __init__(
        self,
        inbox: Inbox,
        directory: Directory,
        composer: Composer,
        conversations: Conversations,
        exchange: Exchange,
        gate: GateLimits,
    ) -> None:
        self._inbox, self._directory, self._composer = inbox, directory, composer
        self._conversations, self._exchange, self.gate = conversations, exchange, gate
        self._closed = ""
        self._mark = object()  # stands for this door in contexts, which may outlive it

    def close(self, organism: str) -> None:
        """Take no more, and send away whoever waits for a place."""
        self._closed = f"{organism} was stopped"
        self._conversations.send_waiting_away()

    def queue(self, data: bytes | str, reference: str | None, port: str) -> None:
        """Queue a message whose fate nobody waits to hear."""
        raw = Raw(data, port, reference=reference, context=self._context())
        try:
            if self._closed:
                raise Rejected("source", "closed", self._closed)
            self._check_port(port)
        except Rejected as rejection:
            self._exchange.losses.refuse_at_door(raw, rejection)
        else:
            self._inbox.put_injection(raw)

    def take(self, message: Any, to: str | None, port: str) -> None:
        """Queue a message that a stage made of nothing, in any form; nobody waits to hear of it."""
        raw = Raw(message, port, to=to, context=self._context())
        try:
            if self._closed:
                raise Rejected("source", "closed", self._closed)
            self._check_port(port)
            self._prepare(raw, repair=False)
        except Rejected as rejection:
            self._exchange.losses.refuse_at_door(raw, rejection)
        else:
            self._inbox.put_injection(raw)

    def announce(self, payload: Any, to: str) -> None:
        """Queue a message of the pump's own; it comes in by the port `system`, which is nobody else's."""
        element, cls = self._composer.encode(payload)
        self._inbox.put_injection(Raw(element, SYSTEM, to=to, context=self._context(), trusted=True, cls=cls))

    async def submit(
        self,
        message: Any,
        *,
        to: str | None = None,
        from_id: str = "console",
        conversation: Conversation | None = None,
        nowait: bool = False,
        repair: bool = False,
        vouched: bool = False,
    ) -> Conversation:
        """Do what `Organism.inject` says; what is `vouched` for needs no signature."""
        if conversation is not None and not isinstance(conversation, Conversation):
            raise XPipeError(f"conversation= takes what inject returned, got {shown(conversation)}")
        admission = Admission()
        context = self._context()
        raw = Raw(
            message, from_id, to=to, conversation=conversation, origin=admission, context=context, vouched=vouched
        )
        needs_place = _inside.get() is not self._mark and (conversation is None or conversation.is_over)
        try:
            self._check_port(from_id)
            raw.to = check_name(to)
            self._prepare(raw, repair=repair)
            if needs_place:
                await self._conversations.reserve(wait=not nowait)
        except Rejected as rejection:
            self._exchange.losses.refuse_at_door(raw, rejection)
            return await admission.outcome()
        try:
            if self._closed:
                raise XPipeError(self._closed)
            self._inbox.put_injection(raw)
            return await admission.outcome()
        finally:
            if needs_place:
                self._conversations.give_back()

    def _context(self) -> Context:
        """The context in which the handlers of a conversation that begins here run."""
        context = contextvars.copy_context()
        context.run(_inside.set, self._mark)
        return context

    def _check_port(self, port: str) -> None:
        if not isinstance(port, str) or not is_name(port) or is_system_name(port):
            detail = f"{port!r} cannot be a port; expected a name such as 'console', not system.*"
            raise Rejected("source", "port", detail)
        if self._directory.routes.get(port) is not None:
            detail = f"{port!r} is a listener of {self._directory.organism}; nobody outside may speak for it"
            raise Rejected("source", "port", detail)

    def _prepare(self, raw: Raw, *, repair: bool) -> None:
        data: Any = raw.data
        if isinstance(data, bytes | str):
            if repair:
                self._repair(raw, data)
        elif not etree.iselement(data):
            try:
                raw.data, raw.cls = self._composer.encode(data)
            except Rejected as rejection:
                raise Rejected("read", "payload", rejection.detail) from rejection
            raw.trusted = True

    def _repair(self, raw: Raw, text: bytes | str) -> None:
        repaired = repair_text(text, self.gate)
        count = len(repaired.elements)
        if count != 1:
            raise Rejected("read", "malformed" if count else "empty", f"expected one element, found {count}")
        ((line, column),) = repaired.places
        margin = "\n" * (line - 1) + " " * (column - 1)  # so that a place in it is one in the text as it was written
        raw.given = text
        raw.data, raw.repairs = margin + repaired.elements[0], repaired.repairs
