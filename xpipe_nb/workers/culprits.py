"""Which object it is that cannot travel: found by packing one after the other, from the outside in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from xpipe_nb.wording import one_line_of
from xpipe_nb.workers.inside import inside
from xpipe_nb.workers.packing import is_importable, pack

__all__ = ["culprit", "largest"]

DEPTH = 6
"""How far in the search goes."""


def culprit(thing: Any, error: BaseException, label: str = "it") -> tuple[str, str]:
    """Find what keeps an object from being packed.

    Args:
        thing: The object.
        error: What was raised when it was packed.
        label: What a person calls it.

    Returns:
        What a person calls the innermost object that cannot be packed, and why it cannot, in a clause.

    Example:
        >>> import threading
        >>> lock = threading.Lock()
        >>> culprit({"guard": lock}, TypeError("cannot pickle"), "settings")
        ("settings['guard']", "cannot pickle '_thread.lock' object")
    """
    for _ in range(DEPTH):
        for name, value in _parts(thing, label):
            problem = _problem(value)
            if problem is not None:
                thing, label, error = value, name, problem
                break
        else:
            break
    text = one_line_of(str(error)) or type(error).__name__
    return label, text


def largest(function: Any) -> str:
    """Say what is the largest thing that a function names."""
    sizes = {name: _size(value) for name, value in _parts(function, "it")}
    return max(sizes, key=lambda name: sizes[name], default="it")


def _parts(thing: Any, label: str) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, FunctionType):
        yield from () if is_importable(thing) else inside(thing)
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield f"{label}[{key!r}]", value
    elif isinstance(thing, list | tuple | set | frozenset):
        for index, value in enumerate(thing):
            yield f"{label}[{index}]", value
    elif not isinstance(thing, type | ModuleType):
        for name, value in getattr(thing, "__dict__", {}).items():
            yield f"{label}.{name}", value


def _problem(value: Any) -> Exception | None:
    try:
        pack(value)
    except Exception as error:  # noqa: BLE001 - whatever its own way of pickling raises is the answer
        return error
    return None


def _size(value: Any) -> int:
    try:
        return len(pack(value))
    except Exception:  # noqa: BLE001 - as above; it has no size then
        return 0
