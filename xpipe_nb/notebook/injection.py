"""One `%inject`: from the line a person wrote to the conversation it became, and what the cell shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import ConversationFailed, ConversationWaits, Rejected
from xpipe_nb.notebook.answering import unattended
from xpipe_nb.notebook.arguments import payload_from
from xpipe_nb.notebook.budgeting import waits_line
from xpipe_nb.notebook.display import conversation_bundle, show, summary_line
from xpipe_nb.notebook.handle import Handle
from xpipe_nb.notebook.line import InjectLine
from xpipe_nb.notebook.mistakes import Mistake, one_line, show_as
from xpipe_nb.notebook.picture import Picture
from xpipe_nb.notebook.reports import dead_magic, letters_line
from xpipe_nb.notebook.saying import say
from xpipe_nb.notebook.session import Session, check_name
from xpipe_nb.notebook.waiting import goes_on

__all__ = ["Injection"]

_MOST_CAUSES = 3


class Injection:
    """An injection that is understood and can be sent; understanding it may raise, before anything is sent.

    Args:
        session: The organisms of this kernel.
        line: The line, with the payload's text.
        namespace: Where names in the payload are looked up.

    Raises:
        Mistake: When there is no such organism or listener, or the payload is none that it takes.
    """

    def __init__(self, session: Session, line: InjectLine, namespace: Mapping[str, Any]) -> None:
        self._session, self._line, self._called = session, line, session.called
        self._organism, listener = session.find(line.target)
        self._to = listener.name
        is_raw = line.options.get("raw")
        self._payload = line.text.encode() if is_raw else payload_from(line.text, listener, namespace, self._called)
        if variable := line.options.get("as"):
            check_name(variable)
        number = line.options.get("continue")
        self._earlier = None if number is None else self._organism.conversation(number)
        self._repairs = 0 if self._earlier is None else len(self._earlier.repairs)

    async def run(self, handle: Handle) -> Conversation:
        """Send it, give the conversation its name, wait for its end, and show that.

        Raises:
            Rejected: When the organism refuses it; nothing was sent.
            ConversationFailed: When it ended in an error; the name is bound all the same.
            Mistake: When it takes longer than `--timeout`; it goes on.
        ConversationWaits: When it waits for a person, and nobody looks on.

        A conversation that waits for the person is given back as it is: the one line says what for.
        """
        letters = self._organism.dead_letters.total
        conversation = await self._sent()
        for variable in filter(None, [*handle.names, self._line.options.get("as")]):
            self._session.bind(variable, conversation)
        if self._line.options.get("no-wait"):
            self._show(conversation, handle)
            return conversation
        if self._organism.paused:  # a cell that waits keeps all others waiting, %organism resume among them
            waits = goes_on(self._session, conversation)
            say(f"{self._organism.name} is paused. {self._called.organism} resume. {waits}")
            return conversation
        try:
            await self._ended(conversation)
        except ConversationWaits as waits:  # for the person, who can do nothing while this cell waits
            self._tell_that_it_waits(waits)
            return conversation
        except ConversationFailed as failed:
            show_as(failed, *self._causes(failed, conversation, letters))
            raise
        finally:  # prints come first, also what is said of those that were held back
            if conversation.is_over:
                self._session.tell_end(self._organism, conversation)
                self._session.outputs.end_line(conversation)
        self._show(conversation, handle)
        if lost := list(self._session.letters_of(self._organism, conversation, letters)):
            say(letters_line(lost, dead_magic(self._session, self._organism)))
        return conversation

    async def _sent(self) -> Conversation:
        from_id = self._line.options.get("from", "console")
        mend = isinstance(self._payload, str)
        try:
            return await self._organism.inject(
                self._payload, to=self._to, from_id=from_id, conversation=self._earlier, repair=mend
            )
        except Rejected as refused:
            show_as(refused, one_line(refused), "Nothing was sent.")
            raise

    def _tell_that_it_waits(self, waits: ConversationWaits) -> None:
        """Say what the person has to decide; where nobody is, that is an error."""
        several = len(self._session.organisms) > 1
        line = waits_line(waits, self._organism, self._called.organism, several=several)
        if not self._session.is_attended:
            show_as(waits, f"✕ {line}", unattended(self._called.organism))
            raise waits
        say(line)

    async def _ended(self, conversation: Conversation) -> None:
        seconds = self._line.options.get("timeout")
        try:
            async with asyncio.timeout(seconds):
                await conversation
        except TimeoutError:
            raise Mistake(f"No end within {seconds:g} s. {goes_on(self._session, conversation)}") from None

    def _causes(self, failed: ConversationFailed, conversation: Conversation, since: int) -> list[str]:
        """Say why it failed: what agents may not read (a handler's exception) stands in the dead letters.

        What only follows from another failure (a caller that did not catch its `CallFailed`) is neither told nor counted.
        """
        letters = list(self._session.letters_of(self._organism, conversation, since))
        roots = [letter for letter in letters if " raised CallFailed" not in letter.detail] or letters
        told = [f"✕ #{conversation.number} failed: {letter.cause}" for letter in roots[:_MOST_CAUSES]]
        if told and (more := len(roots) - len(told)):
            told.append(f"  … and {more:,} more: {dead_magic(self._session, self._organism)}")
        return told or [one_line(failed)]

    def _show(self, conversation: Conversation, handle: Handle) -> None:
        if self._line.silent or handle.is_left_to_ipython:
            return
        where = self._organism.name if len(self._session.organisms) > 1 else ""
        if self._line.options.get("no-wait"):
            line = Picture(lambda: {"text/plain": summary_line(conversation, where, self._repairs)})
            line.show()
            self._session.keep_line(conversation, line)
        elif handle.is_assigned:
            say(summary_line(conversation, where, self._repairs))
        else:
            show(conversation_bundle(conversation, where, self._repairs))
