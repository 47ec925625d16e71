"""Annotations as nodes: what a type hint says about the way a value is written."""

from __future__ import annotations

import types
import typing
from dataclasses import is_dataclass
from enum import Enum, Flag
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from xpipe_nb.errors import DefinitionError
from xpipe_nb.payloads.characters import is_writable
from xpipe_nb.payloads.facets import Unfit, constrain
from xpipe_nb.payloads.nodes import AnyOf, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar
from xpipe_nb.payloads.refusal import shown
from xpipe_nb.payloads.scalars import SCALARS, collapse

__all__ = ["AnyPayload", "is_class", "node_of", "summary"]


class _AnyMark:
    """Tells `AnyPayload` from a bare `Any`."""

    def __repr__(self) -> str:
        return "AnyPayload"


_ANY = _AnyMark()

AnyPayload: typing.TypeAlias = Annotated[Any, _ANY]
"""The type of a field that holds any payload that the reader's organism knows.

Example:
    >>> from xpipe_nb.payloads import AnyPayload, payload
    >>> @payload
    ... class Parcel:
    ...     to: str
    ...     content: AnyPayload
"""

_CONTAINERS: dict[Any, type] = {list: list, tuple: tuple, set: set, frozenset: frozenset}

_NEAREST: dict[str, str] = {
    "Any": "AnyPayload",
    "object": "AnyPayload",
    "list": "list[str]",
    "List": "list[str]",
    "tuple": "tuple[str, ...]",
    "set": "set[str]",
    "frozenset": "frozenset[str]",
    "dict": "dict[str, str]",
    "Dict": "dict[str, str]",
    "bytearray": "bytes",
    "memoryview": "bytes",
    "Sequence": "list[...]",
    "MutableSequence": "list[...]",
    "Iterable": "list[...]",
    "Collection": "list[...]",
    "deque": "list[...]",
    "ndarray": "list[float]",
    "Mapping": "dict[str, ...]",
    "MutableMapping": "dict[str, ...]",
    "defaultdict": "dict[str, ...]",
    "OrderedDict": "dict[str, ...]",
    "Set": "set[...]",
    "Path": "str",
    "PurePath": "str",
    "IPv4Address": "str",
    "IPv6Address": "str",
    "Fraction": "Decimal",
    "Number": "float",
    "Real": "float",
    "Integral": "int",
    "complex": "tuple[float, float]",
    "LiteralString": "str",
}


def node_of(hint: Any, owner: str, field: str) -> Node:
    """Say how a value of this type is written.

    Args:
        hint: The type hint, with its forward references resolved.
        owner: The class's name, for messages.
        field: The field's name, for messages.

    Raises:
        DefinitionError: The type, or a constraint on it, is not supported.
    """
    try:
        return _node(hint)
    except Unfit as error:
        problem, *nearest = error.args
        raise DefinitionError(owner, problem, field=field, nearest=nearest[0] if nearest else None) from None


def _node(hint: Any) -> Node:
    hint = _unwrapped(hint)
    origin = get_origin(hint)
    if origin is Annotated:
        return _annotated(hint)
    if hint in (Any, object) or isinstance(hint, typing.TypeVar):
        raise _unsupported(hint)
    if origin is Literal:
        return _literal(get_args(hint))
    if origin is Union or origin is types.UnionType:
        return _union(get_args(hint))
    if origin in _CONTAINERS:
        return _container(_CONTAINERS[origin], get_args(hint))
    if origin is dict:
        return _mapping(get_args(hint), hint)
    if origin is None and isinstance(hint, type):
        return _plain(hint)
    raise _unsupported(hint)


def _unwrapped(hint: Any) -> Any:
    """See through `NewType` and the `type` statement."""
    while True:
        inside = getattr(hint, "__supertype__", None) or (
            getattr(hint, "__value__", None) if type(hint).__name__ == "TypeAliasType" else None
        )
        if inside is None:
            return hint
        hint = inside


def _annotated(hint: Any) -> Node:
    inner, *metadata = get_args(hint)
    if any(item is _ANY for item in metadata):
        return AnyOf()
    return constrain(_node(inner), tuple(metadata))


def summary(hint: Any) -> str:
    """Give a type's name as people write it."""
    if isinstance(hint, type) and get_origin(hint) is None:
        return hint.__name__
    return repr(hint).replace("typing.", "")


def _unsupported(hint: Any) -> Unfit:
    named = get_origin(hint) or hint
    nearest = _NEAREST.get(getattr(named, "__name__", str(named).replace("typing.", "")))
    if nearest is None and isinstance(hint, type):
        nearest = _nearest_of_class(hint)
    return Unfit(f"the type {summary(hint)} cannot be written as XML", *([nearest] if nearest else []))


def _nearest_of_class(cls: type) -> str:
    if any(base.__name__ in ("PurePath", "Path") for base in cls.__mro__):
        return "str"
    if issubclass(cls, tuple | dict):
        return "a class with @payload"
    for kind in SCALARS:
        if issubclass(cls, kind):
            return kind.__name__
    return f"@payload before class {cls.__name__}"


def is_class(hint: Any) -> bool:
    """Say whether the hint is a class that has, or can get, a codec: a dataclass or a pydantic model."""
    return isinstance(hint, type) and (is_dataclass(hint) or hasattr(hint, "__pydantic_fields__"))


