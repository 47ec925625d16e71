"""Many listeners at once: unique names, and peers that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from xpipe_nb.errors import Fault
from xpipe_nb.listeners.config import ListenerConfig
from xpipe_nb.listeners.record import Listener
from xpipe_nb.listeners.resolve import Surroundings, read_listener
from xpipe_nb.names import SYSTEM_LISTENERS, is_system_name, nearest
from xpipe_nb.settings import Place

__all__ = ["Entry", "read_together", "resolve_all"]


@dataclass
class Entry:
    """One listener as it stands in a list.

    Args:
        config: Its settings.
        place: Where it stands.
        word: Whether it is a lone name, so that the entry itself is the place of its handler and name.
    """

    config: ListenerConfig
    place: Place
    word: bool = False

    @property
    def name(self) -> str:
        """The name it will have, as far as that is known without its handler."""
        value = self.config.name or self.config.handler or self.config.handler_path
        return value.replace(":", ".").rpartition(".")[2] if isinstance(value, str) else ""


def resolve_all(
    listeners: Iterable[ListenerConfig | Callable[..., Any] | str],
    namespace: Mapping[str, Any] | None = None,
    *,
    place: str = "here",
    known: Iterable[str] = (),
    path: str = "$.listeners",
) -> tuple[Listener, ...]:
    """Make the listeners of an organism ready to run.

    Args:
        listeners: Settings, marked or plain functions, and names of functions or their import paths.
        namespace: Where names are looked up before they are imported.
        place: What to call the namespace in a message, such as `in this notebook`.
        known: Further listeners that peers may name.
        path: The JSON path of the list, for messages.

    Raises:
        ConfigError: Anything does not fit; every fault of every listener is in it.

    Example:
        >>> [one.name for one in resolve_all([greeter, ListenerConfig(name="loud", handler=shout)])]
        ['greeter', 'loud']
    """
    top = Place(path)
    entries = []
    for index, item in enumerate(listeners):
        word = not isinstance(item, ListenerConfig)
        config = item if isinstance(item, ListenerConfig) else ListenerConfig(handler=item)
        entries.append(Entry(config, top.item(index), word))
    resolved = read_together(entries, Surroundings(namespace or {}, place), known)
    top.conclude()
    return tuple(one for one in resolved if one is not None)


def read_together(entries: Sequence[Entry], around: Surroundings, known: Iterable[str] = ()) -> list[Listener | None]:
    """Do the work of `resolve_all`, noting faults instead of raising them."""
    resolved = [_read(entry, around) for entry in entries]
    names = [one.name if one else entry.name for one, entry in zip(resolved, entries, strict=True)]
    _check_names(names, entries)
    everybody = [*dict.fromkeys([*names, *known])]
    broken = {entry.name for one, entry in zip(resolved, entries, strict=True) if one is None}
    for one, entry in zip(resolved, entries, strict=True):
        _check_peers(one.peers if one else entry.config.peers, entry.place, everybody, broken)
    return resolved


def _read(entry: Entry, around: Surroundings) -> Listener | None:
    faults = entry.place.faults
    before = len(faults)
    listener = read_listener(entry.config, entry.place, around)
    if entry.word:
        own = {entry.place.key(key).path for key in ("handler", "name")}
        faults[before:] = [_moved(fault, entry.place.path) if fault.path in own else fault for fault in faults[before:]]
    return listener


def _moved(fault: Fault, path: str) -> Fault:
    return Fault(path, fault.problem, fault.expected, fault.nearest, fault.line)


def _check_names(names: Sequence[str], entries: Sequence[Entry]) -> None:
    first: dict[str, Entry] = {}
    for name, entry in zip(names, entries, strict=True):
        other = first.setdefault(name, entry) if name else entry
        if other is not entry:
            spot = entry.place if entry.word else entry.place.key("name")
            spot.fault(f"a second listener named {name!r}", f"another name ({other.place.path} has this one)")
        if is_system_name(name):
            spot = entry.place if entry.word else entry.place.key("name")
            spot.fault(f"{name!r}: names that begin with system are the pump's own", "another name")


def _check_peers(peers: object, place: Place, everybody: Sequence[str], broken: AbstractSet[str]) -> None:
    if not isinstance(peers, (list, tuple)):
        return
    others = [name for name in everybody if name and name not in broken]
    everybody = [*everybody, *SYSTEM_LISTENERS]
    for index, peer in enumerate(peers):
        near = nearest(peer, everybody) if isinstance(peer, str) else None
        # A peer close to a listener that could not be read is most likely right: the listener is misspelt.
        if isinstance(peer, str) and peer != "*" and peer not in everybody and near not in broken:
            spot = place.key("peers").item(index)
            spot.fault(f"no listener {peer!r}", f"one of {', '.join(others[:12])}" if others else "", near)
