"""One turn: one listener handling one message, and what the layers around it need to know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from xpipe_nb.calls import Call
    from xpipe_nb.frames import Frame
    from xpipe_nb.listeners import Listener
    from xpipe_nb.messages import Delivery
    from xpipe_nb.scheduling import Gate, Resumption
    from xpipe_nb.spending import Spent
    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.shared import SharedState

__all__ = ["Turn", "TurnFailed", "TurnOver", "TurnServices"]


class TurnFailed(Exception):
    """A handler did not do its work.

    Args:
        code: The code that its caller gets.
        detail: The cause in words, for the person.
    """

    def __init__(self, code: str, detail: str) -> None:
        self.code, self.detail = code, detail
        super().__init__(code, detail)


class TurnOver(Exception):
    """A turn was ended from outside while it ran: its frame is closed, nobody waits for what it gives."""


class TurnServices(Protocol):
    """What a handler can ask of the pump while it runs; the doors of `HandlerMetadata` lead here."""

    stopping: bool
    place_of: Callable[[str, int | None], str]

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The pump's loop; `None` in the process of a worker."""

    def reply(self, turn: Turn, result: Any) -> None:
        """Send what a generator yielded."""

    def conclude(self, turn: Turn, result: Any) -> None:
        """Send what a handler returned."""

    async def call(self, turn: Turn, payload: Any, to: str | None) -> Any:
        """Send a payload and wait for the answer."""

    async def call_all(self, turn: Turn, payload: Any) -> list[Any]:
        """Send a payload to every broadcast listener and wait for all answers."""

    def call_sync(self, turn: Turn, payload: Any, to: str | None) -> Any:
        """Do what `call` does, from a thread."""

    async def stand_by(self, waited_for: asyncio.Future[Any], on: Any = None) -> None:
        """Wait for something else; the turn's places are free meanwhile, as in a call.

        Args:
            waited_for: What is waited for.
            on: The conversation that it is the end of; the turn itself for calls of its own; `None` for whatever
                comes without anybody's doing.
        """

    def queue_up(self, turn: Turn, *, is_free: bool) -> None:
        """A turn waits for a worker process; its clock stands, and others may have its global place.

        Args:
            turn: The turn.
            is_free: There is one at once, so that nobody need be told.
        """

    def begin(self, turn: Turn) -> None:
        """A worker process has begun with it, or it waits for none any more."""

    async def reserve(self, turn: Turn, tokens: int) -> None:
        """Set tokens aside."""

    def settle(self, turn: Turn, reserved: int, spent: Spent) -> None:
        """Book what was spent of them."""

    def shared_state(self) -> SharedState:
        """Give the shared state."""

    async def shared_is_there(self) -> None:
        """Wait for a shared state that is away."""

    def opening(self) -> tuple[StateAddress, list[type]]:
        """Give what another process needs to open the shared state and to read it."""

    def usage_instructions(self, name: str) -> str:
        """Give the contracts of an agent's peers."""

    def progress(self, turn: Turn, done: float, total: float | None, text: str) -> None:
        """Tell how far the handler is."""

    def log(self, turn: Turn, text: str) -> None:
        """Tell a line."""

    def late(self, turn: Turn, result: Any) -> None:
        """A thread gave its result after its turn was over."""


class Turn:
    """One message in the hands of its listener.

    Args:
        number: Counts the turns of the organism, from 1.
        delivery: The message.
        services: The pump.
    """

    __slots__ = (
        "abandoned", "abroad", "attempt", "calls", "crashes", "deadline", "delivery", "expired", "frame", "gate", "gone",
        "lent", "listener", "number", "over", "placed", "responded", "resumption", "sent", "services", "task", "waits",
    )  # fmt: skip

    def __init__(self, number: int, delivery: Delivery, services: TurnServices) -> None:
        self.number, self.delivery, self.services = number, delivery, services
        self.gate: Gate = delivery.gate
        self.frame: Frame = delivery.frame
        self.listener: Listener = delivery.listener
        self.task: asyncio.Task[Any] | None = None
        self.attempt = 1
        self.crashes = 0  # how many worker processes have ended under it
        self.calls = 0  # how many calls it waits in
        self.waits: list[Sequence[Call]] | None = None  # and which, in the groups that it waits for
        self.abroad: list[Any] | None = (
            None  # what it waits for besides: conversations; `None` for what comes by itself
        )
        self.placed = True  # it holds its gate's and its global place
        self.lent = False  # the global one is given away for as long as it waits for a worker process
        self.resumption: Resumption | None = None  # what it waits for before it may go on after a call
        self.responded = False
        self.sent = False
        self.over = False
        self.expired = False
        self.abandoned = False  # its places were freed although it still runs
        self.gone: asyncio.Future[None] | None = None  # done when it no longer runs
        self.deadline = 0.0
