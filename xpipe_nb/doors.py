"""The doors of the operators that a person put among the stages: what went in and has not come out yet.

An operator may hold a message, give something else in its place, give it twice, or forget it; it may raise, or end the
stream. The book kept here sees to it that every message ends once all the same, and that whoever waits for it hears.
Where there is no operator there is no door, and nothing is written down.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected, XPipeError
from xpipe_nb.messages import Delivery, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator

    from xpipe_nb.settlements import Settlements

__all__ = ["Door", "Doors", "OperatorFailed", "Outcome"]

log = logging.getLogger(__name__)
_REMEMBERED = 256
"""How many messages that were given up are recognised when they come out after all."""


class OperatorFailed(XPipeError):
    """A person's operator raised, or ended the stream.

    Args:
        name: The name of the stage.
        problem: What it did, in one clause.
    """

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name} {problem}")


class Outcome:
    """What an `async def` stage gave for a message, or raised at it."""

    __slots__ = ("error", "item", "result")

    def __init__(self, item: Any, result: Any, error: Exception | None) -> None:
        self.item, self.result, self.error = item, result, error


class Door:
    """The way into one operator and out of it.

    Args:
        name: The name of the stage.
        settlements: Ends messages, and knows what may be given in place of one.
        gives: The types that may come out.
        holds: The operator may ask for the next message while it keeps earlier ones, to give them on later.
        timeout: Seconds that a message may stay inside; 0 for any time.
        arrived: Is told that something is inside, so that somebody reads what comes out.
    """

    def __init__(
        self,
        name: str,
        settlements: Settlements,
        gives: tuple[type, ...],
        *,
        holds: bool,
        timeout: float,
        arrived: Callable[[], None],
    ) -> None:
        self.name, self._settlements, self.gives = name, settlements, gives
        self._holds, self._timeout, self._arrived = holds, timeout, arrived
        self._inside: dict[int, tuple[Any, Any, float]] = {}
        self._given_up: dict[int, Any] = {}
        self._reader: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.made: deque[Any] = deque()
        self.error: OperatorFailed | None = None
        self.took_in = False  # since the stream was built

    def __len__(self) -> int:
        return len(self._inside) + len(self.made)

    def opened(self, apply: Callable[[Any], AsyncIterable[Any]], inwards: Any) -> AsyncIterable[Any]:
        """Apply the operator to the stream that goes in.

        Raises:
            OperatorFailed: When it cannot be applied.
        """
        self.error, self.took_in = None, False
        try:
            outwards: Any = apply(inwards)
            if hasattr(outwards, "__aiter__"):
                return outwards  # type: ignore[no-any-return]
            problem = f"gave a {type(outwards).__name__} for a stream; expected a stream"
        except Exception as error:  # noqa: BLE001 - it is a person's own function
            problem = _raised(error)
        self.error = OperatorFailed(self.name, problem)
        raise self.error

    # ---- in

    def enters(self, item: Any) -> None:
        """A message goes in."""
        self.took_in = True
        self._inside[id(item)] = (item, self._settlements.mark(item), monotonic())
        if self._timeout and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._timeout, self._look)
        self._arrived()

    def asks(self) -> None:
        """The operator asks for the next message.

        If it does so in the very task that waits for what comes out, it is no longer at work on the ones before: it
        has let go of those that did not come out, unless it is one that holds them back on purpose.
        """
        if self._inside and not self._holds and asyncio.current_task() is self._reader:
            for item in self._take_all():
                self._drop(item)

    def _look(self) -> None:
        """Give up what has been inside for too long."""
        self._timer = None
        now = monotonic()
        for key, (item, _, since) in list(self._inside.items()):
            if now - since >= self._timeout:
                del self._inside[key]
                self._drop(item, f"it did not come out of {self.name} within {self._timeout:g} s (its timeout)")
        if self._inside:
            oldest = next(iter(self._inside.values()))[2]
            left = max(0.0, oldest + self._timeout - now)
            self._timer = asyncio.get_running_loop().call_later(left, self._look)

    def _drop(self, item: Any, detail: str | None = None) -> None:
        self._given_up[id(item)] = item
        if len(self._given_up) > _REMEMBERED:
            del self._given_up[next(iter(self._given_up))]
        try:
            self._settlements.dropped(item, self.name, detail)
        except Exception:  # the stream must live whatever happens to one item
            log.exception("an item could not even be dropped")
        self.look_for_quiet()

    # ---- out

    def look_for_quiet(self) -> None:
        """See whether nothing is left inside, and tell whoever waits for that."""
        if not len(self):
            self._settlements.emptied()

    async def next_of(self, streamer: AsyncIterator[Any]) -> Any:
        """Give what the operator gives next.

        Raises:
            OperatorFailed: When it raises, or ends.
        """
        self._reader = asyncio.current_task()
        try:
            return await anext(streamer)
        except StopAsyncIteration:
            self.error = OperatorFailed(self.name, "ended the stream")
        except Exception as error:  # noqa: BLE001 - it is a person's own operator
            self.error = error if isinstance(error, OperatorFailed) else OperatorFailed(self.name, _raised(error))
            self.error.__cause__ = error if self.error is not error else error.__cause__
        raise self.error

    def leaves(self, given: Any) -> list[Any]:
        """Settle what came out; give the messages that go on."""
        if type(given) is list:
            return [item for each in given for item in self.leaves(each)]
        if self._given_up.get(id(given)) is given:  # its sender was told long ago that it is lost
            return []
        if type(given) is Outcome:
            if self._given_up.get(id(given.item)) is given.item:
                return []
            before, mark = self._stood_for(given.item)
            return self._settled(before, given.result, mark, given.error)
        before, mark = self._stood_for(given)
        return self._settled(before, given, mark)

    def _settled(self, before: Any, given: Any, mark: Any, error: Exception | None = None) -> list[Any]:
        try:
            if error is not None:
                raise error
            if before is not None:
                return self._settlements.settle(self.name, before, given, self.gives, mark)
            return self._settlements.settle_extra(self.name, given, self.gives)
        except Rejected as rejection:
            self._settlements.refused(given if before is None else before, rejection)
        except Exception as broken:  # noqa: BLE001 - one bad item must never end the stream
            self._settlements.failed(given if before is None else before, self.name, broken)
        return []

    def _stood_for(self, given: Any) -> tuple[Any, Any]:
        """Take the message out of the book that something came out for, with how it looked when it went in."""
        known = self._inside.get(id(given))
        if known is not None and known[0] is given:
            del self._inside[id(given)]
            return known[:2]
        claim = _claim(given)
        if claim is not None:
            for key, (item, mark, _) in self._inside.items():
                if type(item) is type(given) and _claim(item) == claim:
                    del self._inside[key]
                    return item, mark
        return None, None

    # ---- the stream is no more

    def close(self) -> tuple[list[Any], list[Any]]:
        """Take everything out: what is inside the operator, and what has come out of it but was not read."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        inside, made = self._take_all(), list(self.made)
        self.made.clear()
        self._reader = None
        return inside, made

    def _take_all(self) -> list[Any]:
        items = [item for item, _, _ in self._inside.values()]
        self._inside.clear()
        return items


class Doors:
    """The doors of all operators; its length is how many messages are behind one of them."""

    def __init__(self) -> None:
        self._doors: list[Door] = []

    def __len__(self) -> int:
        return sum(map(len, self._doors))

    def __iter__(self) -> Iterator[Door]:
        return iter(self._doors)

    def become(self, doors: list[Door]) -> None:
        """Stand for these from now on."""
        self._doors = doors

    @property
    def broken(self) -> Door | None:
        """The first door behind which an operator failed."""
        return next((door for door in self._doors if door.error is not None), None)


def _claim(item: Any) -> tuple[Any, ...] | None:
    """What two objects have in common of which one stands for the other."""
    if isinstance(item, Delivery):
        return id(item.send), id(item.frame)
    if isinstance(item, Send):
        return id(item.frame), item.kind, id(item.call)
    raw = getattr(item, "raw", None)
    return None if raw is None else (id(raw),)


def _raised(error: BaseException) -> str:
    return f"raised {type(error).__name__}: {error}"
