"""Layers are composed once, when the pump is built; a turn then costs one call a layer."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from xpipe_nb.dispatch.turn import Turn

    Perform = Callable[[Turn], Awaitable[Any]]
    Layer = Callable[[Turn, Perform], Awaitable[Any]]

__all__ = ["around"]


def around(layers: Sequence[Layer], innermost: Perform) -> Perform:
    """Put layers around a function, the first one outermost.

    Example:
        >>> import asyncio
        >>> async def twice(turn, proceed):
        ...     return 2 * await proceed(turn)
        >>> async def one(turn):
        ...     return 1
        >>> asyncio.run(around([twice, twice], one)(None))
        4
    """
    return reduce(_wrap, reversed(layers), innermost)


def _wrap(inner: Perform, layer: Layer) -> Perform:
    def perform(turn: Turn) -> Awaitable[Any]:
        return layer(turn, inner)

    return perform
