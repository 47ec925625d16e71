"""What travels between processes is packed here: functions once, payloads often, and payload classes by a name.

A class that is defined in a cell is no use to another process by its name alone, and a thousand times as long as one of
its objects. So it travels once, with the function that needs it, under a token; after that a packed object only names
the token, in both directions, and what comes back is of the very class that was sent.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
import sys
import uuid
from collections.abc import Callable
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import cloudpickle

__all__ = ["class_of", "is_importable", "know", "pack", "token_of", "unpack"]

_TOKENS: WeakKeyDictionary[type, str] = WeakKeyDictionary()
"""The classes of this process that have been sent, or have come, by value; the one registry besides `_CLASSES`."""

_CLASSES: WeakValueDictionary[str, type] = WeakValueDictionary()
"""The same by token."""


def is_importable(thing: Any) -> bool:
    """Say whether another process finds a class or function by its name, so that it need not travel by value."""
    module = getattr(thing, "__module__", None)
    if not isinstance(module, str) or module == "__main__":
        return False
    found: Any = sys.modules.get(module)
    for word in getattr(thing, "__qualname__", "").split("."):
        found = getattr(found, word, None)
    return found is thing


def token_of(cls: type) -> str:
    """Give the token of a class, making one if it is the first time."""
    token = _TOKENS.get(cls)
    if token is None:
        token = uuid.uuid4().hex
        know(token, cls)
    return token


def know(token: str, cls: type) -> None:
    """Note that a token means a class, from now on."""
    _TOKENS[cls] = token
    _CLASSES[token] = cls


def class_of(token: str) -> type:
    """Give the class that a token means; packed objects call this when they are unpacked."""
    try:
        return _CLASSES[token]
    except KeyError:
        raise pickle.UnpicklingError("its class is not known here (any more)") from None


class _Packer(cloudpickle.Pickler):  # type: ignore[misc]  # it is published without types
    """Pickles by value what cannot be imported, and classes that are known on both sides by their token."""

    def __init__(self, file: io.BytesIO, known: frozenset[type], seen: Callable[[Any], None] | None) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self._known, self._seen = known, seen

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, type) and obj in self._known:
            return class_of, (_TOKENS[obj],)
        if obj is dataclasses.MISSING:  # a copy of it would be taken for a default
            return "MISSING"
        if type(obj).__module__ == "xpipe_nb.listeners.config":  # a mark says nothing to a worker, and costs its import
            return _nothing, ()
        if isinstance(obj, CodeType):  # cloudpickle drops the file, without which no traceback finds its lines
            _make, parts = self.dispatch_table[CodeType](obj)
            return _code_of_file, ("".join(obj.co_filename), *parts)
        if self._seen is not None:
            self._seen(obj)
        return super().reducer_override(obj)


def _nothing() -> None:
    return None


def _code_of_file(file: str, *parts: Any) -> CodeType:
    return CodeType(*parts).replace(co_filename=file)


def pack(thing: Any, known: frozenset[type] = frozenset(), seen: Callable[[Any], None] | None = None) -> bytes:
    """Make bytes of an object.

    Args:
        thing: What travels.
        known: Classes that have a token where it is going.
        seen: Is told of each class, function and other object of no basic type that is packed.

    Raises:
        Exception: Whatever the object's own way of pickling raises.
    """
    file = io.BytesIO()
    _Packer(file, known, seen).dump(thing)
    return file.getvalue()


def unpack(data: bytes) -> Any:
    """Make an object of bytes that `pack` has made in a process of ours; never of anything else."""
    return pickle.loads(data)  # noqa: S301 - it came by a pipe that only the two of us have
