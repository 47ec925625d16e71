"""The tables of an organism's settings: every key that YAML or Python may say, what it may hold, where it goes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from xpipe_nb.config.organism import DEFAULT_PORT, ConfigWarning
from xpipe_nb.config.pool import POOL_KEYS
from xpipe_nb.errors import ConfigError
from xpipe_nb.identity.settings import identity_reader
from xpipe_nb.limits import Limits
from xpipe_nb.settings import (
    Key,
    Place,
    Reader,
    invalid,
    name,
    not_built,
    one_of,
    or_none,
    read_keys,
    seconds,
    text,
    whole,
)
from xpipe_nb.xml.limits import GateLimits

__all__ = ["IDENTITY_KEYS", "LIMIT_KEYS", "PYTHON_KEYS", "SETTING_KEYS", "identity_keys", "mapping"]


def mapping(table: Sequence[Key]) -> Reader:
    """Make a reader of a mapping whose keys stand in a table."""

    def read(value: Any, place: Place) -> Any:
        if isinstance(value, Mapping):
            return read_keys(table, value, place)
        return invalid(value, place, f"a mapping: {{{table[0].name}: …}}")

    return read


def _port(value: Any, place: Place) -> Any:
    port = whole(1, 65535)(value, place)
    if isinstance(port, int) and port != DEFAULT_PORT:
        warnings.warn(f"port {port}: there is no network door, so no port is opened", ConfigWarning, stacklevel=2)
    return port


def _limits(value: Any, place: Place) -> Any:
    """Read the limits of conversations and of the gate, which share one section."""
    said = asdict(value) if isinstance(value, Limits) else value
    read = mapping(LIMIT_KEYS)(said, place)
    if not isinstance(read, dict):
        return read
    own = {item.name for item in fields(Limits)}
    gate = {field.removeprefix("gate."): number for field, number in read.items() if field not in own}
    limits = Limits(**{field: number for field, number in read.items() if field in own})
    return {"limits": limits, "gate": _gate(gate, place)} if gate else {"limits": limits}


def _gate(value: Any, place: Place) -> Any:
    if isinstance(value, GateLimits):
        return value
    if not isinstance(value, Mapping):
        return invalid(value, place, "GateLimits(…)")
    words = {key.target.removeprefix("gate."): key.name for key in LIMIT_KEYS}
    try:
        return GateLimits(**value)
    except ConfigError as error:
        for fault in error.faults:
            word = fault.path.rpartition(".")[2]
            place.key(words.get(word, word)).fault(fault.problem, fault.expected)
    except TypeError as error:
        return place.fault(str(error), "GateLimits(…)")
    return GateLimits()


_BACKEND_KEYS = (
    Key("type", not_built("backend", "memory")),
    Key("redis_url", or_none(text)),
    Key("redis_prefix", text),
)

LIMIT_KEYS = (
    Key("max_depth", whole(1)),
    Key("max_messages", whole(1)),
    Key("max_history", whole(1)),
    Key("idle_ttl", or_none(seconds)),
    Key("max_dead_letters", whole(1)),
    Key("max_finished", whole(0)),
    Key("max_bytes", whole(1), "gate.max_bytes"),
    # A document's depth in elements; `max_depth` is the depth of calls.
    Key("max_xml_depth", whole(1), "gate.max_depth"),
    Key("max_nodes", whole(1), "gate.max_nodes"),
    Key("max_attributes", whole(1), "gate.max_attributes"),
    Key("max_text", whole(1), "gate.max_text"),
)
"""The section `limits:`."""


def identity_keys(folder: Path | None = None) -> tuple[Key, ...]:
    """Give the keys of the section `organism:`; paths in it begin in `folder`, or else in the current one."""
    return (Key("name", name), Key("identity", identity_reader(folder)), Key("port", _port))


IDENTITY_KEYS = identity_keys()
"""The section `organism:` where no file is."""

SETTING_KEYS = (
    Key("thread_scheduling", one_of("breadth-first", "depth-first")),
    Key("max_concurrent_pipelines", whole(1)),
    Key("max_concurrent_handlers", whole(1)),
    Key("max_concurrent_per_agent", whole(1)),
    Key("max_tokens_per_thread", or_none(whole(1))),
    Key("limits", _limits, spreads=True),
    Key("llm", not_built("llm", None)),
    Key("process_pool", or_none(mapping(POOL_KEYS))),
    Key("backend", or_none(mapping(_BACKEND_KEYS))),
)
"""The settings beside the listeners, for YAML and Python alike."""


_HOOK_CALLS = ("on_intent", "on_dispatched", "on_acknowledged", "on_failed", "on_thread_complete")


def _hooks(value: Any, place: Place) -> Any:
    for index, hook in enumerate(value):
        if isinstance(hook, type) or not any(callable(getattr(hook, call, None)) for call in _HOOK_CALLS):
            place.item(index).fault(f"got {hook!r}", f"an object with one of {', '.join(_HOOK_CALLS)}")
    return list(value)


PYTHON_KEYS = (*IDENTITY_KEYS, *SETTING_KEYS, Key("gate", _gate), Key("hooks", _hooks))
"""What `Organism` and `OrganismConfig` take from Python."""
