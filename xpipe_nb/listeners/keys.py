"""The table of a listener's settings; YAML, `@listener` and `ListenerConfig` are all checked by it."""

from __future__ import annotations

from typing import Any

from xpipe_nb.settings import (
    Key,
    Place,
    anybody_or_names,
    flag,
    invalid,
    name,
    one_of,
    or_none,
    seconds,
    text,
    whole,
)

__all__ = ["EXECUTORS", "LISTENER_KEYS", "REFERENCE_KEYS"]

EXECUTORS = ("inline", "thread", "process", "dask")
"""Where a handler may run."""


def _handler(value: Any, place: Place) -> Any:
    if (isinstance(value, str) and value) or callable(value):
        return value
    return invalid(value, place, "a function, its name, or its import path (module.function)")


def _classes(value: Any, place: Place) -> Any:
    items = value if isinstance(value, (list, tuple)) else [value]
    for index, item in enumerate(items):
        if not isinstance(item, (str, type)) or not item:
            invalid(
                item, place.item(index) if items is value else place, "a payload class, its name, or its import path"
            )
    return value if items else invalid(value, place, "at least one payload class")


LISTENER_KEYS = (
    Key("name", name),
    Key("description", text),
    Key("handler", _handler),
    Key("payload_class", _classes),
    Key("agent", flag),
    Key("peers", anybody_or_names),
    Key("broadcast", flag),
    Key("prompt", or_none(text)),
    Key("cpu_bound", flag),
    Key("executor", one_of(*EXECUTORS)),
    Key("output_class", _classes),
    Key("timeout", seconds),
    Key("concurrency", or_none(whole(1))),
    Key("retries", whole(0)),
)
"""What a listener can be told."""

REFERENCE_KEYS = (Key("payload_class_path", text), Key("handler_path", text))
"""What only a `ListenerConfig` has, under the reference's names."""
