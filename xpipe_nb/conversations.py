"""All conversations of one organism: who may begin one, which ones are open, and the one way in which each ends."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import Rejected
from xpipe_nb.events import ThreadEvent
from xpipe_nb.names import SYSTEM

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from xpipe_nb.conversation import Keeper
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.frames import Frame
    from xpipe_nb.limits import Limits
    from xpipe_nb.messages import Raw
    from xpipe_nb.stores.mirror import Mirror
    from xpipe_nb.thread_ids import ThreadIds

__all__ = ["Conversations"]


class Conversations:
    """Opens, finds and ends conversations.

    Args:
        keeper: What each conversation asks things of.
        ids: Makes and knows thread ids.
        bus: Where beginnings and endings are published.
        limits: How long finished ones may be continued, and how many are remembered.
        places: How many may be open before injectors wait.
        open_root: Opens a mailbox.
    """

    def __init__(
        self,
        keeper: Keeper,
        ids: ThreadIds,
        bus: EventBus,
        limits: Limits,
        places: int,
        open_root: Callable[[Conversation, str], Frame],
    ) -> None:
        self._keeper, self._ids, self._bus = keeper, ids, bus
        self.limits, self.places = limits, places
        self._open_root = open_root
        self.count = 0
        self._by_id: dict[str, Conversation] = {}
        self._by_reference: dict[tuple[str, str], Conversation] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self.reserved = 0
        self.active: dict[Conversation, None] = {}
        self.resting: dict[Conversation, None] = {}  # those of the active that wait for a person, and hold no place
        self.finished: OrderedDict[Conversation, None] = OrderedDict()
        self.mirror: Mirror | None = None  # writes what happens into a shared state, where there is one
        self.max_tokens: Callable[[], int | None] = lambda: None
        self.ended: Callable[[Conversation], None] = lambda _conversation: None  # hooks are told here

    def new_thread_id(self, conversation: Conversation, frame: Frame) -> str:
        """Make the id of a frame; those of open mailboxes can be looked up."""
        thread_id = self._ids.new()
        if frame.parent is None and conversation in self.active:
            self._by_id[thread_id] = conversation
        return thread_id

    # ---- who may begin

    @property
    def is_full(self) -> bool:
        """One more injector would have to wait."""
        return self.taken >= self.places

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return len(self.active) - len(self.resting) + self.reserved

    @property
    def waiting(self) -> int:
        """How many injectors wait for a place."""
        return len(self._waiting)

    async def reserve(self, *, wait: bool = True) -> None:
        """Take a place for one more open conversation; `give_back` it once the injection has been looked at.

        Raises:
            Rejected: With reason `busy`, when there is none and `wait` is false.
            StoreError: Too much waits for a shared state that refuses us.
        """
        if self.mirror is not None and self.mirror.is_behind:
            if not wait:
                raise Rejected("source", "busy", f"too much waits to be written to {self.mirror.address.where}")
            await self.mirror.ready()
        if self.is_full and not wait:
            detail = f"{len(self.active) - len(self.resting)} conversations are open, at most {self.places} may be"
            raise Rejected("source", "busy", f"{detail} (max_concurrent_pipelines)")
        while self.is_full and not self._closed:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake_next()
                raise
        self.reserved += 1

    def give_back(self) -> None:
        """Free a reserved place: the conversation is open and counted, or never came to be."""
        self.reserved -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        while self._waiting and not self.is_full:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def bound(self, limits: Limits, places: int) -> None:
        """Take over other limits; whoever waits for a place that there is now may come in."""
        self.limits, self.places = limits, places
        for _ in range(places - self.taken):
            self._wake_next()
        while len(self.finished) > limits.max_finished:
            self.finished.popitem(last=False)

    # ---- lives

    def for_injection(self, raw: Raw, thread: str | None) -> Conversation:
        """Give the conversation that an injection belongs to: the one it names, or a new one.

        Raises:
            Rejected: At stage `assign`, for a thread that is not the port's or is closed.
        """
        if raw.conversation is not None:
            return self._continued(raw.conversation, raw.port)
        if thread is not None:
            if self._ids.is_ours(thread):
                return self._joined(thread, raw.port)
            known = self._by_reference.get((raw.port, thread))
            if known is not None:
                return known
        conversation = Conversation(self._keeper, raw.port, raw.context, thread)
        conversation.root = self._open_root(conversation, raw.port)
        if thread is not None:
            self._by_reference[raw.port, thread] = conversation
        return conversation

    def _joined(self, thread: str, port: str) -> Conversation:
        conversation = self._by_id.get(thread)
        if conversation is None or conversation.port != port:
            raise Rejected("assign", "thread", f"thread {thread} is closed, or was not issued to {port}")
        return conversation

    def _continued(self, conversation: Conversation, port: str) -> Conversation:
        if not conversation.belongs_to(self._keeper):
            raise Rejected("assign", "thread", f"{conversation!r} belongs to another organism")
        if conversation.port != port:
            detail = f"#{conversation.number} was begun by {conversation.port}, not by {port}"
            raise Rejected("assign", "thread", detail)
        ttl = self.limits.idle_ttl
        if conversation.is_over and ttl is not None and monotonic() - conversation.ended_at > ttl:
            raise Rejected(
                "assign", "thread", f"#{conversation.number} ended more than {ttl:g} s ago (limits.idle_ttl)"
            )
        return conversation

    def admitted(self, conversation: Conversation) -> None:
        """An injection of the conversation was taken: it is open from now on, if it was not."""
        if conversation in self.active:
            self.go_on(conversation)
            return
        is_new = not conversation.number
        if is_new:
            self.count += 1
            conversation.number = self.count
        elif conversation.is_over:
            conversation.begin_again()
        self.active[conversation] = None
        if conversation.root._id is not None:  # noqa: SLF001 - only if somebody ever asked for it
            self._by_id[conversation.root._id] = conversation  # noqa: SLF001
        if conversation.reference is not None:
            self._by_reference[conversation.port, conversation.reference] = conversation
        self._tell_beginning(conversation, ("created", "active") if is_new else ("active",))

    def _tell_beginning(self, conversation: Conversation, states: tuple[str, ...]) -> None:
        if self.mirror is not None:
            self.mirror.began(conversation)
        if self._bus.heard:
            for status in states:
                self._publish(conversation, status)

    def rest(self, conversation: Conversation) -> None:
        """All that is left of a conversation is a question to a person: its place goes to others."""
        self.resting[conversation] = None
        conversation.rest()
        if self.mirror is not None:
            self.mirror.changed(conversation)
        self._wake_next()

    def go_on(self, conversation: Conversation) -> None:
        """A conversation that waited for a person goes on, even where its place was taken meanwhile."""
        if conversation in self.resting:
            del self.resting[conversation]
            conversation.state = "active"
            if self.mirror is not None:
                self.mirror.changed(conversation)

    @property
    def known(self) -> list[Conversation]:
        """All that are remembered, oldest first; open ones last."""
        return [*self.finished, *self.active]

    @property
    def keeper(self) -> Keeper:
        """What each conversation asks things of."""
        return self._keeper

    def keep_reply(self, conversation: Conversation, payload: Any, element: _Element, from_id: str) -> None:
        """Put a reply into the mailbox: the payload, and its tree for a shared state."""
        conversation.replies.append(payload)
        self._into_mailbox(conversation, payload, element, from_id)

    def keep_error(self, conversation: Conversation, error: Any) -> None:
        """Put an error that nobody inside took into the mailbox."""
        conversation.errors.append(error)
        self._into_mailbox(conversation, error, error, SYSTEM)

    def _into_mailbox(self, conversation: Conversation, item: Any, shared: Any, from_id: str) -> None:
        conversation.mail.append((item, from_id))
        if self.mirror is not None:
            self.mirror.arrived(conversation, shared, from_id, len(conversation.mail) - 1)

    def discard(self, conversation: Conversation) -> None:
        """Forget a conversation whose first injection was refused."""
        if not conversation.number:
            self._forget_reference(conversation)

    def _forget_reference(self, conversation: Conversation) -> None:
        key = (conversation.port, conversation.reference or "")
        if self._by_reference.get(key) is conversation:
            del self._by_reference[key]

    def end(self, conversation: Conversation, state: str | None = None) -> bool:
        """End a conversation, by whatever way it came here; say whether it was open."""
        if conversation not in self.active:
            return False
        del self.active[conversation]
        self.resting.pop(conversation, None)
        conversation.end(state or ("failed" if conversation.failed else "done"), monotonic())
        self._by_id.pop(conversation.root._id or "", None)  # noqa: SLF001 - see above
        self._forget_reference(conversation)
        self.finished.pop(conversation, None)
        self.finished[conversation] = None
        if len(self.finished) > self.limits.max_finished:
            self.finished.popitem(last=False)
        self.ended(conversation)
        if self.mirror is not None:
            self.mirror.changed(conversation)
        if self._bus.heard:
            status = {"done": "completed", "failed": "error", "killed": "killed"}[conversation.state]
            self._publish(conversation, status)
        self._wake_next()
        return True

    def _publish(self, conversation: Conversation, status: str) -> None:
        error = conversation._problem() if status in ("error", "killed") else None  # noqa: SLF001
        participants = conversation.participants
        self._bus.publish(ThreadEvent(conversation.id, status, participants, error, conversation.number))

    def send_waiting_away(self) -> None:
        """Wake every injector that still waits for a place; each will find the door closed."""
        self._closed = True
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
