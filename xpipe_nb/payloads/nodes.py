"""The words between an annotation and its codec: one small frozen type for each way a value is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["AnyOf", "Field", "Fixed", "Many", "Mapping", "Maybe", "Nested", "Node", "OneOf", "Scalar", "Shape"]


@dataclass(frozen=True)
class Scalar:
    """A value written as text.

    Args:
        name: The type's name in messages and fingerprints.
        base: The XSD type it restricts, without prefix.
        parse: Text to value; raises `ValueError` for text that is not one.
        render: Value to text; raises `ValueError` (its text is the problem) or any other error for a value that is not one.
        facets: The XSD facets as (name, value), `pattern` and `enumeration` included.
        checks: Functions that name what is wrong with a value, or give `None`.
        samples: Values to try for an example.
        plain: The rendered text never needs escaping.
    """

    name: str
    base: str
    parse: Callable[[str], Any]
    render: Callable[[Any], str]
    facets: tuple[tuple[str, str], ...] = ()
    checks: tuple[Callable[[Any], str | None], ...] = ()
    samples: tuple[Any, ...] = ()
    plain: bool = False


@dataclass(frozen=True)
class Nested:
    """One payload class, written as its fields inside the field's own element."""

    cls: type


@dataclass(frozen=True)
class OneOf:
    """One of several payload classes, written as its own element inside the field's."""

    classes: tuple[type, ...]


@dataclass(frozen=True)
class AnyOf:
    """Any payload that the table of the reader knows."""


@dataclass(frozen=True)
class Many:
    """A list, variadic tuple, set or frozenset of one kind of item."""

    item: Node
    make: type
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Mapping:
    """A `dict` from text to one kind of value, whose items carry a `key` attribute."""

    item: Node
    least: int = 0
    most: int | None = None


@dataclass(frozen=True)
class Fixed:
    """A tuple with a type for each place, written as `<Item1>`, `<Item2>`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Maybe:
    """What may also be `None`."""

    inner: Node


Node: TypeAlias = Scalar | Nested | OneOf | AnyOf | Many | Mapping | Fixed | Maybe
"""Every way a value is written."""


@dataclass(frozen=True)
class Field:
    """One field of a payload class.

    Args:
        name: The attribute's name; `argument` is the constructor's word for it (they differ under a pydantic alias).
        tag: The element's name.
        node: How one element of it is written.
        repeated: The element is repeated, once for each item; `node` is then a bare `Many` or `Mapping`.
        absent: What no element means: `error`, `default`, `none` or `empty`.
        nil: What `xsi:nil="true"` means: `none`, `empty`, or "" when it is not allowed.
        none: How `None` is written: `absent`, `nil`, or "" when it is not allowed.
        doc: The text for people.
        sample: A default that does for an example, in a tuple; empty when there is none.
        keyword: The constructor takes it by keyword only.
    """

    name: str
    argument: str
    tag: str
    node: Node
    repeated: bool
    absent: str
    nil: str
    none: str
    doc: str = ""
    sample: tuple[Any, ...] = ()
    keyword: bool = False


@dataclass(frozen=True)
class Shape:
    """A payload class as the compilers of schema, encoder, decoder and example see it."""

    cls: type
    tag: str
    fields: tuple[Field, ...]
    doc: str
    build: Callable[..., Any]
