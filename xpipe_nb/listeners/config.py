"""How a person describes a listener: every setting, none of them resolved yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import MISSING, InitVar, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.names import nearest

__all__ = ["ListenerConfig", "PayloadClasses", "Peers"]

Peers: TypeAlias = Sequence[str] | str
"""Names of listeners; `"*"`, alone or in the list, means anybody."""

PayloadClasses: TypeAlias = type | str | Sequence[type | str]
"""A payload class, its name or import path, or a list of them."""


@dataclass
class ListenerConfig:
    """The settings of one listener, as Python or YAML gives them.

    What is left out is taken from the handler: first from its `@listener` mark, then from its annotations and its
    docstring. It is checked when an organism is built from it, or by `resolve_listener`.

    Args:
        name: The name, ASCII letters, digits, `_`, `-` and inner dots; default: the mark's, or the function's.
        description: What it does, in a line; default: the first line of the docstring.
        handler: The function, or its name or import path.
        payload_class: What it accepts; default: the annotation of the handler's first argument.
        agent: Whether it is an agent; `is_agent` is the reference's name for the same.
        peers: Whom it may send to; default: anybody for a plain listener, nobody for an agent.
        broadcast: Whether it gets every message without a target that it accepts.
        prompt: The system prompt of an agent.
        cpu_bound: Whether the handler runs in a worker process; the same as `executor: process`.
        executor: Where the handler runs: `inline` on the loop, in a `thread`, in a `process`, or on `dask`; default: a
            coroutine function on the loop, a plain function in a thread.
        output_class: What it gives; default: the return annotation.
        timeout: Seconds that one run may take; 0 means no limit.
        concurrency: How many of it may run at once, from 1; `None` leaves it to the other limits.
        retries: How often a failed run is tried again.
        payload_class_path: The reference's name for a `payload_class` given as text.
        handler_path: The reference's name for a `handler` given as text.

    Example:
        >>> ListenerConfig(name="greeter", handler="tools.greet", is_agent=True).agent
        True
    """

    name: str = ""
    description: str = ""
    handler: Callable[..., Any] | str | None = None
    payload_class: PayloadClasses | None = None
    agent: bool = False
    peers: Peers | None = None
    broadcast: bool = False
    prompt: str | None = None
    cpu_bound: bool = False
    executor: str | None = None
    output_class: PayloadClasses | None = None
    timeout: float = 60.0
    concurrency: int | None = None
    retries: int = 0
    payload_class_path: str = ""
    handler_path: str = ""
    if TYPE_CHECKING:  # checkers see an attribute; below the class it becomes a property
        is_agent: bool | None = None
    else:
        is_agent: InitVar[bool | None] = None
    given: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Note which settings were said, so that a said default still wins over a mark."""
        known = {item.name for item in fields(cls)} | {"is_agent"}
        faults = [
            Fault(f"$.{word}", f"unknown setting {word!r}", "a setting of a listener", nearest(word, known))
            for word in settings
            if word not in known
        ]
        if faults:
            raise ConfigError(*faults)
        self = super().__new__(cls)
        positional = (item.name for item, _ in zip(fields(cls), args, strict=False))
        self.given = frozenset(settings) | frozenset(positional)
        return self

    def __post_init__(self, *said: bool | None) -> None:
        if said[0] is not None and "agent" not in self.given:
            self.agent = said[0]
            self.given |= {"agent"}

    def says(self, setting: str) -> bool:
        """Tell whether a setting was said, or has been changed since."""
        return setting in self.given or getattr(self, setting) != _DEFAULTS[setting]

    def said(self) -> dict[str, Any]:
        """Give the settings that were said, with their values."""
        return {name: getattr(self, name) for name in _DEFAULTS if self.says(name)}


_DEFAULTS: dict[str, Any] = {
    item.name: item.default for item in fields(ListenerConfig) if item.init and item.default is not MISSING
}


def _get_agent(config: ListenerConfig) -> bool:
    return config.agent


def _set_agent(config: ListenerConfig, value: bool | None) -> None:
    if value is not None:
        config.agent = value


# Both names are one setting; a property cannot be written in the class, where the name already stands for InitVar.
ListenerConfig.is_agent = property(_get_agent, _set_agent)  # type: ignore[assignment]
