"""A handler's metadata in the process of a worker: what it asks of the pump goes there and comes back as messages."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from xpipe_nb.metadata import HandlerMetadata
from xpipe_nb.workers.failures import raised
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.reports import Asked, Failed, Lined, Progressed, Report

if TYPE_CHECKING:
    from xpipe_nb.spending import Spent
    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.shared import SharedState
    from xpipe_nb.stores.store import Store
    from xpipe_nb.workers.jobs import Answer, Job

__all__ = ["Doors", "Over"]


PAUSE = 0.02
"""Seconds between two reports of progress: a tight loop must not drown the kernel in them."""


class Over(Exception):
    """The pump wants nothing more of a generator."""


class Doors:
    """What `HandlerMetadata` asks of the pump, asked from another process.

    Args:
        job: The job whose handler asks.
        tell: Sends a report.
        known: The payload classes that have a token on both sides.
        stores: The shared states that are open in this process.
    """

    stopping = False

    def __init__(
        self,
        job: Job,
        tell: Callable[[Report], None],
        known: frozenset[type],
        stores: dict[StateAddress, Store] | None = None,
    ) -> None:
        self._job, self._tell, self._known = job, tell, known
        self._stores = {} if stores is None else stores
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._telling = threading.RLock()
        self._timer: threading.Timer | None = None
        self._progress: Progressed | None = None
        self._progressed_at = 0.0
        self.loop: asyncio.AbstractEventLoop | None = None  # that of a coroutine function's handler

    def metadata(self) -> HandlerMetadata:
        """Make the second argument of the handler."""
        facts = self._job.facts
        turn: Any = _Turn(self)
        return HandlerMetadata(
            facts.thread_id, facts.from_id, facts.own_name, facts.is_self_call, todo_nudge=facts.todo_nudge, turn=turn
        )

    # ---- asking

    def ask(self, door: str, *arguments: Any) -> Future[Any]:
        """Ask the pump; the future has its answer."""
        number: int = next(self._numbers)
        future: Future[Any] = Future()
        with self._lock:
            self._waiting[number] = future
        self._tell(Asked(number, door, pack(arguments, self._known)))
        return future

    def hear(self, answer: Answer) -> None:
        """Hand an answer to whoever waits for it; from any thread."""
        with self._lock:
            future = self._waiting.pop(answer.number, None)
        if future is None or not future.set_running_or_notify_cancel():
            return
        try:
            if answer.error:
                raise raised(Failed(answer.error))
            future.set_result(unpack(answer.result) if answer.result else None)
        except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)

    def yielded(self, item: Any) -> None:
        """Send what a generator has yielded, and wait until it is taken.

        Raises:
            Over: Nothing more is wanted.
        """
        if not self.ask("reply", item).result():
            raise Over

    # ---- what `HandlerMetadata` calls, see `TurnServices`

    async def call(self, _turn: Any, payload: Any, to: str | None) -> Any:
        """Have a payload sent, and wait for the answer."""
        return await asyncio.wrap_future(self.ask("call", payload, to))

    async def call_all(self, _turn: Any, payload: Any) -> Any:
        """Have it sent to everybody, and wait for all answers."""
        return await asyncio.wrap_future(self.ask("call_all", payload))

    def call_sync(self, _turn: Any, payload: Any, to: str | None) -> Any:
        """Do what `call` does, in a thread."""
        return self.ask("call", payload, to).result()

    async def reserve(self, _turn: Any, tokens: int) -> None:
        """Have tokens set aside."""
        await asyncio.wrap_future(self.ask("reserve", tokens))

    def settle(self, _turn: Any, reserved: int, spent: Spent) -> None:
        """Have booked what was spent of them."""
        self.ask("settle", reserved, spent.prompt, spent.completion).result()

    def usage_instructions(self, _name: str) -> str:
        """Ask for the contracts of the agent's peers."""
        return str(self.ask("usage_instructions").result())

    def shared_state(self) -> SharedState:
        """Open what the organism shares, from here; the connection is kept for the jobs that follow."""
        from xpipe_nb.stores.shared import SharedState, open_store

        address, classes = self.ask("shared_state").result()
        store = self._stores.get(address)
        if store is None:
            store = self._stores[address] = open_store(address)
        return SharedState(store, authkey=address.seal, payloads=classes)

    def history(self) -> tuple[Any, ...]:
        """Ask for the messages that arrived in the frame."""
        return tuple(self.ask("history").result())

    def progress(self, _turn: Any, done: float, total: float | None, text: str) -> None:
        """Tell how far the handler is."""
        with self._telling:
            self._progress = Progressed(done, total, text)
            wait = self._progressed_at + PAUSE - monotonic()
            if done == total or wait <= 0:
                self.finish()
            elif self._timer is None:
                self._timer = threading.Timer(wait, self.finish)
                self._timer.daemon = True
                self._timer.start()

    def finish(self) -> None:
        """Tell the last of what was held back."""
        with self._telling:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            report, self._progress = self._progress, None
            if report is not None:
                self._progressed_at = monotonic()
                self._tell(report)

    def log(self, _turn: Any, text: str) -> None:
        """Tell a line."""
        self._tell(Lined(text))


class _Turn:
    """Stands for the turn that the pump has: what `HandlerMetadata` reads off one."""

    def __init__(self, doors: Doors) -> None:
        facts = doors._job.facts  # noqa: SLF001 - one of us
        self.services, self.attempt = doors, facts.attempt
        self.delivery = SimpleNamespace(send=SimpleNamespace(message_id=facts.message_id))
        self.frame = _Frame(doors, facts.thread_id, facts.conversation_id)


class _Frame:
    def __init__(self, doors: Doors, thread_id: str, conversation_id: str) -> None:
        self._doors, self.thread_id = doors, thread_id
        self.conversation = SimpleNamespace(id=conversation_id)

    @property
    def history(self) -> tuple[Any, ...]:
        return self._doors.history()
