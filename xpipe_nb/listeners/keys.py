"""The table of a listener's settings; YAML, `@listener` and `ListenerConfig` are all checked by it."""

from __future__ import annotations

from xpipe_nb.settings import Key, anybody_or_names, flag, name, not_built, or_none, seconds, text, whole

__all__ = ["LISTENER_KEYS", "READ_BY_HANDLER"]

LISTENER_KEYS = (
    Key("name", name),
    Key("description", text),
    Key("agent", flag),
    Key("peers", or_none(anybody_or_names)),
    Key("broadcast", flag),
    Key("prompt", or_none(text)),
    Key("cpu_bound", not_built("cpu_bound", False)),
    Key("timeout", seconds),
    Key("concurrency", or_none(whole(1))),
    Key("retries", not_built("retries", 0)),
)
"""The settings that are checked by themselves."""

READ_BY_HANDLER = ("handler", "payload_class", "output_class")
"""The settings that are read together with the handler's signature."""
