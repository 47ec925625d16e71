"""From a `ListenerConfig` to a `Listener`: find the handler, read its mark and signature, check every setting."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from xpipe_nb.listeners.classes import Promise, accepted_classes, classes_from_setting, promise_of
from xpipe_nb.listeners.config import ListenerConfig
from xpipe_nb.listeners.keys import LISTENER_KEYS, REFERENCE_KEYS
from xpipe_nb.listeners.lookup import NotFound, find
from xpipe_nb.listeners.mark import mark_of
from xpipe_nb.listeners.record import Listener, executor_of
from xpipe_nb.listeners.signature import Signature, read_signature
from xpipe_nb.payloads import DeliveryError
from xpipe_nb.settings import Place, read_keys, said

__all__ = ["Surroundings", "first_line", "read_listener", "resolve_listener", "with_mark"]


@dataclass(frozen=True)
class Surroundings:
    """Where names mean something.

    Args:
        namespace: Names that are looked up before import paths.
        place: What to call the namespace in a message, such as `in this notebook`.
    """

    namespace: Mapping[str, Any]
    place: str = "here"


def resolve_listener(
    config: ListenerConfig, path: str = "$", *, namespace: Mapping[str, Any] | None = None, place: str = "here"
) -> Listener:
    """Check the settings of one listener and make it ready to run.

    Args:
        config: Its settings; what they leave out comes from the handler's mark, annotations and docstring.
        path: The JSON path of the settings, for messages.
        namespace: Where names of handlers and classes are looked up before they are imported.
        place: What to call the namespace in a message.

    Raises:
        ConfigError: Anything does not fit; every fault is in it.

    Example:
        >>> async def greet(message: Greeting, meta) -> Shout: ...
        >>> resolve_listener(ListenerConfig(name="greeter", handler=greet)).form
        'async'
    """
    spot = Place(path)
    resolved = read_listener(config, spot, Surroundings(namespace or {}, place))
    spot.conclude()
    assert resolved is not None  # without a fault there is a listener
    return resolved


def read_listener(config: ListenerConfig, place: Place, around: Surroundings) -> Listener | None:
    """Do the work of `resolve_listener`, noting faults instead of raising them."""
    before = len(place.faults)
    handler = _handler(config, place, around)
    whole = config if handler is None else with_mark(config, handler)
    settings = read_keys((*LISTENER_KEYS, *REFERENCE_KEYS), _settings(whole), place)
    if handler is None:
        return None
    signature = read_signature(handler, around.namespace)
    if signature.problem:
        place.key("handler").fault(f"{_called(handler)} {signature.problem}", "def handler(message: Payload, meta)")
    _check_executor(settings, signature, place)
    accepts = _accepts(whole, signature, place, around)
    promise = _promise(whole, signature, place, around)
    if len(place.faults) > before:
        return None
    return _listener(handler, settings, signature, accepts, promise)


def with_mark(config: ListenerConfig, handler: Any) -> ListenerConfig:
    """Fill what was not said from the `@listener` mark, the function's name and its docstring."""
    mark = mark_of(handler)
    said_by_mark = mark.said() if mark else {}
    settings = {**said_by_mark, **config.said(), "handler": handler}
    settings["name"] = settings.get("name") or _own_name(handler)
    settings["description"] = settings.get("description") or first_line(handler)
    return ListenerConfig(**settings)


def first_line(handler: Any) -> str:
    """Give the first line of a docstring that a person wrote for this handler."""
    function = getattr(handler, "func", handler)
    own = inspect.isroutine(function)
    doc = getattr(function if own else type(function), "__doc__", None) or ""
    return doc.strip().partition("\n")[0].strip()


def _own_name(handler: Any) -> str:
    function = getattr(handler, "func", handler)
    return str(getattr(function, "__name__", type(function).__name__))


def _called(handler: Any) -> str:
    return repr(_own_name(handler))


def _settings(config: ListenerConfig) -> dict[str, Any]:
    """Give the settings that were said; `None` is how Python leaves one out."""
    return {name: value for name, value in config.said().items() if value is not None}


def _handler(config: ListenerConfig, place: Place, around: Surroundings) -> Callable[..., Any] | None:
    spot = place.key("handler")
    value: Any = config.handler if config.handler is not None else config.handler_path or None
    if value is None:
        what = "an agent without a handler is not built yet" if config.agent else "there is no handler"
        spot.fault(what, "a function that takes the message")
        return None
    if isinstance(value, str):
        try:
            value = find(value, around.namespace, kind="function", place=around.place)
        except NotFound as error:
            spot.fault(error.problem, error.expected, error.near)
            return None
    if not callable(value) or isinstance(value, type):
        spot.fault(f"{said(value)} is not a function", "a function that takes the message")
        return None
    checked: Callable[..., Any] = value
    return checked


def _accepts(config: ListenerConfig, signature: Signature, place: Place, around: Surroundings) -> dict[str, type]:
    spot = place.key("payload_class")
    value = config.payload_class or config.payload_class_path
    if value:
        return classes_from_setting(value, spot, around.namespace, around.place)
    return accepted_classes(signature.message, spot, around.namespace)


def _promise(config: ListenerConfig, signature: Signature, place: Place, around: Surroundings) -> Promise:
    spot = place.key("output_class")
    if not config.output_class:
        return promise_of(signature.returns, spot, around.namespace)
    said_classes = classes_from_setting(config.output_class, spot, around.namespace, around.place)
    # Whether None is an error is the annotation's word alone; its classes need not be readable here.
    promise = promise_of(signature.returns, Place(spot.path), around.namespace)
    return Promise(tuple(said_classes.values()), promise.reply)


def _listener(
    handler: Callable[..., Any],
    settings: Mapping[str, Any],
    signature: Signature,
    accepts: Mapping[str, type],
    promise: Promise,
) -> Listener:
    own = {name: settings[name] for name in _KEPT if name in settings}
    executor = settings.get("executor") or _executor(settings, signature)
    return Listener(
        handler=handler,
        accepts=accepts,
        form=signature.form,
        takes_meta=signature.takes_meta,
        peers=_peers(settings),
        executor=executor,
        cpu_bound=executor in _FAR,
        output_class=promise.classes,
        promises_reply=promise.reply,
        timeout=settings.get("timeout", 60.0) or None,
        accepts_errors=DeliveryError in accepts.values(),
        source=signature.source,
        **own,
    )


_KEPT = ("name", "description", "agent", "broadcast", "prompt", "concurrency", "retries")
"""The settings that a listener holds just as they were said."""


_FAR = ("process", "dask")
"""The executors that take functions and payloads by value."""


def _executor(settings: Mapping[str, Any], signature: Signature) -> str:
    """Where a handler runs of which nobody said where."""
    if settings.get("cpu_bound"):
        return "process"
    return executor_of(signature.form)


def _check_executor(settings: Mapping[str, Any], signature: Signature, place: Place) -> None:
    executor, spot = settings.get("executor"), place.key("executor")
    if executor == "thread" and signature.form.startswith("async"):
        spot.fault("a coroutine function does not run in a thread", "inline, process or dask")
    elif executor in ("inline", "thread") and settings.get("cpu_bound"):
        spot.fault(f"{executor} is no worker process, and the listener is cpu_bound", "process or dask")


def _peers(settings: Mapping[str, Any]) -> tuple[str, ...] | None:
    """An agent may send to nobody until it is told; a plain listener to anybody until it is told."""
    peers: tuple[str, ...] | None = settings.get("peers")
    if peers is None:
        return () if settings.get("agent") else None
    return None if "*" in peers else tuple(dict.fromkeys(peers))
