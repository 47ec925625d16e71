"""Hot reload: a whole new table is built and checked, then swapped in one go; what cannot be used changes nothing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xpipe_nb.changes import changes_between
from xpipe_nb.config import ConfigLoader
from xpipe_nb.errors import ConfigError, DefinitionError, Fault
from xpipe_nb.events import ReloadEvent
from xpipe_nb.listeners import resolve_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.listeners import Listener

__all__ = ["Reloader"]


class Reloader:
    """Swaps the listeners of a running organism.

    Args:
        config: The settings that the organism was built with.
        namespace: Where names are looked up when a reload brings no namespace of its own.
        directory: Its tables.
        bus: Where reloads are published.
    """

    def __init__(
        self, config: OrganismConfig, namespace: Mapping[str, Any] | None, directory: Directory, bus: EventBus
    ) -> None:
        self._config, self._namespace, self._directory, self._bus = config, namespace, directory, bus
        self.generation = 1

    def reload(self, source: str | Path | Iterable[Any], namespace: Mapping[str, Any] | None = None) -> ReloadEvent:
        """Take over the listeners of `source`.

        Args:
            source: YAML text, the path of a YAML file as a `Path`, or the listeners themselves.
            namespace: Where the names in it are looked up first; left out, where they were at the start.

        Returns:
            What changed; or, with `success` false, why nothing did.
        """
        namespace = self._namespace if namespace is None else namespace
        try:
            listeners = self._read(source, namespace)
            changes = changes_between(self._directory.by_name(), {each.name: each for each in listeners})
            self._directory.replace(listeners)
        except (ConfigError, DefinitionError) as error:
            event = ReloadEvent(success=False, error=str(error), cause=error)
        else:
            self.generation += bool(changes)
            event = ReloadEvent(True, changes.added, changes.removed, changes.updated, changes.details)
        if self._bus.heard:
            self._bus.publish(event)
        return event

    def _read(self, source: str | Path | Iterable[Any], namespace: Mapping[str, Any] | None) -> tuple[Listener, ...]:
        if isinstance(source, str):
            config = ConfigLoader.load_text(source, namespace)
        elif isinstance(source, Path):
            config = ConfigLoader.load(source, namespace)
        else:
            return resolve_all(source, namespace)
        self._refuse_other_settings(config)
        return resolve_all(config.listeners, namespace)

    def _refuse_other_settings(self, config: OrganismConfig) -> None:
        """Only listeners can be swapped yet; a setting that would be passed over must not look as if it were used."""
        faults = [
            Fault(
                f"$.{name}",
                f"{name} is {new!r} now, it was {old!r} at the start; to change it in a running organism is not built yet",
                expected="the same value, or a new start",
            )
            for name in (item.name for item in fields(config) if item.name not in ("listeners", "name", "hooks"))
            if (new := getattr(config, name)) != (old := getattr(self._config, name))
        ]
        if faults:
            raise ConfigError(*faults)
