"""The settings of a whole organism."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from xpipe_nb.limits import Limits
from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.xml.limits import GateLimits

__all__ = ["DEFAULT_PORT", "ConfigWarning", "OrganismConfig"]

DEFAULT_PORT = 8765
"""The port of the reference; no network door is built, so any other one warns."""


class ConfigWarning(UserWarning):
    """A setting that is right but has no effect yet."""


@dataclass
class OrganismConfig:
    """Every setting of an organism; `Organism` takes the same names as keywords, YAML as keys.

    Args:
        name: The name of the organism.
        identity: Who it is: an `Identity`, the path of its key, or a mapping `{"key": path, "trusted": [public keys or
            paths], "verify": "require" | "if-present" | "off", "window": seconds, "local": [ports]}`; what the words
            mean is told there. A relative path begins in the folder of the YAML file, else in the current one.
        port: The reference's network port; there is no network door, so another one only warns.
        thread_scheduling: `breadth-first` serves conversations in turn; `depth-first` stays with the conversation
            served last while anything of it is ready, deepest frame first.
        max_concurrent_pipelines: How many injected conversations may be open at once.
        max_concurrent_handlers: How many handlers may run at once.
        max_concurrent_per_agent: How many runs of one agent may go on at once.
        max_tokens_per_thread: How many tokens one conversation may spend on models; `None` for as many as it likes.
        limits: The bounds of each conversation.
        gate: The caps on each document from outside.
        llm: Model backends; not built yet.
        process_pool: The worker processes of `cpu_bound` listeners, started when first needed: `{"workers": how many work
            at once (default: the processors that this process may use, at most 4), "max_tasks_per_child": after how many
            handlers each is replaced, "start_method": "forkserver" | "spawn", "enabled": False for none at all}`.
        backend: Shared state; only `{"type": "memory"}` is built.
        hooks: Objects that keep a book of messages, given in Python only.
        listeners: The listeners.

    Example:
        >>> OrganismConfig(name="hello").max_concurrent_handlers
        20
    """

    name: str = "organism"
    identity: Any = None
    port: int = DEFAULT_PORT
    thread_scheduling: str = "breadth-first"
    max_concurrent_pipelines: int = 50
    max_concurrent_handlers: int = 20
    max_concurrent_per_agent: int = 5
    max_tokens_per_thread: int | None = None
    limits: Limits = field(default_factory=Limits)
    gate: GateLimits = field(default_factory=GateLimits)
    llm: Any = None
    process_pool: Mapping[str, Any] | None = None
    backend: Mapping[str, Any] | None = None
    hooks: list[Any] = field(default_factory=list)
    listeners: list[ListenerConfig] = field(default_factory=list)
