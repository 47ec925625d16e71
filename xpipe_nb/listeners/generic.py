"""Generic listeners: they take any payload, as an element, and are sent to by name only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.listeners.record import Listener, executor_of
from xpipe_nb.listeners.resolve import first_line
from xpipe_nb.listeners.signature import read_signature
from xpipe_nb.names import is_name, is_system_name

__all__ = ["generic_listener"]


class _Anything(Mapping[str, type]):
    """The payload classes of who takes any: every name is in it, and none is listed, so that nobody routes by it."""

    def __contains__(self, tag: object) -> bool:
        return True

    def __getitem__(self, tag: str) -> type:
        return object

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def generic_listener(name: str, handler: Callable[..., Any], description: str = "") -> Listener:
    """Make a listener that takes any payload.

    Args:
        name: The unique, case-exact name.
        handler: Called with the payload's element, a copy of its own, and its metadata if it takes that.
        description: What it does; default: the first line of the docstring.

    Raises:
        ConfigError: The name cannot be one, or the handler cannot be called so.
    """
    if not isinstance(name, str) or not is_name(name) or is_system_name(name):
        raise ConfigError(
            Fault("$.name", f"{name!r} is no name of a listener", "a name such as collector, not system.*")
        )
    if not callable(handler) or isinstance(handler, type):
        raise ConfigError(Fault("$.handler", f"{handler!r} is not a function", "a function that takes the element"))
    signature = read_signature(handler, {})
    if signature.problem:
        raise ConfigError(Fault("$.handler", f"{name} {signature.problem}", "def handler(element, meta)"))
    return Listener(
        name=name,
        handler=handler,
        description=description or first_line(handler),
        accepts=_Anything(),
        form=signature.form,
        executor=executor_of(signature.form),
        takes_meta=signature.takes_meta,
        accepts_errors=True,
        generic=True,
        source=signature.source,
    )
