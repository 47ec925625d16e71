"""What an organism writes into its shared state while it runs: who began, who was called, what was said, what came back.

The organism's own objects stay the truth; the store is written to behind their back, in order, by `Writer`.
"""

from __future__ import annotations

import asyncio
import logging
from copy import deepcopy
from time import time
from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree

from xpipe_nb.errors import PayloadError, StoreAway, StoreError
from xpipe_nb.events import BackendEvent
from xpipe_nb.payloads import codec_of
from xpipe_nb.state_address import StateAddress
from xpipe_nb.stores.ledger import Ledger
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.records import ConversationRecord, Records, SlotRecord, ThreadRecord
from xpipe_nb.stores.shared import SharedState, open_store
from xpipe_nb.stores.store import Open, Put, PutSlot
from xpipe_nb.stores.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.frames import Frame
    from xpipe_nb.history import Slot
    from xpipe_nb.limits import Limits
    from xpipe_nb.stores.manager_store import StateServer
    from xpipe_nb.stores.store import Change, Store

__all__ = ["Mirror"]

log = logging.getLogger(__name__)

READ_SECONDS = 2.0
"""How long somebody who reads an organism's own state waits for what is still to be written."""

LAST_SECONDS = 0.5
"""How long an organism that ends waits for what is still to be written."""


class Kept(Protocol):
    """What an organism keeps; its `Conversations` say so."""

    limits: Limits
    max_tokens: Callable[[], int | None]

    @property
    def known(self) -> list[Conversation]:
        """The conversations that are remembered."""


