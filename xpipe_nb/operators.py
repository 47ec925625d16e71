"""How a list of stages becomes one aiostream expression.

Stages are plain functions from one item to the next. Neighbouring ones are fused into a single function when the
expression is built, because an operator of its own costs more than most stages do; an aiostream operator in the list
stands where it was put, between a door in and a door out that keep book of what is inside.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from aiostream import operator, streamcontext
from aiostream.core import Stream

from xpipe_nb.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Sequence

    from aiostream.core import Streamer

    from xpipe_nb.doors import Door

log = logging.getLogger(__name__)

__all__ = ["Fused", "Operator", "Stage", "expression", "unwatched"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One named step of the pipeline.

    Args:
        name: What it is called.
        takes: The types that it is for; other items pass by.
        step: A plain function from an item to the next one, or to a list of them if `many`.
        many: It gives a list.
    """

    name: str
    takes: tuple[type, ...]
    step: Callable[..., Any]
    many: bool = False


@dataclass(frozen=True, slots=True)
class Operator:
    """An aiostream operator among the stages.

    Args:
        apply: Gives the stream that comes out of the operator for the one that goes in.
        door: Keeps book of what is inside.
    """

    apply: Callable[[Any], AsyncIterable[Any]]
    door: Door


class Fused:
    """Neighbouring stages as one function, from an item to the items that come out; it never raises.

    Args:
        stages: The stages, in order.
        refused: Gets an item that a stage rejected, with the rejection. It is the only way out for a bad item.
        failed: Gets an item at which a stage itself broke, with the stage's name.
    """

    __slots__ = ("_entries", "_failed", "_refused", "_steps")

    def __init__(
        self,
        stages: Sequence[Stage],
        refused: Callable[[Any, Rejected], None],
        failed: Callable[[Any, str, Exception], None],
    ) -> None:
        self._refused, self._failed = refused, failed
        self._steps = tuple(
            (stage.takes, stage.step, number if stage.many else 0) for number, stage in enumerate(stages, start=1)
        )
        self._entries: dict[type, tuple[Any, ...]] = {}

    def through(self, item: Any, following: tuple[Any, ...] | None = None) -> Sequence[Any]:
        """Take an item through all the stages that are for it.

        Args:
            item: The item.
            following: The stages that come into question, if they are not all.
        """
        if following is None:
            following = self._entries.get(type(item)) or self._from(item)
        step = None
        try:
            for takes, step, many in following:
                if type(item) not in takes:
                    continue
                result = step(item)
                if not many:
                    item = result
                elif len(result) == 1:
                    item = result[0]
                else:  # `many` is the place from which each of them goes on
                    return [out for part in result for out in self.through(part, self._steps[many:])]
        except Rejected as rejection:
            return self._end(self._refused, item, rejection)
        except Exception as error:  # noqa: BLE001 - one bad item must never end the stream
            return self._end(self._failed, item, getattr(step, "__name__", "?"), error)
        return (item,)

    def _from(self, item: Any) -> tuple[Any, ...]:
        """The steps from the first that takes such an item."""
        steps = tuple(dropwhile(lambda step: type(item) not in step[0], self._steps))
        self._entries[type(item)] = steps
        return steps

    @staticmethod
    def _end(told: Callable[..., None], *what: Any) -> tuple[()]:
        try:
            told(*what)
        except Exception:  # the stream must live whatever happens to one item
            log.exception("an item could not even be refused")
        return ()


class _Inwards(Stream[Any]):
    """What goes into an operator: a stream that a plain `async for` may read, too, since it is closed here.

    Args:
        source: Where it comes from.
        door: Keeps book of it.
    """

    def __init__(self, source: AsyncIterable[Any], door: Door) -> None:
        super().__init__(lambda: _entering(source, door))
        self._begun: list[AsyncGenerator[Any, None]] = []

    def __aiter__(self) -> Any:
        generator = next(self._generator)
        self._begun.append(generator)  # type: ignore[arg-type]  # it is what `_entering` gave
        return generator

    def stream(self) -> Streamer[Any]:
        """Give it as a context, as any stream of aiostream does."""
        return streamcontext(self)

    async def aclose(self) -> None:
        """Close whatever was read of it."""
        for generator in self._begun:
            with suppress(RuntimeError):  # an operator left a task behind that still reads
                await generator.aclose()


async def _entering(source: AsyncIterable[Any], door: Door) -> AsyncGenerator[Any, None]:
    async with streamcontext(source) as streamer:
        async for item in streamer:
            door.enters(item)
            yield item
            door.asks()


@operator
async def _through(
    source: Stream[Any], apply: Callable[[Any], AsyncIterable[Any]], door: Door, following: Fused
) -> AsyncIterator[Any]:
    """An operator, and the plain stages that follow it."""
    inwards = _Inwards(source, door)
    try:
        async with streamcontext(door.opened(apply, inwards)) as streamer:
            while True:
                while door.made:
                    yield door.made.popleft()
                given = await door.next_of(streamer)
                for item in door.leaves(given):
                    door.made.extend(following.through(item))
                door.look_for_quiet()
    finally:
        await inwards.aclose()


def expression(
    source: Callable[[Callable[[Any], Sequence[Any]]], Stream[Any]],
    stages: Sequence[Stage | Operator],
    refused: Callable[[Any, Rejected], None],
    failed: Callable[[Any, str, Exception], None],
) -> Stream[Any]:
    """Build the pump's expression: the source with the plain stages fused into it, then each operator with its own."""
    runs: list[list[Stage]] = [[]]
    operators: list[Operator] = []
    for stage in stages:
        if isinstance(stage, Operator):
            operators.append(stage)
            runs.append([])
        else:
            runs[-1].append(stage)
    first, *rest = (Fused(run, refused, failed) for run in runs)
    stream = source(first.through)
    for each, following in zip(operators, rest, strict=True):
        stream = _through(stream, each.apply, each.door, following)
    return stream


def unwatched(streamer: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Give the iterator inside a streamer, for whoever reads it only while it is entered.

    That it is, aiostream would see to at every item, which costs as much as most stages do.
    """
    inside: AsyncIterator[Any] = getattr(streamer, "_aiterator", streamer)
    return inside
