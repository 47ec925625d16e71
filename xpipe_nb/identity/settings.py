"""The setting `identity`: the path of a key, or a mapping with the key and how strictly to check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from xpipe_nb.errors import ConfigError
from xpipe_nb.identity.identity import VERIFY, Identity, is_window
from xpipe_nb.identity.keys import KEY_FILE, PUBLIC_KEY, path_of, read_private_key, read_public_key
from xpipe_nb.settings import INVALID, Key, Place, Reader, invalid, name, one_of, read_keys

__all__ = ["identity_reader"]


def identity_reader(folder: Path | None = None) -> Reader:
    """Make the reader of `identity`: it reads the key, so that one that cannot be used stops the start.

    Args:
        folder: Where relative paths begin; left out, in the current folder.
    """

    def read(value: Any, place: Place) -> Any:
        if value is None or isinstance(value, Identity):
            return value
        if isinstance(value, str | Path):
            key = _private_key(folder)(value, place)
            return key if key is INVALID else Identity(key)
        if not isinstance(value, Mapping):
            return place.fault(f"got a {type(value).__name__}", KEY_FILE)  # not repeated: it may be a secret
        faults = len(place.faults)
        settings = read_keys(_keys(folder), value, place)
        if "key" not in value:
            place.fault("there is no key to sign with", f"key: {KEY_FILE}")
        return INVALID if len(place.faults) > faults else Identity(**settings)

    return read


def _keys(folder: Path | None) -> tuple[Key, ...]:
    return (
        Key("key", _private_key(folder)),
        Key("trusted", _list_of(_public_key(folder), PUBLIC_KEY)),
        Key("verify", one_of(*VERIFY)),
        Key("window", _window),
        Key("local", _list_of(name, "console")),
    )


def _private_key(folder: Path | None) -> Reader:
    return _placed(lambda value: read_private_key(path_of(value, folder)), KEY_FILE)


def _public_key(folder: Path | None) -> Reader:
    return _placed(lambda value: read_public_key(value, folder), PUBLIC_KEY)


def _placed(load: Callable[[str | Path], Any], expected: str) -> Reader:
    """Make a reader of what is loaded; a fault of the file is one of the place that names it."""

    def read(value: Any, place: Place) -> Any:
        if not isinstance(value, str | Path):
            return place.fault(f"got a {type(value).__name__}", expected)  # not repeated: it may be a secret
        try:
            return load(value)
        except ConfigError as error:
            for fault in error.faults:
                place.fault(fault.problem, fault.expected, fault.nearest)
            return INVALID

    return read


def _list_of(read_item: Reader, item: str) -> Reader:
    def read(value: Any, place: Place) -> Any:
        if isinstance(value, str) or not isinstance(value, Sequence):
            return place.fault("this is no list", f"a list: [{item}]")
        return [read_item(each, place.item(index)) for index, each in enumerate(value)]

    return read


def _window(value: Any, place: Place) -> Any:
    if value is None or is_window(value):
        return value
    return invalid(value, place, "seconds above 0, or null for no protection against replay")
