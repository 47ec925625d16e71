"""Dispatch hooks: somebody keeps a book of all messages, and learns of each what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.xml import build_envelope, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.dispatch.turn import Turn

__all__ = ["DispatchHook", "Entry", "Hooks"]

log = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that one call of a hook may take; then the pump goes on without its answer."""

Entry = tuple[Any, Any]
"""A hook, and the id under which it has written a message down."""


class DispatchHook(Protocol):
    """Keeps a book of messages; a journal is one. Every method may be missing.

    What a hook raises is logged and harms nobody; a hook whose `on_intent` raised, or took too long, hears no more of
    that message. A message that is tried again keeps its entry.
    """

    async def on_intent(
        self, *, thread_id: str, from_id: str, to_id: str, payload_type: str, payload_bytes: bytes
    ) -> Any:
        """Write down a message that is about to be handed to its listener; give the id of the entry.

        Args:
            thread_id: The frame that it arrives in.
            from_id: Who sent it.
            to_id: Whose handler it is for.
            payload_type: The name of its class.
            payload_bytes: The whole message, canonical (exclusive C14N without comments). It is never signed, also not
                with an identity: it is a record of what goes on inside, and must not pass for a message that was sent.
        """

    async def on_dispatched(self, entry_id: Any, /) -> None:
        """Its handler is called now."""

    async def on_acknowledged(self, entry_id: Any, /) -> None:
        """It was handled, and all that the handler sent is queued."""

    async def on_failed(self, entry_id: Any, error: str, /) -> None:
        """It was not handled: its handler failed, or was ended."""

    async def on_thread_complete(self, thread_id: str, /) -> None:
        """The conversation with this root frame is over."""


class Hooks:
    """The hooks of one pump, called in the order in which they were registered."""

    def __init__(self, hooks: Sequence[Any] = ()) -> None:
        self._hooks: tuple[Any, ...] = tuple(hooks)
        self.changed: Callable[[], None] = lambda: None
        self._last: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def register(self, hook: Any) -> None:
        """Call a hook from now on; one that is registered already is called once."""
        self._hooks = (*(each for each in self._hooks if each is not hook), hook)
        self.changed()

    def unregister(self, hook: Any) -> None:
        """Call it no more; of messages that it has written down it still hears the end."""
        self._hooks = tuple(each for each in self._hooks if each is not hook)
        self.changed()

    async def intent(self, turn: Turn) -> list[Entry]:
        """Have a message written down; give the entries."""
        send, frame = turn.delivery.send, turn.frame
        message = build_envelope(send.element, from_id=send.from_id, to_id=frame.listener, thread=frame.thread_id)
        written = {
            "thread_id": frame.thread_id,
            "from_id": send.from_id,
            "to_id": frame.listener,
            "payload_type": send.tag,
            "payload_bytes": canonical(message),
        }
        entries = []
        for hook in self._hooks:
            answered, entry = await _asked(hook, "on_intent", **written)
            if answered:
                entries.append((hook, entry))
        return entries

    async def tell(self, entries: Sequence[Entry], what: str, *more: Any) -> None:
        """Tell every hook what became of its entry."""
        for hook, entry in entries:
            await _asked(hook, what, entry, *more)

    def tell_later(self, entries: Sequence[Entry], what: str, *more: Any) -> None:
        """Do that in a task of its own, because the one that calls is being ended."""
        self._later(lambda: self.tell(entries, what, *more))

    def completed(self, conversation: Conversation) -> None:
        """Tell every hook that a conversation is over, after all that it was told before."""
        if self._hooks:
            entries = [(hook, conversation.id) for hook in self._hooks]
            self._later(lambda: self.tell(entries, "on_thread_complete"))

    def _later(self, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        before = self._last

        async def in_order() -> None:
            if before is not None:
                await asyncio.wait([before])
            await call()

        self._last = asyncio.get_running_loop().create_task(in_order(), name="xpipe-hooks")

    async def flush(self) -> None:
        """Wait until every hook has heard all; a hook that hangs has its deadline."""
        while self._last is not None and not self._last.done():
            await asyncio.wait([self._last])


async def _asked(hook: Any, what: str, *words: Any, **written: Any) -> tuple[bool, Any]:
    """Call one method of one hook; say whether it answered, and what."""
    method = getattr(hook, what, None)
    if method is None:
        return True, None
    try:
        async with asyncio.timeout(PATIENCE):
            return True, await method(*words, **written)
    except TimeoutError:
        log.warning("%s.%s took longer than %g s; the pump went on", type(hook).__name__, what, PATIENCE)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        log.warning("%s.%s was cancelled, but not by the pump", type(hook).__name__, what)
    except (Exception, SystemExit):
        log.exception("%s.%s raised; the pump went on", type(hook).__name__, what)
    return False, None
