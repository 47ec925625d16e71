"""One stage of the list that a person sees, and how it is made of what the person gave."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xpipe_nb.config import ConfigWarning
from xpipe_nb.doors import Door
from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.messages import Delivery, Document, Envelope, Raw, Send, Verified
from xpipe_nb.own_stages import holds, is_concurrent_map, types_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.settlements import Settlements
    from xpipe_nb.sources import Source

__all__ = ["FLOWS", "ListedStage", "StageMaker"]

FLOWS = {
    "source": Raw,
    "read": Document,
    "verify": Verified,
    "open": Envelope,
    "split": Envelope,
    "assign": Send,
    "route": Delivery,
    "decode": Delivery,
}
"""What comes out of each of the pump's own stages."""

_COSTS = "; it costs about 200 us a message, a plain `def` about 2 us"


@dataclass(frozen=True, slots=True, repr=False)
class ListedStage:
    """One stage of the list.

    Args:
        name: What it is called.
        kind: `built-in`, `replaced`, `function`, `async function`, `operator` or `source`.
        function: What is called; for a second source, the stream.
        takes: The types that it is for.
        door: Keeps book of what is inside, if it is an operator.
        source: Reads it, if it is a second source.
    """

    name: str
    kind: str
    function: Any
    takes: tuple[type, ...] = ()
    door: Door | None = None
    source: Source | None = None

    def __repr__(self) -> str:
        what = "" if self.kind == "built-in" else f" ({self.kind})"
        return f"{self.name}{what}"


class StageMaker:
    """Makes stages of what a person gives.

    Args:
        settlements: Settles what a stage gives.
        arrived: Is told that something is inside an operator.
    """

    def __init__(self, settlements: Settlements, arrived: Callable[[], None]) -> None:
        self._settlements, self._arrived = settlements, arrived

    def operator(self, name: str, given: Any, flow: type, holds_back: bool | None, timeout: float) -> ListedStage:
        """Make a stage of an operator, among messages of the type `flow`."""
        if is_concurrent_map(given):
            _warn(f"{name} runs its coroutines all at once{_COSTS}; task_limit=1 makes it cheaper")
        back = holds(given) if holds_back is None else holds_back
        door = self._door(name, _there(flow), back, timeout)
        apply = given.pipe() if hasattr(given, "pipe") and hasattr(given, "raw") else given
        return ListedStage(name, "operator", apply, _there(flow), door)

    def function(self, name: str, given: Any, flow: type, timeout: float) -> ListedStage:
        """Make a stage of a function, among messages of the type `flow`.

        Raises:
            ConfigError: When its annotation asks for what does not come by.
        """
        there, wanted = _there(flow), types_of(given)
        takes = tuple(each for each in wanted if each in there) if wanted else (flow,)
        if not takes:
            told = " or ".join(getattr(each, "__name__", str(each)) for each in wanted)
            names = " or ".join(each.__name__ for each in there)
            raise ConfigError(Fault(f"$.stages.{name}", f"no {told} comes by there", names))
        if not inspect.iscoroutinefunction(given):
            return ListedStage(name, "function", given, takes)
        _warn(f"{name} is an `async def`{_COSTS}")
        return ListedStage(name, "async function", given, takes, self._door(name, there, True, timeout))

    def _door(self, name: str, gives: tuple[type, ...], holds_back: bool, timeout: float) -> Door:
        return Door(name, self._settlements, gives, holds=holds_back, timeout=timeout, arrived=self._arrived)


def _there(flow: type) -> tuple[type, ...]:
    """Say what comes by: what listeners send enters at `assign`, so it passes all that stands before."""
    return (flow,) if flow in (Send, Delivery) else (flow, Send)


def _warn(text: str) -> None:
    warnings.warn(text, ConfigWarning, stacklevel=4)
