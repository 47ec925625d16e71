"""The section `listeners:` in its three forms: names, a mapping of names, a list of settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.listeners.keys import LISTENER_KEYS
from xpipe_nb.listeners.resolve import Surroundings
from xpipe_nb.listeners.together import Entry
from xpipe_nb.settings import Place, invalid, read_keys, said

__all__ = ["read_entries"]

FORMS = "a list of functions' names or of settings (- name: …), or a mapping of names to settings"


def read_entries(value: Any, place: Place, around: Surroundings) -> list[Entry]:
    """Read the section `listeners:`, noting faults; handlers and classes stay unresolved."""
    if isinstance(value, Mapping):
        return list(_named(value, place, around))
    if isinstance(value, (list, tuple)):
        return list(_listed(value, place, around))
    invalid(value, place, FORMS)
    return []


def _listed(items: Any, place: Place, around: Surroundings) -> Iterator[Entry]:
    for index, item in enumerate(items):
        spot = place.item(index)
        if isinstance(item, str) and item:
            yield Entry(ListenerConfig(handler=item), spot, word=True)
        elif isinstance(item, Mapping):
            if "name" in item or "handler" in item:
                yield _entry(read_keys(LISTENER_KEYS, item, spot), spot, around)
            elif (name := _misplaced_name(item)) is not None:
                spot.fault(
                    f"the name {said(name)} stands where a setting would", f"- name: {name}, and its settings below it"
                )
            else:
                read_keys(LISTENER_KEYS, item, spot)
                spot.fault("a listener without a name", "name: …")
        else:
            invalid(item, spot, "the name of a function, or settings (name: …)")


def _misplaced_name(item: Mapping[Any, Any]) -> str | None:
    """Give the name in `- slow:` or `- slow: {timeout: 5}`: the form of a mapping, in a list."""
    [name, *others] = item or [None]
    is_name = isinstance(name, str) and name not in {key.name for key in LISTENER_KEYS}
    return name if is_name and not others and (item[name] is None or isinstance(item[name], Mapping)) else None


def _named(items: Mapping[str, Any], place: Place, around: Surroundings) -> Iterator[Entry]:
    for name, item in items.items():
        spot = place.key(name)
        if item is not None and not isinstance(item, Mapping):
            invalid(item, spot, "settings (description: …), or nothing")
            continue
        settings = read_keys(LISTENER_KEYS, item or {}, spot)
        other = settings.get("name", name)
        if other != name:
            spot.key("name").fault(f"got {other!r}", f"{name!r}, as the key says, or no name here")
        yield _entry({**settings, "name": name}, spot, around, word="handler" not in (item or {}))


def _entry(settings: dict[str, Any], spot: Place, around: Surroundings, *, word: bool = False) -> Entry:
    """Settings without a handler mean the function that has the listener's name, if there is one."""
    name = settings.get("name", "")
    built_in = settings.get("agent") and settings.get("prompt") and name not in around.namespace
    if "handler" not in settings and name and not built_in:
        settings["handler"] = name
    return Entry(ListenerConfig(**settings), spot, word)
