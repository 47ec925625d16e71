"""Who is there now: the routes, the payload classes by tag, and a gate for each listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.payloads import PayloadTable, codec_of
from xpipe_nb.routing import RouteTable
from xpipe_nb.scheduling import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xpipe_nb.listeners import Listener
    from xpipe_nb.payloads import Codec

__all__ = ["Directory"]


class Directory:
    """The tables that the stages look things up in; a reload swaps them in one go.

    Args:
        organism: The organism's name.
        listeners: Its listeners.
        per_agent: How many messages of one agent may be handled at once.

    Raises:
        ConfigError: When two payload classes share a tag but not a schema.
    """

    def __init__(self, organism: str, listeners: Iterable[Listener], per_agent: int | None) -> None:
        self.table = PayloadTable()
        self.organism = organism
        self._per_agent = per_agent
        self._gates: dict[str, Gate] = {}
        self.routes = RouteTable((), organism)
        self._swap(listeners)

    def _swap(self, listeners: Iterable[Listener]) -> None:
        listeners = tuple(listeners)
        for listener in listeners:
            for cls in (*listener.accepts.values(), *(listener.output_class or ())):
                self.table.add(cls)
        self.routes = RouteTable(listeners, self.organism)

    def put(self, listener: Listener) -> None:
        """Add a listener, or replace the one of its name."""
        by_name = {each.name: each for each in self.routes}
        self._swap({**by_name, listener.name: listener}.values())
        if listener.name in self._gates:
            self._gates[listener.name].limit = self._limit(listener)

    def remove(self, name: str) -> bool:
        """Take a listener out; say whether it was there."""
        if self.routes.get(name) is None:
            return False
        self._swap([each for each in self.routes if each.name != name])
        return True

    def gate_of(self, listener: Listener) -> Gate:
        """Give the gate of a listener."""
        gate = self._gates.get(listener.name)
        if gate is None:
            gate = self._gates[listener.name] = Gate(self._limit(listener))
        return gate

    def _limit(self, listener: Listener) -> int | None:
        limits = [listener.concurrency, self._per_agent if listener.agent else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def codec_for(self, tag: str, sender_class: type | None) -> Codec[Any] | None:
        """Give the codec that reads a payload: the organism's for that tag, else the sender's own."""
        cls = self.table.get(tag) or sender_class
        return None if cls is None else codec_of(cls)
