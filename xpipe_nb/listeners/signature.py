"""What a handler's signature says: how it is called, and its annotations, evaluated."""

from __future__ import annotations

import functools
import inspect
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_type_hints

from xpipe_nb.listeners.record import Form, Source
from xpipe_nb.messages import HandlerResponse

__all__ = ["NOTHING", "Signature", "Unread", "read_signature", "written_function"]

NOTHING: Any = inspect.Parameter.empty
"""Stands for an annotation that was not written."""

META_NAMES = frozenset({"meta", "metadata", "_meta", "_metadata"})
"""A second argument with a default is ours only if it has one of these names."""


@dataclass(frozen=True)
class Unread:
    """An annotation that could not be evaluated.

    Args:
        written: The annotation as it was written.
        problem: Why not, in one clause.
        word: The name that is not known, if it is that.
    """

    written: str
    problem: str
    word: str | None = None


@dataclass(frozen=True)
class Signature:
    """What the machine must know of a handler.

    Args:
        form: How it is called.
        takes_meta: Whether it has a second argument for the metadata.
        message: The annotation of its first argument, `NOTHING`, or an `Unread` one.
        returns: The return annotation, `NOTHING`, or an `Unread` one.
        problem: Why it cannot be called with (message, meta), or `""`.
        source: Where it was written.
    """

    form: Form
    takes_meta: bool
    message: Any
    returns: Any
    problem: str
    source: Source | None


def read_signature(handler: Callable[..., Any], namespace: Mapping[str, Any]) -> Signature:
    """Read a function, method, partial or callable object.

    Args:
        handler: What is called.
        namespace: Where names of postponed annotations are looked up after the handler's own module.
    """
    function = written_function(handler)
    source = source_of(function)
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):  # some callables written in C tell nothing
        return Signature(form_of(handler), False, NOTHING, NOTHING, "", source)
    first, takes_meta, problem = _arguments(signature)
    scope = _scope(function, namespace)
    return Signature(
        form_of(handler),
        takes_meta,
        _evaluated(first.annotation, scope) if first else NOTHING,
        _evaluated(signature.return_annotation, scope),
        problem,
        source,
    )


def written_function(handler: Any) -> Any:
    """Give the function that a person wrote, under partials, methods, callable objects and wrappers."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if inspect.ismethod(handler):
        handler = handler.__func__
    elif not inspect.isroutine(handler) and not isinstance(handler, type):
        handler = type(handler).__call__
    return inspect.unwrap(handler)


def form_of(handler: Any) -> Form:
    """Say how a handler is called; a wrapper counts as what it is itself, not as what it wraps."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    if not inspect.isroutine(handler):
        handler = type(handler).__call__
    if inspect.isasyncgenfunction(handler):
        return "async-generator"
    if inspect.iscoroutinefunction(handler):
        return "async"
    return "generator" if inspect.isgeneratorfunction(handler) else "plain"


def source_of(function: Any) -> Source | None:
    """Tell where a function was written, if it was written in Python."""
    code = getattr(function, "__code__", None)
    return None if code is None else Source(code.co_filename, code.co_firstlineno)


def _arguments(signature: inspect.Signature) -> tuple[inspect.Parameter | None, bool, str]:
    """Give the first argument, whether there is one for the metadata, and what is wrong."""
    arguments = list(signature.parameters.values())
    placed = [item for item in arguments if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    rest = any(item.kind is item.VAR_POSITIONAL for item in arguments)
    if not placed:
        return None, rest, "" if rest else "takes no argument for the message"
    needed = [item.name for item in placed[2:] if item.default is NOTHING]
    needed += [item.name for item in arguments if item.kind is item.KEYWORD_ONLY and item.default is NOTHING]
    problem = f"needs more arguments than the message and its meta: {', '.join(needed)}" if needed else ""
    takes_meta = _is_meta(placed[1]) if len(placed) > 1 else rest
    return placed[0], takes_meta, problem


def _is_meta(second: inspect.Parameter) -> bool:
    return second.default is NOTHING or second.name in META_NAMES or "HandlerMetadata" in str(second.annotation)


def _scope(function: Any, namespace: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the names that an annotation may use, those nearest to the function first."""
    names = getattr(getattr(function, "__code__", None), "co_freevars", ())
    cells = getattr(function, "__closure__", None) or ()
    inner = {name: cell.cell_contents for name, cell in zip(names, cells, strict=False) if _filled(cell)}
    # Linters move an import that only annotations use under TYPE_CHECKING; our own word stays known.
    ours = {"HandlerResponse": HandlerResponse}
    own = getattr(function, "__globals__", {})
    return ChainMap(inner, own, dict(namespace), ours)


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not NOTHING
    except ValueError:  # a name that is bound later than the function
        return False


def _evaluated(annotation: Any, scope: Mapping[str, Any]) -> Any:
    """Evaluate a written annotation and the names inside it; a failure is a value, not an error."""
    if annotation is NOTHING:
        return NOTHING
    written = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    try:
        return get_type_hints(SimpleNamespace(__annotations__={"it": annotation}), {}, dict(scope))["it"]
    except NameError as error:
        return Unread(written, f"{error.name!r} is not known here", error.name)
    except Exception as error:  # noqa: BLE001 - an annotation is any expression of the user's
        return Unread(written, f"{type(error).__name__}: {error}")