class Mirror:
    """Writes what happens in one organism into a store.

    Args:
        organism: The organism's name.
        address: Where the store is.
        store: The store.
        directory: Knows the payload classes.
        bus: Where it is told that the store is away, or back.
        kept: Says what is kept: conversations, slots, and tokens of a conversation that has spent nothing yet.
        server: The state server, if it was started for this.
    """

    def __init__(
        self,
        organism: str,
        address: StateAddress,
        store: Store,
        directory: Directory,
        bus: EventBus,
        kept: Kept,
        server: StateServer | None = None,
    ) -> None:
        self._organism, self.address, self._bus, self._kept, self._server = organism, address, bus, kept, server
        self._records = Records(store.where, store.prefix, address.seal)
        self._where = store.where
        self.trouble: BackendEvent | None = None
        """What was told when the store went away, or refused us; `None` while it is there."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = Writer(store, self._told)
        self.ledger = Ledger(self._writer)
        self._directory = directory
        self.state = SharedState(
            store, authkey=address.seal, payloads=_Now(directory), first=lambda: self._writer.catch_up(READ_SECONDS)
        )

    @classmethod
    async def open(
        cls, organism: str, address: StateAddress, directory: Directory, bus: EventBus, kept: Kept
    ) -> Mirror:
        """Open the store of an organism that starts; a state server is started if nobody serves there.

        Raises:
            ConfigError: A package that it needs is not installed.
            StoreAway: Nobody answers there.
            StoreRefused: The authkey or the password is wrong.
        """
        store, server = await asyncio.to_thread(_opened, address)
        mirror = cls(organism, server.address if server else address, store, directory, bus, kept, server)
        mirror._loop = asyncio.get_running_loop()
        return mirror

    @classmethod
    def in_memory(cls, organism: str, directory: Directory, bus: EventBus, kept: Kept) -> Mirror:
        """Keep the state in this process, beginning with what is there already."""
        mirror = cls(organism, StateAddress(), MemoryStore(), directory, bus, kept)
        mirror._write_all()
        return mirror

    def _write_all(self) -> None:
        """Write all that the organism remembers."""
        for conversation in self._kept.known:
            self._take_over(conversation)

    def _take_over(self, conversation: Conversation) -> None:
        self.began(conversation)
        for frame in conversation.frames[1:]:
            self._thread(frame)
            for slot in frame.history:
                self.wrote(frame, slot)
        for index, (payload, sender) in enumerate(conversation.mail):
            self.arrived(conversation, payload, sender, index)
        if conversation.account is not None and conversation.account.is_used:
            self.ledger.take_over(conversation.id, conversation.account)

    @property
    def opening(self) -> tuple[StateAddress, list[type]]:
        """What another process needs to open the state and to read what is in it."""
        table = self._directory.table
        classes = [table.get(tag) for tag in table.tags()]
        return self.address, [cls for cls in classes if cls is not None]

    # ---- what happens

    def began(self, conversation: Conversation) -> None:
        """A conversation has begun, or goes on."""
        name, account = conversation.id, conversation.account
        limit = self._kept.max_tokens() if account is None else account.limit
        self._writer.put(lambda: [Open(name, limit)])
        self.changed(conversation)
        self._thread(conversation.root)

    def changed(self, conversation: Conversation) -> None:
        """A conversation has another state."""
        problem = conversation._problem() if conversation.is_over else None  # noqa: SLF001 - the same words as elsewhere
        record = ConversationRecord(
            conversation.id,
            self._organism,
            conversation.number,
            conversation.port,
            conversation.state,
            conversation.participants,
            conversation.messages,
            (problem or "").encode("utf-8", "replace").decode(),  # somebody's text may be no Unicode
            time(),
        )
        self._writer.put(lambda: [Put("conversation", record.id, "", self._records.write(record))])

    def _thread(self, frame: Frame, state: str = "") -> None:
        parent = "" if frame.parent is None else frame.parent.thread_id
        state = state or ("closed" if frame.closed else "open")
        record = ThreadRecord(
            frame.thread_id, frame.conversation.id, parent, frame.listener, frame.depth, state
        )  # fmt: skip
        self._writer.put(lambda: [Put("thread", record.id, record.conversation, self._records.write(record))])

    def closed(self, frame: Frame) -> None:
        """A frame is closed."""
        self._thread(frame, "closed")

    def wrote(self, frame: Frame, slot: Slot) -> None:
        """A message was written into a frame's history, or marked there as failed."""
        if not slot.index:
            self._thread(frame)
        thread, conversation, keep = frame.thread_id, frame.conversation.id, self._kept.limits.max_history
        self._writer.put(lambda: self._slot(thread, conversation, slot, keep))

    def _slot(self, thread: str, conversation: str, slot: Slot, keep: int) -> list[Change]:
        record = SlotRecord(
            thread,
            slot.index,
            slot.from_id,
            slot.to_id,
            slot.payload_type,
            slot.time.timestamp(),
            slot.is_self_call,
            slot.is_agent,
            slot.failed,
            _text_of(slot.element),
        )
        return [PutSlot(thread, conversation, slot.index, self._records.write(record), keep)]

    def arrived(self, conversation: Conversation, payload: Any, sender: str, index: int) -> None:
        """A reply or an error has reached the injector, as so many before it."""
        root, keep, at, port = conversation.id, self._kept.limits.max_history, time(), conversation.port
        try:
            element = deepcopy(payload) if etree.iselement(payload) else codec_of(type(payload)).encode(payload)
        except PayloadError:  # of an old one, which a person has changed since
            log.info("a reply of #%d cannot be written any more", conversation.number)
            return

        def made() -> list[Change]:
            tag, xml = str(element.tag), _text_of(element)
            record = SlotRecord(
                root, index, sender, port, tag, at, is_self_call=False, is_agent=False, failed=False, xml=xml
            )
            return [PutSlot(root, root, index, self._records.write(record), keep)]

        self._writer.put(made)

    # ---- whether the store is there

    @property
    def is_behind(self) -> bool:
        """So much waits to be written that nothing new should be begun."""
        return self._writer.is_behind

    @property
    def waiting(self) -> int:
        """How much waits to be written."""
        return self._writer.waiting

    async def ready(self) -> None:
        """Wait for a store that is away, until all that waited for it is written; one that is there costs one look.

        Raises:
            StoreRefused: The store is there, but refuses us.
            StoreAway: The organism was stopped meanwhile.
        """
        if self._writer.trouble is not None or self._writer.is_behind:
            await self.written()

    async def written(self) -> None:
        """Wait until all is written that has happened so far.

        Raises:
            StoreError: As `ready` does.
        """
        await self._writer.ask(lambda store: store.ping())

    @property
    def in_trouble(self) -> bool:
        """The store is away, or refuses us."""
        return self._writer.trouble is not None

    def _told(self, state: str, error: str, waiting: int) -> None:
        """Publish how the store is; called in the writer's thread."""
        if self._loop is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._publish, BackendEvent(self._where, state, error, waiting))
            if state == "back":
                self._loop.call_soon_threadsafe(self._look_for_loss)
        except RuntimeError:  # the loop is closed: nobody is left to tell
            return
        if state == "away":
            self._serve_again()

    def _serve_again(self) -> None:
        """Replace a state server of our own that has ended, at the same place, since nobody else would."""
        if self._server is None or not self._server.has_ended():
            return
        self._server.stop()
        try:
            self._server = _served(self.address)
        except StoreError as error:
            log.warning("%s: it has ended and cannot be started again", error)

    def _look_for_loss(self) -> None:
        """A store that is back may have come back empty: then all that is remembered is written once more."""
        first = next(iter(self._kept.known), None)
        if first is None:
            return
        name, loop = first.id, asyncio.get_running_loop()

        def look(store: Store) -> None:
            if store.record("conversation", name) is None:
                loop.call_soon_threadsafe(self._write_all)

        self._writer.book(look)

    def _publish(self, event: BackendEvent) -> None:
        if event.state != "corrupt":
            self.trouble = None if event.state == "back" else event
        if self._bus.heard:
            self._bus.publish(event)

    async def close(self) -> None:
        """Write what waits, if that does not take long, and let go of the store."""
        left = await self._writer.close(LAST_SECONDS)
        if left:
            error = f"{self._where}: the organism ended before {left:,} changes were written"
            log.warning("%s", error)
            self._publish(BackendEvent(self._where, "away", error, left))
        if self._server is not None:
            await asyncio.to_thread(self._server.stop)


class _Now:
    """Finds the payload classes that an organism knows now: a reload swaps the whole table."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def get(self, tag: str, /) -> type | None:
        """Give the class of a tag."""
        return self._directory.table.get(tag)


def _opened(address: StateAddress) -> tuple[Store, StateServer | None]:
    """Open a store, and start a state server where one is wanted and nobody serves yet."""
    server = None
    if address.type == "manager" and not address.address:
        server = _served(address)
        address = server.address
    store = open_store(address)
    try:
        store.ping()
    except StoreError as error:
        if not isinstance(error, StoreAway) or address.type != "manager" or server is not None:
            store.close()
            raise
        server = _served(address)
    return store, server


def _served(address: StateAddress) -> StateServer:
    from xpipe_nb.stores.manager_store import StateServer

    return StateServer(address)


def _text_of(element: Any) -> str:
    return etree.tostring(element, encoding="unicode", with_tail=False)
