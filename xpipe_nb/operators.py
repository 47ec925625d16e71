"""How a list of stages becomes one aiostream expression.

Stages are plain functions from one item to the next. Neighbouring ones are fused into a single function when the
expression is built, because an operator of its own costs more than most stages do; an aiostream operator in the list
stands where it was put.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiostream import pipable_operator, streamcontext

from xpipe_nb.errors import Rejected

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Sequence

    from aiostream.core import Stream

__all__ = ["Stage", "each", "expression", "fuse"]


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


@pipable_operator
async def each(source: AsyncIterable[Any], function: Callable[[Any], Iterable[Any]]) -> AsyncIterator[Any]:
    """Give all that a plain function makes of each item: none, one or several."""
    async with streamcontext(source) as streamer:
        async for item in streamer:
            for result in function(item):
                yield result


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
    steps = tuple((stage.takes, stage.step, stage.many, stage.name) for stage in stages)

    def run(item: Any, start: int = 0) -> Sequence[Any]:
        name = ""
        try:
            for index in range(start, len(steps)):
                takes, step, many, name = steps[index]
                if type(item) not in takes:
                    continue
                result = step(item)
                if not many:
                    item = result
                elif len(result) == 1:
                    item = result[0]
                else:
                    return [out for part in result for out in run(part, index + 1)]
        except Rejected as rejection:
            refused(item, rejection)
            return ()
        except Exception as error:  # noqa: BLE001 - one bad item must never end the stream
            failed(item, name, error)
            return ()
        return (item,)

    return run


def expression(
    source: Stream[Any],
    stages: Sequence[Stage],
    refused: Callable[[Any, Rejected], None],
    failed: Callable[[Any, str, Exception], None],
) -> Stream[Any]:
    """Build the pump's expression: the source, then the fused stages."""
    return source | each.pipe(fuse(stages, refused, failed))
