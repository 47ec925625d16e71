"""From a name to the object it means: first in the namespace given, then by import."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from xpipe_nb.listeners.mark import mark_of
from xpipe_nb.names import nearest
from xpipe_nb.payloads import is_payload

__all__ = ["NotFound", "defined_classes", "defined_functions", "find"]

Namespace = Mapping[str, Any]


class NotFound(Exception):
    """A name that means nothing: what is wrong, what would have been right, and the nearest known name."""

    def __init__(self, problem: str, expected: str = "", near: str | None = None) -> None:
        super().__init__(problem)
        self.problem, self.expected, self.near = problem, expected, near


def find(path: str, namespace: Namespace, *, kind: str, place: str = "here") -> Any:
    """Give the object that a name or an import path means.

    Args:
        path: A name of the namespace (`greet`, `tools.greet`) or an import path (`pkg.mod.greet`, `pkg.mod:greet`).
        namespace: Where names are looked up first.
        kind: What is looked for, in a word: `function` or `class`.
        place: What to call the namespace in a message.

    Raises:
        NotFound: There is no such object, or its module cannot be imported.
    """
    words = path.replace(":", ".", 1).split(".")
    if not all(word.isidentifier() for word in words):
        raise NotFound(f"{path!r} is neither a name nor an import path", f"a {kind}'s name, or module.{kind}")
    if words[0] in namespace and ":" not in path:
        return _attribute(namespace[words[0]], words[1:], words[0])
    if len(words) == 1:
        raise _unknown(path, namespace, kind, place)
    return _imported(path, words)


def defined_functions(namespace: Namespace) -> list[str]:
    """List the functions that could be listeners: marked ones, and those written in this namespace."""
    home = namespace.get("__name__")
    return [
        name
        for name, value in list(namespace.items())
        if not name.startswith("_")
        and (mark_of(value) is not None or (inspect.isfunction(value) and value.__module__ == home))
    ]


def defined_classes(namespace: Namespace) -> list[str]:
    """List the payload classes of a namespace, by the names they have there."""
    return [
        name
        for name, value in list(namespace.items())
        if name[:1] != "_" and isinstance(value, type) and is_payload(value)
    ]


def _unknown(name: str, namespace: Namespace, kind: str, place: str) -> NotFound:
    known = defined_functions(namespace) if kind == "function" else defined_classes(namespace)
    defined = f". Defined {place}: {', '.join(known[:8])}" if known else f". No {kind} is defined {place}"
    more = ", …" if len(known) > 8 else ""
    remedy = f"the name of a {kind} defined before this line, or an import path (module.{name})"
    return NotFound(f"no {kind} {name!r} here{defined}{more}", remedy, nearest(name, known))


def _imported(path: str, words: list[str]) -> Any:
    # `pkg.mod:Class.method` says where the module ends; with dots alone, the longest importable part is the module.
    ends = [path.partition(":")[0].count(".") + 1] if ":" in path else range(len(words) - 1, 0, -1)
    missing = NotFound(f"no module {words[0]!r}", "the name of an installed module")
    for end in ends:
        try:
            module = _module(".".join(words[:end]))
        except _NoModule as error:
            missing = error.told
            continue
        return _attribute(module, words[end:], ".".join(words[:end]))
    raise missing


class _NoModule(Exception):
    """The module itself is missing, not one that it imports."""

    def __init__(self, told: NotFound) -> None:
        super().__init__(told)
        self.told = told


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        told = NotFound(f"no module {error.name!r}", "the name of a module that can be imported")
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise _NoModule(told) from None
        raise NotFound(f"importing {name!r} failed: there is no module {error.name!r}") from error
    except (Exception, SystemExit) as error:  # user code runs here, and may raise anything
        raise NotFound(f"importing {name!r} failed: {type(error).__name__}: {error}") from error


def _attribute(owner: Any, words: Iterable[str], where: str) -> Any:
    for word in words:
        if not hasattr(owner, word):
            known = [name for name in dir(owner) if not name.startswith("_")]
            sort = "module" if isinstance(owner, ModuleType) else type(owner).__name__
            raise NotFound(f"the {sort} {where!r} has no {word!r}", near=nearest(word, known))
        owner, where = getattr(owner, word), f"{where}.{word}"
    return owner