def _plain(cls: type) -> Node:
    if cls in SCALARS:
        return SCALARS[cls]
    if issubclass(cls, Enum):
        return _enum(cls)
    if "__xpipe_codec__" in cls.__dict__ or is_class(cls):
        return Nested(cls)
    raise _unsupported(cls)


def _union(args: tuple[Any, ...]) -> Node:
    members = [arg for arg in args if arg is not type(None)]
    node = _node(members[0]) if len(members) == 1 else _one_of(members)
    if len(members) == len(args) or isinstance(node, Maybe):
        return node
    return Maybe(node)


def _one_of(members: list[Any]) -> Node:
    nodes = [_node(member) for member in members]
    if any(isinstance(node, AnyOf) for node in nodes):
        return AnyOf()
    classes = [node.cls for node in nodes if isinstance(node, Nested)]
    if len(classes) < len(nodes):
        words = " | ".join(summary(member) for member in members)
        raise Unfit(
            f"a union of {words}: only payload classes can be told apart", "a payload class for each alternative"
        )
    names = [cls.__name__ for cls in classes]
    if len(set(names)) < len(names):
        raise Unfit(f"a union of two classes with one name ({', '.join(names)})")
    return OneOf(tuple(classes))


def _container(make: type, args: tuple[Any, ...]) -> Node:
    if make is tuple and not (len(args) == 2 and args[1] is Ellipsis):
        return Fixed(tuple(_node(arg) for arg in args if arg != ()))
    item = _node(args[0])
    if make in (set, frozenset):
        _hashable(item)
    return Many(item, make)


def _hashable(item: Node) -> None:
    inner = item.inner if isinstance(item, Maybe) else item
    classes = (inner.cls,) if isinstance(inner, Nested) else inner.classes if isinstance(inner, OneOf) else ()
    bad = [cls.__name__ for cls in classes if getattr(cls, "__hash__", None) is None]
    if bad or isinstance(inner, Mapping) or (isinstance(inner, Many) and inner.make in (list, set)):
        what = bad[0] if bad else "a list, set or dict"
        raise Unfit(f"a set of what cannot be hashed ({what})", "list[...], or frozen=True on the class")


def _mapping(args: tuple[Any, ...], hint: Any) -> Node:
    key, value = args
    if _unwrapped(key) is not str:
        raise Unfit(f"{summary(hint)}: the keys of a dict are str", f"dict[str, {summary(value)}]")
    return Mapping(_node(value))


def _choice(name: str, by_label: dict[str, Any], label_of: dict[Any, str], key: Any) -> Scalar:
    """Build the node of a closed list of texts; white space around a label does not matter where no label has any."""
    tidy = all(label and collapse(label) == label for label in by_label)
    words = " or ".join(map(repr, by_label)) if len(by_label) < 9 else f"one of {', '.join(by_label)}"

    def parse(text: str) -> Any:
        if text not in by_label and tidy:
            text = collapse(text)
        if text not in by_label:
            raise ValueError(f"expected {words}, got {shown(text)}")
        return by_label[text]

    def render(value: Any) -> str:
        try:
            return label_of[key(value)]
        except (KeyError, TypeError):
            again = " (of another definition of that class)" if type(value).__name__ == name else ""
            raise ValueError(f"expected {words}, got {shown(value)}{again}") from None

    facets = tuple(("enumeration", label) for label in by_label)
    samples = tuple(by_label.values())
    return Scalar(name, "token" if tidy else "string", parse, render, facets, samples=samples)


def _enum(cls: type[Enum]) -> Node:
    """Members are written by value where every value is text, else by name."""
    if issubclass(cls, Flag):
        raise Unfit(f"{cls.__name__} is a Flag, whose members combine", "a set of an Enum")
    members = list(cls)
    if not members:
        raise Unfit(f"{cls.__name__} has no members")
    by_value = all(isinstance(member.value, str) for member in members)
    by_label = {str.__str__(member.value) if by_value else member.name: member for member in members}
    _writable(by_label)
    return _choice(cls.__name__, by_label, {member: label for label, member in by_label.items()}, lambda value: value)


def _literal(values: tuple[Any, ...]) -> Node:
    some = [value for value in values if value is not None]
    by_label: dict[str, Any] = {}
    for value in some:
        label = _label(value)
        if label in by_label and (type(by_label[label]), by_label[label]) != (type(value), value):
            raise Unfit(f"two values of the Literal are both written {label!r}")
        by_label[label] = value
    if not by_label:
        raise Unfit("a Literal without a value but None")
    _writable(by_label)
    label_of = {(type(value), value): label for label, value in by_label.items()}
    node = _choice("Literal", by_label, label_of, lambda value: (type(value), value))
    return node if len(some) == len(values) else Maybe(node)


def _label(value: Any) -> str:
    if isinstance(value, Enum):
        text_values = all(isinstance(member.value, str) for member in type(value))
        return str.__str__(value.value) if text_values else value.name
    if type(value) in (str, int, bool):
        return SCALARS[type(value)].render(value)
    raise Unfit(f"{value!r} cannot stand in a Literal of a payload", "str, int or bool values")


def _writable(labels: dict[str, Any]) -> None:
    for label in labels:
        if not is_writable(label):
            raise Unfit(f"the value {label!r} holds a character that XML cannot carry")
