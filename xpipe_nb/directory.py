"""Who is there now: the routes, the payload classes by tag, and a gate for each listener."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.payloads import DeliveryError, PayloadTable, codec_of
from xpipe_nb.routing import RouteTable
from xpipe_nb.scheduling import FairQueue, Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from xpipe_nb.frames import Frame
    from xpipe_nb.listeners import Listener
    from xpipe_nb.payloads import Codec
    from xpipe_nb.scheduling import Queue

__all__ = ["Directory"]


class Directory:
    """The tables that the stages look things up in; a reload swaps them in one go.

    Args:
        organism: The organism's name.
        listeners: Its listeners.
        per_agent: How many messages of one agent may be handled at once.
        queue: Makes the queue of those who wait at a gate.

    Raises:
        ConfigError: When two payload classes share a tag but not a schema.
    """

    def __init__(
        self,
        organism: str,
        listeners: Iterable[Listener],
        per_agent: int | None,
        queue: Callable[[], Queue[Any]] = FairQueue,
    ) -> None:
        self.organism = organism
        self.generation = 1
        self.changed: Callable[[], None] = lambda: None
        self._per_agent, self._queue = per_agent, queue
        self._gates: dict[str, Gate] = {}
        self._gone: dict[str, Listener] = {}
        self._own: dict[str, Listener] = {}
        self.routes, self.table = self._tables(listeners)

    def _tables(self, listeners: Iterable[Listener]) -> tuple[RouteTable, PayloadTable]:
        listeners = tuple(listeners)
        table = PayloadTable()
        table.add(DeliveryError)  # it may stand among the results of a buffer
        for listener in (*listeners, *self._own.values()):
            for cls in (*listener.accepts.values(), *(listener.output_class or ())):
                table.add(cls)
        return RouteTable(listeners, self.organism, self._own.values()), table

    def replace(self, listeners: Iterable[Listener], per_agent: int | None = None) -> None:
        """Swap the whole table in one go; what cannot be built changes nothing.

        Listeners that are gone are kept for the frames that they are still at work in.

        Args:
            listeners: All listeners but the pump's own.
            per_agent: How many messages of one agent may be handled at once; left out, as many as before.

        Raises:
            ConfigError: When two payload classes share a tag but not a schema.
        """
        routes, table = self._tables(listeners)
        self._per_agent = self._per_agent if per_agent is None else per_agent
        self._gone.update(
            {each.name: each for each in self.routes.everybody().values() if routes.get(each.name) is None}
        )
        for listener in routes.everybody().values():
            self._gone.pop(listener.name, None)
            if listener.name in self._gates:
                self._gates[listener.name].limit = self._limit(listener)
        self.routes, self.table = routes, table
        self.generation += 1
        self.changed()

    def put(self, *listeners: Listener) -> None:
        """Add listeners, or replace those of their names."""
        for listener in listeners:
            self._own.pop(listener.name, None)
        self.replace({**self.by_name(), **{each.name: each for each in listeners}}.values())

    def adopt(self, listeners: Iterable[Listener]) -> None:
        """Add listeners that no configuration declares, so that no reload takes them out: the pump's, generic ones."""
        self._own.update({listener.name: listener for listener in listeners})
        self.replace(self.by_name().values())

    def remove(self, name: str) -> bool:
        """Take a listener out; say whether it was there. The pump's own stay."""
        own = self._own.get(name)
        if own is not None and own.generic:
            del self._own[name]
            self.replace(self.by_name().values())
            return True
        if own is not None:
            return False
        if self.routes.get(name) is None:
            return False
        self.replace([each for each in self.routes if each.name != name])
        return True

    def by_name(self) -> dict[str, Listener]:
        """Give the listeners by name, in the order of declaration."""
        return {each.name: each for each in self.routes}

    def of_the_person(self) -> dict[str, Listener]:
        """Give the listeners by name, generic ones included, the pump's own left out."""
        return {**self.by_name(), **{each.name: each for each in self._own.values() if each.generic}}

    def listener_of(self, frame: Frame) -> Listener | None:
        """Give the listener that works in a frame, also one that was taken out meanwhile."""
        return self.routes.get(frame.listener) or self._gone.get(frame.listener)

    def gate_of(self, listener: Listener) -> Gate:
        """Give the gate of a listener."""
        gate = self._gates.get(listener.name)
        if gate is None:
            gate = self._gates[listener.name] = Gate(self._limit(listener), self._queue())
        return gate

    def running(self, name: str) -> int:
        """Say how many messages a listener is handling now, whether it is still there or not."""
        gate = self._gates.get(name)
        return 0 if gate is None else gate.taken

    def _limit(self, listener: Listener) -> int | None:
        limits = [listener.concurrency, self._per_agent if listener.agent else None]
        return min((limit for limit in limits if limit is not None), default=None)

    def codec_for(self, tag: str, sender_class: type | None) -> Codec[Any] | None:
        """Give the codec that reads a payload: the organism's for that tag, else the sender's own."""
        codec = self.table.codec(tag)
        return codec if codec is not None or sender_class is None else codec_of(sender_class)
