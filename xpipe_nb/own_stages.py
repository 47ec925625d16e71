"""From what a person gives to a stage: which kind of thing it is, which messages it is for, how it is called."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from functools import partial
from types import UnionType
from typing import TYPE_CHECKING, Any, Union

from aiostream import pipe
from aiostream.core import BaseStream

from xpipe_nb.doors import Outcome
from xpipe_nb.messages import Delivery, Document, Envelope, Raw, Send, Verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.settlements import Settlements

__all__ = [
    "async_operator",
    "holds",
    "is_concurrent_map",
    "is_operator",
    "is_source",
    "name_of",
    "own_step",
    "tells_an_error",
    "types_of",
]

_TYPES = {each.__name__: each for each in (Raw, Document, Verified, Envelope, Send, Delivery)}
_STREAMS = (AsyncIterable, AsyncIterator, BaseStream)
_MAPS = ("action", "amap", "map", "starmap")
_HOLDING = ("chunks", "list", "skiplast", "takelast")
"""The operators of aiostream that keep messages back on purpose."""

_NOT_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


# ---- which kind of thing it is


def is_operator(given: Any) -> bool:
    """Say whether something takes a stream and gives one: a `pipe.…`, an operator, or a function that says so."""
    if not callable(given):
        return False
    if inspect.isasyncgenfunction(given) or _piped(given) or (hasattr(given, "pipe") and hasattr(given, "raw")):
        return True
    hints, first = _hints(given)
    return any(_is_stream(hints.get(name)) for name in (first, "return"))


def is_source(given: Any) -> bool:
    """Say whether something is a stream, or anything else that gives one thing after the other."""
    return not callable(given) and isinstance(given, Iterable | AsyncIterable) and not isinstance(given, str | bytes)


def _is_stream(hint: Any) -> bool:
    origin = typing.get_origin(hint) or hint
    if isinstance(origin, str):
        return origin.partition("[")[0].rpartition(".")[2] in {"AsyncIterable", "AsyncIterator", "Stream", "Streamer"}
    return isinstance(origin, type) and issubclass(origin, _STREAMS)


def _piped(given: Any) -> dict[str, Any]:
    """Give what aiostream has put into a `pipe.…`: the operator and its arguments; nothing for anything else."""
    code = getattr(given, "__code__", None)
    if code is None or getattr(given, "__module__", "") != "aiostream.core":
        return {}
    cells = (cell.cell_contents for cell in given.__closure__ or ())
    return dict(zip(code.co_freevars, cells, strict=True))


def _operator_name(given: Any) -> str:
    return type(_piped(given).get("operator_instance", given)).__name__


def holds(given: Any) -> bool:
    """Say whether an operator of aiostream keeps messages back to give them on later."""
    return _operator_name(given) in _HOLDING


def is_concurrent_map(given: Any) -> bool:
    """Say whether something is a `pipe.map` that runs as many coroutines at once as there are messages."""
    piped = _piped(given)
    is_map = _operator_name(given) in _MAPS and any(map(inspect.iscoroutinefunction, piped.get("args", ())))
    return is_map and piped.get("kwargs", {}).get("task_limit") is None


def name_of(given: Any) -> str:
    """Give the name that a stage has if nobody gives it one."""
    name = _operator_name(given) if _piped(given) else getattr(given, "__name__", None) or type(given).__name__
    return _NOT_A_NAME.sub("-", name).strip("-") or "stage"


# ---- which messages it is for


def types_of(function: Callable[..., Any]) -> tuple[Any, ...]:
    """Give the types that the annotation of a function's first parameter names; nothing if there is none."""
    hints, first = _hints(function)
    hint = hints.get(first)
    if isinstance(hint, str):
        words = [word.strip().rpartition(".")[2] for word in hint.split("|")]
        return tuple(_TYPES.get(word, word) for word in words)
    if typing.get_origin(hint) in (Union, UnionType):
        return typing.get_args(hint)
    return () if hint in (None, Any, inspect.Parameter.empty) else (hint,)


def _hints(function: Any) -> tuple[dict[str, Any], str]:
    """Give the annotations of a function, read as far as they can be, and the name of its first parameter."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}, ""
    target = function if inspect.isroutine(function) else getattr(function, "__call__", function)  # noqa: B004
    while isinstance(target, partial):
        target = target.func
    try:
        hints = typing.get_type_hints(target)
    except Exception:  # noqa: BLE001 - whatever stands in a person's annotations
        hints = dict(getattr(target, "__annotations__", {}))
    return hints, next(iter(parameters), "")


# ---- how it is called


def own_step(name: str, function: Callable[[Any], Any], settlements: Settlements) -> Callable[[Any], list[Any]]:
    """Make the step of a person's plain function; errors that the pump itself tells of pass it by."""

    def step(item: Any) -> list[Any]:
        if tells_an_error(item):
            return [item]
        mark = settlements.mark(item)
        return settlements.settle(name, item, function(item), (type(item),), mark)

    step.__name__ = name
    return step


def async_operator(function: Callable[[Any], Any], takes: tuple[type, ...]) -> Callable[[Any], Any]:
    """Make the operator of a person's `async def` function: a `map` that keeps the order and never raises."""

    async def attempt(item: Any) -> Any:
        if type(item) not in takes or tells_an_error(item):
            return item
        try:
            return Outcome(item, await function(item), None)
        except Exception as error:  # noqa: BLE001 - one bad item must never end the stream
            return Outcome(item, None, error)

    return pipe.map(attempt, task_limit=_AT_ONCE)


_AT_ONCE = 32
"""How many messages an `async def` stage has in its hands at once."""


def tells_an_error(item: Any) -> bool:
    """Say whether a message is an error that the pump itself tells of; nobody's stage may lose it."""
    send = item.send if isinstance(item, Delivery) else item
    return isinstance(send, Send) and send.error is not None
