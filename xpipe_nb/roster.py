"""Who is in a pump, and how that changes while it runs: listeners come and go, and settings are read anew."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xpipe_nb.config.pool import check_pool
from xpipe_nb.errors import ConfigError, Fault, XPipeError
from xpipe_nb.listeners import ListenerConfig, resolve_all
from xpipe_nb.listeners.generic import generic_listener
from xpipe_nb.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.events import ReloadEvent
    from xpipe_nb.listeners import Listener

__all__ = ["Roster"]


class Roster(Parts):
    """The parts of a pump with what adds listeners to them, and takes them out."""

    config_path: Path | None = None
    """The file that it was made from, if it was."""

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """All listeners by name, the pump's own included."""
        return self.directory.routes.everybody()

    @property
    def routing_table(self) -> Mapping[str, list[Listener]]:
        """The listeners by the tag of what they accept."""
        return self.directory.routes.by_tag()

    def register_listener(self, listener: ListenerConfig | Callable[..., Any]) -> Listener:
        """Add a listener, or replace the one of that name for all messages that are routed from now on.

        Args:
            listener: Its configuration, or a function.

        Raises:
            ConfigError: When it cannot be used.
        """
        (resolved,) = resolve_all([listener], known=self.directory.of_the_person())
        check_pool([resolved], self.config.process_pool)
        self.directory.put(resolved)
        self.open_gates()
        return resolved

    def register_all(self, listeners: Iterable[ListenerConfig | Callable[..., Any]]) -> None:
        """Add several listeners at once; they may name one another as peers."""
        all_resolved = resolve_all(listeners, known=self.directory.of_the_person())
        check_pool(all_resolved, self.config.process_pool)
        self.directory.put(*all_resolved)
        self.open_gates()

    def register_generic_listener(self, name: str, handler: Callable[..., Any], description: str = "") -> Listener:
        """Add a listener that takes any payload, as an element; it is sent to by name only, and outlives reloads.

        Args:
            name: Its name; a generic listener of the same name is replaced.
            handler: Called with the element, a copy of its own, and its metadata if it takes that.
            description: What it does; default: the first line of the docstring.

        Raises:
            ConfigError: When it cannot be used, or another listener has the name.
        """
        if name in self.directory.by_name():
            raise ConfigError(Fault("$.name", f"a second listener named {name!r}", "another name"))
        listener = generic_listener(name, handler, description)
        self.directory.adopt([listener])
        self.open_gates()
        return listener

    def unregister_listener(self, name: str) -> bool:
        """Take a listener out of the routes; say whether it was there."""
        return self.directory.remove(name)

    async def reload_config(
        self, path: str | Path | None = None, namespace: Mapping[str, Any] | None = None
    ) -> ReloadEvent:
        """Take over a YAML file; what is in flight is dealt with as `Organism.reload` says.

        Args:
            path: The file; left out, the one that `bootstrap` read.
            namespace: Where the names in it are looked up first; left out, where they were at the start.

        Raises:
            XPipeError: When no path is given and none is known.
        """
        path = self.config_path if path is None else Path(path)
        if path is None:
            raise XPipeError(f"{self.name} was not made from a file; write reload_config(path)")
        return self.reload(path, namespace)

    def reload(self, source: Any, namespace: Mapping[str, Any] | None = None) -> ReloadEvent:
        """Do what `Organism.reload` says."""
        event = self.reloader.reload(source, namespace)
        self.open_gates()
        return event

    def _apply(self, config: OrganismConfig) -> None:
        """Let the settings of a reload count from now on, for open conversations, too."""
        limits = config.limits
        self.config = config
        self.letters.keep(limits.max_dead_letters)
        self.rules.max_depth, self.steps.max_messages = limits.max_depth, limits.max_messages
        self.steps.gate = self.composer.gate = self.reception.gate = config.gate
        self.scheduler.places = config.max_concurrent_handlers
        self.conversations.bound(limits, config.max_concurrent_pipelines)
        self.budgets.change(config.max_tokens_per_thread)

    def open_gates(self) -> None:
        """Let in whoever waits at a gate that a reload made wider."""
        for listener in self.directory.routes:
            self.scheduler.look_at(self.directory.gate_of(listener))
        self._stir()

    @abstractmethod
    def _stir(self) -> None:
        """Something may have become startable."""
