"""The decorator that says "this function is meant as a listener", and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from xpipe_nb.listeners.config import ListenerConfig, PayloadClasses, Peers
from xpipe_nb.listeners.keys import LISTENER_KEYS, REFERENCE_KEYS
from xpipe_nb.settings import Place, read_keys

__all__ = ["listener", "mark_of"]

MARK = "__xpipe_listener__"

Handler = TypeVar("Handler", bound=Callable[..., Any])


@overload
def listener(handler: Handler, /) -> Handler: ...
@overload
def listener(
    *,
    name: str = ...,
    description: str = ...,
    payload_class: PayloadClasses = ...,
    agent: bool = ...,
    peers: Peers = ...,
    broadcast: bool = ...,
    prompt: str | None = ...,
    cpu_bound: bool = ...,
    executor: str = ...,
    output_class: PayloadClasses = ...,
    timeout: float = ...,
    concurrency: int | None = ...,
    retries: int = ...,
    is_agent: bool = ...,
) -> Callable[[Handler], Handler]: ...
def listener(handler: Any = None, /, **settings: Any) -> Any:
    """Mark a function as a listener and give defaults for its settings.

    Nothing is registered and the function is returned as it is: an organism that names it reads the mark.

    Args:
        handler: The function, when the decorator stands without parentheses.
        settings: Any setting of `ListenerConfig`; YAML and Python settings of an organism win over them.

    Raises:
        ConfigError: There is no setting of that name, or a value does not fit it; the error gives the nearest word.

    Example:
        >>> @listener(peers=["shouter"])
        ... async def greeter(message: Greeting) -> Shout: ...
    """
    if handler is not None:
        return _marked(handler, settings)
    return lambda function: _marked(function, settings)


def mark_of(handler: object) -> ListenerConfig | None:
    """Give the settings that `@listener` left on a handler, if it was marked."""
    # A method carries the mark of its function; a partial carries the mark of what it wraps.
    inner = getattr(handler, "func", None)
    mark = getattr(handler, MARK, None) or getattr(inner, MARK, None)
    return mark if isinstance(mark, ListenerConfig) else None


def _marked(handler: Any, settings: dict[str, Any]) -> Any:
    if not callable(handler):
        raise TypeError(
            f"@listener marks a function, not {handler!r}; settings are given by name: @listener(peers=[…])"
        )
    config = ListenerConfig(handler=handler, **settings)
    place = Place()  # what can be seen without an organism is said here, in the cell that is to be changed
    said = {setting: value for setting, value in config.said().items() if value is not None}
    read_keys((*LISTENER_KEYS, *REFERENCE_KEYS), said, place)
    place.conclude()
    setattr(handler, MARK, config)
    return handler
