"""How a list of stages becomes one aiostream expression.

Stages are plain functions from one item to the next. Neighbouring ones are fused into a single function when the
expression is built, because an operator of its own costs more than most stages do; an aiostream operator in the list
stands where it was put.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from aiostream.core import Stream

__all__ = ["Stage", "expression", "fuse"]


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


def fuse(
    stages: Sequence[Stage], refused: Callable[[Any, Rejected], None], failed: Callable[[Any, str, Exception], None]
) -> Callable[[Any], Sequence[Any]]:
    """Make one function of neighbouring stages.

    Args:
        stages: The stages, in order.
        refused: Gets an item that a stage rejected, with the rejection. It is the only way out for a bad item.
        failed: Gets an item at which a stage itself broke, with the stage's name.

    Returns:
        A function from an item to the items that come out; it never raises.
    """
    steps = tuple((index, *_parts(stage)) for index, stage in enumerate(stages, start=1))
    entries: dict[type, tuple[Any, ...]] = {}  # for what comes in: the steps from the first that takes it

    def run(item: Any, following: tuple[Any, ...] | None = None) -> Sequence[Any]:
        name = ""
        if following is None:
            following = entries.get(type(item))
            if following is None:
                following = entries[type(item)] = tuple(dropwhile(lambda step: type(item) not in step[1], steps))
        try:
            for index, takes, step, many, name in following:
                if type(item) not in takes:
                    continue
                result = step(item)
                if not many:
                    item = result
                elif len(result) == 1:
                    item = result[0]
                else:
                    return [out for part in result for out in run(part, steps[index:])]
        except Rejected as rejection:
            refused(item, rejection)
            return ()
        except Exception as error:  # noqa: BLE001 - one bad item must never end the stream
            failed(item, name, error)
            return ()
        return (item,)

    return run


def _parts(stage: Stage) -> tuple[tuple[type, ...], Callable[[Any], Any], bool, str]:
    return stage.takes, stage.step, stage.many, stage.name


def expression(
    source: Callable[[Callable[[Any], Iterable[Any]]], Stream[Any]],
    stages: Sequence[Stage],
    refused: Callable[[Any, Rejected], None],
    failed: Callable[[Any, str, Exception], None],
) -> Stream[Any]:
    """Build the pump's expression: the source with the fused stages that follow it."""
    return source(fuse(stages, refused, failed))
