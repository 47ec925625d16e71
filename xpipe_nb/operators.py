"""How a list of stages becomes one aiostream expression.

Stages are plain functions from one item to the next. Neighbouring ones are fused into a single function when the
expression is built, because an operator of its own costs more than most stages do; an aiostream operator in the list
stands where it was put.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiostream.core import Stream

log = logging.getLogger(__name__)

__all__ = ["Fused", "Stage", "expression"]


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
    step: Callable[[Any], Any]
    many: bool = False


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
            (number, stage.takes, stage.step, stage.many) for number, stage in enumerate(stages, start=1)
        )
        self._entries: dict[type, tuple[Any, ...]] = {}

    def __call__(self, item: Any) -> Sequence[Any]:
        """Take an item through all the stages that are for it."""
        following = self._entries.get(type(item))
        if following is None:
            following = self._entries[type(item)] = self._from(item)
        return self._run(item, following)

    def _from(self, item: Any) -> tuple[Any, ...]:
        """The steps from the first that takes such an item."""
        return tuple(dropwhile(lambda step: type(item) not in step[1], self._steps))

    def _run(self, item: Any, following: tuple[Any, ...]) -> Sequence[Any]:
        step = None
        try:
            for number, takes, step, many in following:
                if type(item) not in takes:
                    continue
                result = step(item)
                if not many:
                    item = result
                elif len(result) == 1:
                    item = result[0]
                else:
                    return [out for part in result for out in self._run(part, self._steps[number:])]
        except Rejected as rejection:
            return self._end(self._refused, item, rejection)
        except Exception as error:  # noqa: BLE001 - one bad item must never end the stream
            return self._end(self._failed, item, getattr(step, "__name__", "?"), error)
        return (item,)

    @staticmethod
    def _end(told: Callable[..., None], *what: Any) -> tuple[()]:
        try:
            told(*what)
        except Exception:  # the stream must live whatever happens to one item
            log.exception("an item could not even be refused")
        return ()


def expression(
    source: Callable[[Callable[[Any], Sequence[Any]]], Stream[Any]],
    stages: Sequence[Stage],
    refused: Callable[[Any, Rejected], None],
    failed: Callable[[Any, str, Exception], None],
) -> Stream[Any]:
    """Build the pump's expression: the source with the fused stages that follow it."""
    return source(Fused(stages, refused, failed))
