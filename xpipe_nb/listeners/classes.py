"""Payload classes as listeners name them: by annotation, by class, by name or by import path."""

from __future__ import annotations

import collections.abc
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin

from xpipe_nb.errors import XPipeError
from xpipe_nb.listeners.lookup import NotFound, defined_classes, find
from xpipe_nb.listeners.signature import NOTHING, Unread
from xpipe_nb.messages import HandlerResponse
from xpipe_nb.names import nearest
from xpipe_nb.payloads import codec_of, is_payload
from xpipe_nb.settings import INVALID, Place, said

__all__ = ["Promise", "accepted_classes", "classes_from_setting", "promise_of"]

REMEDY = "a payload class: write @payload above `class {name}`"

NO_CLASS = (
    "an annotation of its first argument, such as `message: Greeting`, or `payload_class: Greeting` in its settings"
)

ITERATED = (
    collections.abc.AsyncIterator,
    collections.abc.AsyncIterable,
    collections.abc.AsyncGenerator,
    collections.abc.Iterator,
    collections.abc.Iterable,
    collections.abc.Generator,
)
LISTED = (list, tuple, collections.abc.Sequence)
AWAITED = (collections.abc.Awaitable, collections.abc.Coroutine)


@dataclass(frozen=True)
class Promise:
    """What a return annotation says.

    Args:
        classes: Every payload class that can come out; `None` if that is not known.
        reply: Whether a payload is promised, so that `None` is an error.
    """

    classes: tuple[type, ...] | None = None
    reply: bool = False


def accepted_classes(annotation: Any, place: Place, namespace: Mapping[str, Any]) -> dict[str, type]:
    """Read the annotation of a handler's first argument: a payload class or a union of them.

    Args:
        annotation: The evaluated annotation, `NOTHING`, or an `Unread` one.
        place: Where faults are noted.
        namespace: Whose classes are offered for a name that is not known.
    """
    if isinstance(annotation, Unread):
        _unread(annotation, "its first argument's annotation", place, namespace)
        return {}
    if annotation is NOTHING or annotation is Any or annotation is object:
        place.fault("its signature does not say which payload it accepts", NO_CLASS)
        return {}
    members = [member for member in _members(annotation) if member is not types.NoneType]
    return _by_tag([cls for member in members if (cls := _compiled(member, place)) is not None], place)


def classes_from_setting(value: Any, place: Place, namespace: Mapping[str, Any], where: str) -> dict[str, type]:
    """Read `payload_class` or `output_class`: a class, a name, an import path, or a list of these."""
    many = isinstance(value, (list, tuple))
    found = []
    for index, item in enumerate(value if many else [value]):
        spot = place.item(index) if many else place
        for member in _members(_named(item, spot, namespace, where)):
            cls = None if member is INVALID else _compiled(member, spot)
            found += [] if cls is None else [cls]
    return _by_tag(found, place)


def promise_of(annotation: Any, place: Place, namespace: Mapping[str, Any]) -> Promise:
    """Read a return annotation; what cannot be sent as a payload is a fault."""
    if isinstance(annotation, Unread):
        _unread(annotation, "its return annotation", place, namespace)
        return Promise()
    if annotation is NOTHING:
        return Promise()
    members = [inner for member in _members(annotation) for inner in _members(_awaited(member))]
    items, iterated = _items(members)
    classes = [cls for item in items if _is_class(item) and (cls := _compiled(item, place)) is not None]
    # One member that may carry any class makes the list incomplete, and an incomplete list would mislead.
    known = bool(classes) and all(_is_class(item) or item is types.NoneType for item in items)
    return Promise(tuple(classes) if known else None, reply=known and not iterated and types.NoneType not in members)


def _items(members: list[Any]) -> tuple[list[Any], bool]:
    """Open lists and iterators: what is inside, and whether any of it is given by and by."""
    items: list[Any] = []
    iterated = False
    for member in members:
        origin = get_origin(member)
        if origin in ITERATED or origin in LISTED:
            iterated = iterated or origin in ITERATED
            inside = get_args(member) if origin is tuple else get_args(member)[:1]
            items += [item for arg in inside if arg is not Ellipsis for item in _members(arg)]
        else:
            items.append(member)
    return items, iterated


def _awaited(annotation: Any) -> Any:
    arguments = get_args(annotation)
    return arguments[-1] if get_origin(annotation) in AWAITED and arguments else annotation


def _is_class(member: Any) -> bool:
    """Say whether a return annotation names something meant as a payload class."""
    open_ended = (Any, HandlerResponse, types.NoneType, object, str, bytes, list, tuple, *ITERATED, *LISTED)
    return isinstance(member, type) and member not in open_ended and get_origin(member) is None


def _members(annotation: Any) -> list[Any]:
    """Flatten a union and what wraps a class without changing it."""
    if type(annotation).__name__ == "TypeAliasType":
        return _members(annotation.__value__)
    origin = get_origin(annotation)
    if origin is Union or origin is types.UnionType:
        return [inner for argument in get_args(annotation) for inner in _members(argument)]
    return _members(get_args(annotation)[0]) if origin is Annotated else [annotation]


def _compiled(member: Any, place: Place) -> type | None:
    """Give a class that has a codec, compiling a plain dataclass now; note what else it is."""
    name = getattr(member, "__name__", None) or str(member)
    payload_like = is_payload(member) or is_dataclass(member) or hasattr(member, "model_fields")
    if not isinstance(member, type) or not payload_like:
        builtin = getattr(member, "__module__", "") in {"builtins", "typing"} or not isinstance(member, type)
        remedy = "a payload class that has it as a field" if builtin else REMEDY.format(name=name)
        place.fault(f"{name} is not a payload class", remedy)
        return None
    try:
        codec_of(member).schema  # noqa: B018 - compiles it now, nested classes too, so that a fault is told here
    except XPipeError as error:
        place.fault(f"{name} cannot be a payload: {error}")
        return None
    return member


def _by_tag(classes: Iterable[type], place: Place) -> dict[str, type]:
    found: dict[str, type] = {}
    for cls in classes:
        tag = codec_of(cls).tag
        if found.setdefault(tag, cls) is not cls:
            place.fault(f"two different classes are named {tag}", "one class for each name")
    return found


def _named(item: Any, place: Place, namespace: Mapping[str, Any], where: str) -> Any:
    if not isinstance(item, str):
        return item
    try:
        return find(item, namespace, kind="class", place=where)
    except NotFound as error:
        return place.fault(error.problem, error.expected, error.near)


def _unread(annotation: Unread, whose: str, place: Place, namespace: Mapping[str, Any]) -> None:
    near = nearest(annotation.word, defined_classes(namespace)) if annotation.word else None
    expected = "a class that is defined where the handler is, not only imported under TYPE_CHECKING"
    place.fault(f"{whose} {said(annotation.written)} cannot be read: {annotation.problem}", expected, near)
