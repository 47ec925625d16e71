"""What a function names: its globals, its closure, its defaults; by that it can be told whether it is still the same."""

from __future__ import annotations

from collections.abc import Iterator
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from xpipe_nb.workers.packing import is_importable

__all__ = ["function_name", "inside", "named"]

_LASTING = (str, bytes, int, float, complex, bool, type(None), type, ModuleType, BuiltinFunctionType, CodeType)
"""What can be changed only by binding its name to something else."""


def function_name(function: Any) -> str:
    """Say what a function is called."""
    return str(getattr(function, "__name__", type(function).__name__))


def named(function: Any) -> tuple[list[Any], bool]:
    """Give all that a function names, its own code first, and whether each of these is what it is for good."""
    found: list[Any] = []
    seen: set[int] = set()
    is_lasting = True
    waiting = [function]
    while waiting:
        thing = waiting.pop()
        found.append(thing)
        if isinstance(thing, FunctionType) and not is_importable(thing):
            if id(thing) not in seen:
                seen.add(id(thing))
                found.append(thing.__code__)
                waiting += [value for _, value in inside(thing)]
        elif isinstance(thing, tuple | frozenset):
            waiting += thing
        elif not isinstance(thing, (*_LASTING, FunctionType)):
            is_lasting = False
    return found, is_lasting


def inside(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Give what a function names, by what a person would call it."""
    for name, value in _globals(function):
        yield f"the global {name}", value
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            yield f"{name} in its closure", cell.cell_contents
        except ValueError:  # bound later, or never
            continue
    for value in function.__defaults__ or ():
        yield "a default of its arguments", value
    for name, value in (function.__kwdefaults__ or {}).items():
        yield f"the default of {name}", value


def _globals(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Give the globals that a function, or a function inside it, names."""
    names = dict.fromkeys(name for code in _codes(function.__code__) for name in code.co_names)
    for name in names:
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
