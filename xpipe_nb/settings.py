"""What a setting may hold: small readers that give the value back in its final form, or note a fault.

YAML and Python keywords are read by the same readers, so that neither accepts what the other refuses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.names import is_name, nearest

__all__ = [
    "INVALID",
    "Key",
    "Place",
    "Reader",
    "anybody_or_names",
    "flag",
    "invalid",
    "name",
    "not_built",
    "one_of",
    "or_none",
    "read_keys",
    "said",
    "seconds",
    "text",
    "whole",
]


class _Invalid(Enum):
    INVALID = "invalid"


INVALID: Final = _Invalid.INVALID
"""What a reader gives back after it has noted a fault."""


class Place:
    """A spot in a configuration, and the list that takes the faults found there.

    Args:
        path: The JSON path of the spot.
        faults: Where faults are noted; one list for a whole configuration.

    Example:
        >>> spot = Place().key("listeners").item(2).key("peers")
        >>> spot.path
        '$.listeners[2].peers'
    """

    __slots__ = ("faults", "path")

    def __init__(self, path: str = "$", faults: list[Fault] | None = None) -> None:
        self.path = path
        self.faults: list[Fault] = [] if faults is None else faults

    def key(self, name: object) -> Place:
        """Give the spot of a key below this one."""
        plain = isinstance(name, str) and name.isidentifier()
        return Place(f"{self.path}.{name}" if plain else f"{self.path}[{name!r}]", self.faults)

    def item(self, index: int) -> Place:
        """Give the spot of an item below this one."""
        return Place(f"{self.path}[{index}]", self.faults)

    def fault(self, problem: str, expected: str = "", near: str | None = None) -> _Invalid:
        """Note a fault of this spot."""
        self.faults.append(Fault(self.path, problem, expected, near))
        return INVALID

    def conclude(self) -> None:
        """Raise a `ConfigError` with all faults noted, if there are any."""
        if self.faults:
            raise ConfigError(*self.faults)


Reader: TypeAlias = Callable[[Any, Place], Any]
"""Takes a value and its place; gives the value in its final form, or notes a fault and gives `INVALID`."""


@dataclass(frozen=True)
class Key:
    """One known setting.

    Args:
        name: How it is written.
        read: Checks its value.
        field: The attribute it becomes; default: its name.
        spreads: Its reader gives several attributes at once, as a dict.
    """

    name: str
    read: Reader
    field: str = ""
    spreads: bool = False

    @property
    def target(self) -> str:
        """The attribute that this key becomes."""
        return self.field or self.name


def read_keys(table: Sequence[Key], given: Mapping[Any, Any], place: Place) -> dict[str, Any]:
    """Read a mapping by a table of keys: unknown keys and unfit values are noted, the rest is given by field."""
    known = {key.name: key for key in table}
    values: dict[str, Any] = {}
    for word, value in given.items():
        if word not in known:
            place.key(word).fault(f"unknown key {said(word)}", _listed(known), nearest(str(word), known))
            continue
        key = known[word]
        read = key.read(value, place.key(word))
        if read is not INVALID:
            values.update(read if key.spreads else {key.target: read})
    return values


def _listed(words: Iterable[str]) -> str:
    return f"one of {', '.join(words)}"


def said(value: object) -> str:
    """Write a value of a configuration for a message, cut to a readable length."""
    if value is None:
        return "nothing"
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:59]}…"


def invalid(value: object, place: Place, expected: str, near: str | None = None) -> _Invalid:
    """Note that a value is not what was expected."""
    return place.fault(f"got {said(value)}", expected, near)


def text(value: Any, place: Place) -> Any:
    """Read a text."""
    return value if isinstance(value, str) else invalid(value, place, "a text")


def name(value: Any, place: Place) -> Any:
    """Read the name of a listener or an organism."""
    if isinstance(value, str) and is_name(value):
        return value
    return invalid(value, place, "a name: an ASCII letter, then letters, digits, `_`, `-` and inner dots")


def flag(value: Any, place: Place) -> Any:
    """Read true or false."""
    if isinstance(value, bool):
        return value
    words = {"yes": "true", "on": "true", "no": "false", "off": "false"}
    return invalid(value, place, "true or false", words.get(str(value).lower()))


def whole(least: int, most: int | None = None) -> Reader:
    """Make a reader of whole numbers from `least` to `most`."""
    expected = f"a whole number from {least}" + ("" if most is None else f" to {most}")

    def read(value: Any, place: Place) -> Any:
        right = isinstance(value, int) and not isinstance(value, bool) and value >= least
        return value if right and (most is None or value <= most) else invalid(value, place, expected)

    return read


def seconds(value: Any, place: Place) -> Any:
    """Read a number of seconds, not negative."""
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if right and value >= 0 and math.isfinite(value) else invalid(value, place, "seconds, from 0")


def one_of(*words: str) -> Reader:
    """Make a reader of one word out of several."""

    def read(value: Any, place: Place) -> Any:
        return value if value in words else invalid(value, place, _listed(words), nearest(str(value), words))

    return read


def or_none(read_some: Reader) -> Reader:
    """Make a reader that lets `None` pass."""
    return lambda value, place: None if value is None else read_some(value, place)


def not_built(key: str, *off: object) -> Reader:
    """Make a reader of a setting whose part does not exist yet; only the values that mean "off" pass."""

    def read(value: Any, place: Place) -> Any:
        # `in` would take True for 1 and 0 for False.
        if any(value == word and type(value) is type(word) for word in off):
            return value
        # Where nothing but null is "off", the value is not repeated: it may hold a secret.
        found = key if off == (None,) else f"{key}: {_word(value)}"
        return place.fault(f"{found} is not built yet", f"{_word(off[0])}, or no line at all")

    return read


def _word(value: object) -> str:
    """Write a value as YAML would, cut to a readable length."""
    words = "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return words if len(words) <= 60 else f"{words[:59]}…"


def anybody_or_names(value: Any, place: Place) -> Any:
    """Read a list of names; `"*"`, alone or in the list, means anybody."""
    if value == "*":
        return ("*",)
    if isinstance(value, str) and is_name(value):
        return invalid(value, place, f"a list: [{value}]")
    if not isinstance(value, (list, tuple, set, frozenset)):
        return invalid(value, place, 'a list of names, or "*"')
    for index, item in enumerate(value):
        if item != "*":
            name(item, place.item(index))
    return tuple(value)
