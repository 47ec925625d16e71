"""The section `process_pool:`, and whether the listeners have the worker processes that they need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.listeners import Listener
from xpipe_nb.settings import Key, flag, one_of, or_none, whole

__all__ = ["POOL_KEYS", "check_pool"]

POOL_KEYS = (
    Key("enabled", flag),
    Key("workers", or_none(whole(1, 512))),
    Key("max_tasks_per_child", or_none(whole(1))),
    Key("start_method", one_of("forkserver", "spawn")),
)
"""What it may say: by default as many workers as there are processors for this process, at most four, by forkserver."""


def check_pool(listeners: Iterable[Listener | None], pool: Mapping[str, Any] | None) -> None:
    """See to it that no listener needs worker processes where they are switched off.

    Raises:
        ConfigError: One does; every one is named.
    """
    if pool is None or pool.get("enabled", True):
        return
    faults = [
        Fault(
            f"$.listeners[{index}].cpu_bound",
            f"{listener.name} runs in a worker process, and process_pool.enabled is false",
            "process_pool: {enabled: true}, or no line at all",
        )
        for index, listener in enumerate(listeners)
        if listener is not None and listener.executor == "process"
    ]
    if faults:
        raise ConfigError(*faults)
