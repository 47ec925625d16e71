"""Hot reload: a whole new table is built and checked, then swapped in one go; what cannot be used changes nothing.

With the listeners go the settings that are looked at anew each time they count: limits, budgets, numbers of places.
The others (the identity, the backend, ...) are built into what runs, and need a new start.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xpipe_nb.changes import changes_between
from xpipe_nb.config import ConfigLoader, OrganismConfig, check_config
from xpipe_nb.config.pool import check_pool
from xpipe_nb.errors import ConfigError, DefinitionError, Fault
from xpipe_nb.events import ORGANISM, ReloadEvent
from xpipe_nb.listeners import resolve_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus

__all__ = ["CHANGEABLE", "Reloader"]

CHANGEABLE = (
    "limits", "gate", "max_concurrent_pipelines", "max_concurrent_handlers", "max_concurrent_per_agent",
    "max_tokens_per_thread",
)  # fmt: skip
"""The settings beside the listeners that a running organism takes over."""

_UNSEEN = ("listeners", "name", "hooks")
"""What is compared elsewhere, or is no matter of a reload: hooks come and go by `register_dispatch_hook`."""


class Reloader:
    """Swaps the listeners and settings of a running organism.

    Args:
        config: The settings that the organism was built with.
        namespace: Where names are looked up when a reload brings no namespace of its own.
        directory: Its tables.
        bus: Where reloads are published.
        apply: Makes new settings count; it cannot fail.
    """

    def __init__(
        self,
        config: OrganismConfig,
        namespace: Mapping[str, Any] | None,
        directory: Directory,
        bus: EventBus,
        apply: Callable[[OrganismConfig], None],
    ) -> None:
        self._config, self._namespace, self._directory, self._bus = config, namespace, directory, bus
        self._apply = apply
        self.generation = 1

    def reload(
        self, source: str | Path | OrganismConfig | Iterable[Any], namespace: Mapping[str, Any] | None = None
    ) -> ReloadEvent:
        """Take over the listeners of `source`, and its settings if it has any.

        Args:
            source: YAML text, the path of a YAML file as a `Path`, a whole configuration, or the listeners alone.
            namespace: Where the names in it are looked up first; left out, where they were at the start.

        Returns:
            What changed; or, with `success` false, why nothing did.
        """
        namespace = self._namespace if namespace is None else namespace
        try:
            config = self._read(source, namespace)
            settings = {} if config is None else self._settings(config)
            listeners = resolve_all(source if config is None else config.listeners, namespace)  # type: ignore[arg-type]
            check_pool(listeners, (self._config if config is None else config).process_pool)
            changes = changes_between(self._directory.by_name(), {each.name: each for each in listeners})
            per_agent = (self._config if config is None else config).max_concurrent_per_agent
            self._directory.replace(listeners, per_agent)
        except (ConfigError, DefinitionError) as error:
            event = ReloadEvent(success=False, error=str(error), cause=error)
        else:
            if config is not None:
                self._config = replace(config, name=self._config.name, hooks=self._config.hooks)
                self._apply(self._config)
            self.generation += bool(changes)
            details = {**changes.details, **({ORGANISM: settings} if settings else {})}
            event = ReloadEvent(True, changes.added, changes.removed, changes.updated, details)
        if self._bus.heard:
            self._bus.publish(event)
        return event

    def _read(self, source: Any, namespace: Mapping[str, Any] | None) -> OrganismConfig | None:
        """Read a whole configuration; `None` for listeners alone."""
        if isinstance(source, str):
            return ConfigLoader.load_text(source, namespace)
        if isinstance(source, Path):
            return ConfigLoader.load(source, namespace)
        return check_config(source) if isinstance(source, OrganismConfig) else None

    def _settings(self, config: OrganismConfig) -> dict[str, tuple[Any, Any]]:
        """Give the settings that differ, limits one by one.

        Raises:
            ConfigError: One of them needs a new start; to pass it over would look as if it were used.
        """
        names = [item.name for item in fields(config) if item.name not in _UNSEEN]
        differ = {
            name: (old, new) for name in names if (old := getattr(self._config, name)) != (new := getattr(config, name))
        }
        faults = [
            Fault(
                f"$.{name}",
                f"{name} is {new!r} now, it was {old!r} at the start, and a running organism cannot change it",
                expected="the same value, or a new start",
            )
            for name, (old, new) in differ.items()
            if name not in CHANGEABLE
        ]
        if faults:
            raise ConfigError(*faults)
        return {word: values for name, (old, new) in differ.items() for word, values in _taken_apart(name, old, new)}


def _taken_apart(name: str, old: Any, new: Any) -> list[tuple[str, tuple[Any, Any]]]:
    if not is_dataclass(new):
        return [(name, (old, new))]
    both = [(item.name, getattr(old, item.name), getattr(new, item.name)) for item in fields(new)]
    return [(f"{name}.{word}", (before, after)) for word, before, after in both if before != after]
