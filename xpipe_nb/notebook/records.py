"""Who sent what to whom: a bounded record of an organism's messages, for `%expect` and `%organism threads`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from xpipe_nb.events import MessageQueuedEvent, OrganismStateEvent, PumpEvent, ThreadEvent
from xpipe_nb.organism import Organism
from xpipe_nb.payloads import codec_of

__all__ = ["KEPT", "Record", "Seen"]

KEPT = 2_000
"""How many messages of one organism are kept, the newest ones."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One message that passed every check and went to its receiver.

    Args:
        conversation: The number of its conversation.
        from_id: Who sent it.
        to_id: Who got it.
        cls: The payload's class.
        element: The payload as a tree that nobody changes.
    """

    conversation: int
    from_id: str
    to_id: str
    cls: type
    element: Any

    @property
    def payload(self) -> Any:
        """The payload, made anew: what a handler does to its own copy is not seen here."""
        is_tree = self.cls is type(self.element)  # a listener that takes anything is handed the tree itself
        return self.element if is_tree else codec_of(self.cls).decode(self.element)

    @property
    def tag(self) -> str:
        """The name of the payload's class."""
        return str(self.element.tag)


class Record:
    """Writes down what happens in one organism, from its beginning, a turn of the loop after it happened.

    `newest` is the number of the conversation that was begun or continued last (0 when there was none), `begun_at` the
    time of that on the monotonic clock.

    Args:
        organism: The organism.
        ended: Is told the number of each conversation that has ended.
        stopped: Is called once the organism has stopped, whoever stopped it.
    """

    def __init__(
        self,
        organism: Organism,
        ended: Callable[[int], None] = lambda _number: None,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self._ended, self._stopped = ended, stopped
        self._messages: deque[Seen] = deque(maxlen=KEPT)
        self._first_kept = 0
        self._changed: asyncio.Future[None] | None = None
        self.newest = 0
        self.begun_at = 0.0
        self.close = organism.subscribe(self._note)

    def of(self, conversation: int) -> list[Seen]:
        """Give the messages of one conversation, in their order."""
        return [each for each in self._messages if each.conversation == conversation]

    def is_whole(self, conversation: int) -> bool:
        """Say whether all messages of a conversation are still kept."""
        return conversation > self._first_kept

    async def change(self) -> None:
        """Wait until something happens."""
        if self._changed is None:
            self._changed = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._changed)

    def _note(self, event: PumpEvent) -> None:
        if isinstance(event, MessageQueuedEvent):
            if len(self._messages) == KEPT:
                self._first_kept = max(self._first_kept, self._messages[0].conversation)
            seen = Seen(event.conversation, event.from_id, event.to_id or "?", type(event.payload), event.element)
            self._messages.append(seen)
            if event.kind == "inject":
                self.newest, self.begun_at = event.conversation, event.at
        elif isinstance(event, ThreadEvent):
            if event.status not in ("created", "active"):
                self._ended(event.conversation)
        elif isinstance(event, OrganismStateEvent) and event.state == "stopped":
            # A turn later, everybody else has been told, too, and what a view shows is the last state.
            asyncio.get_running_loop().call_soon(self._stopped)
        else:
            return
        if self._changed is not None:
            self._changed.set_result(None)
            self._changed = None
