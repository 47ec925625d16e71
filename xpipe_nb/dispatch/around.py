"""Layers around a handler's call, composed once for each listener; a turn then costs one call a layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from types import MethodType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.listeners import Listener

    Perform = Callable[[Turn], Awaitable[Any]]
    Layer = Callable[[Perform, Turn], Awaitable[Any]]

__all__ = ["Around", "Where", "around"]


@dataclass(frozen=True, slots=True)
class Where:
    """A layer that not every listener needs at all times.

    Args:
        needed: Says whether a listener needs it now; `Around.changed` has to be called when the answer changes.
        layer: The layer.
    """

    needed: Callable[[Listener], bool]
    layer: Layer


class Around:
    """Puts layers around a function, the first one outermost; those that a listener does not need are left out.

    Args:
        layers: The layers; a bare one is needed always.
        innermost: Gives what they stand around, for a listener.
    """

    def __init__(self, layers: Sequence[Layer | Where], innermost: Callable[[Listener], Perform]) -> None:
        self._layers, self._innermost = layers, innermost
        self._composed: dict[Listener, Perform] = {}

    def perform(self, turn: Turn) -> Awaitable[Any]:
        """Take a turn through all the layers that its listener needs."""
        listener = turn.listener
        composed = self._composed.get(listener)
        if composed is None:
            composed = self._composed[listener] = around(self._needed(listener), self._innermost(listener))
        return composed(turn)

    def _needed(self, listener: Listener) -> list[Layer]:
        wanted = (each for each in self._layers if not isinstance(each, Where) or each.needed(listener))
        return [each.layer if isinstance(each, Where) else each for each in wanted]

    def changed(self) -> None:
        """Compose anew from the next turn on: what is needed has changed, or listeners were replaced."""
        self._composed.clear()


def around(layers: Sequence[Layer], innermost: Perform) -> Perform:
    """Put layers around a function, the first one outermost.

    Example:
        >>> import asyncio
        >>> async def twice(proceed, turn):
        ...     return 2 * await proceed(turn)
        >>> async def one(turn):
        ...     return 1
        >>> asyncio.run(around([twice, twice], one)(None))
        4
    """
    # what follows is bound to a layer as an object is to its method, which costs a turn less than a function between
    return reduce(lambda inner, layer: MethodType(layer, inner), reversed(layers), innermost)
