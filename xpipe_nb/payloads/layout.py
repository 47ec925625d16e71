"""How a field lies in its element: repeated or wrapped, and what absence and `xsi:nil` mean.

A list has up to two values without an item, the empty list and `None`. Absence says the default (without one: `None`
if that is allowed, else the empty list), and `xsi:nil` says the other one. Where that is not enough (three meanings,
items that may themselves be nil, a dict whose items need a key), the items stand as `<Item>` in one element.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape

__all__ = ["EMPTY", "NO_DEFAULT", "OTHER", "classes_in", "describe", "lay_out", "signature"]

NO_DEFAULT: Any = object()
"""The field has no default."""

OTHER: Any = object()
"""The field has a default that only its factory knows."""

EMPTY: Any = object()
"""The field's default is an empty container."""


def lay_out(node: Node, default: Any, **common: Any) -> Field:
    """Decide the form of one field.

    Args:
        node: What the annotation says.
        default: The default value, or `NO_DEFAULT`, `OTHER` or `EMPTY`.
        common: What else a `Field` holds (name, argument, tag, doc, sample, keyword).
    """
    optional = isinstance(node, Maybe)
    inner = node.inner if isinstance(node, Maybe) else node
    if isinstance(inner, Many | Mapping) and (nil := _nil_of_repeated(inner, optional, default)) is not None:
        absent = _absent(optional, default, without="empty")
        none = "" if not optional else "nil" if nil == "none" else "absent"
        return Field(node=inner, repeated=True, absent=absent, nil=nil, none=none, **common)
    absent = _absent(optional, default, without="error")
    none = "" if not optional else "absent" if _says(absent, default) == "none" else "nil"
    return Field(node=node, repeated=False, absent=absent, nil="none" if optional else "", none=none, **common)


def _absent(optional: bool, default: Any, *, without: str) -> str:
    if default is not NO_DEFAULT:
        return "none" if default is None else "default"
    return "none" if optional else without


def _says(absent: str, default: Any) -> str:
    """Say which value absence stands for, as far as it is one without items."""
    if absent == "default":
        return "empty" if default is EMPTY else "other"
    return absent


def _nil_of_repeated(inner: Many | Mapping, optional: bool, default: Any) -> str | None:
    """Give the meaning of nil where the field can be repeated, or `None` where it must be wrapped."""
    said = _says(_absent(optional, default, without="empty"), default)
    unsaid = [value for value in (("empty", "none") if optional else ("empty",)) if value != said]
    if isinstance(inner, Many) and not isinstance(inner.item, Maybe):
        return None if len(unsaid) > 1 else "".join(unsaid)
    return "" if not unsaid else None


def signature(shape: Shape, shape_of: Callable[[type], Shape]) -> str:
    """Write down the fields of a class and of all it holds, as far as objects of another binding must share them."""
    lines: list[str] = []
    seen: list[type] = []

    def visit(shape: Shape) -> None:
        if shape.cls in seen:
            return
        seen.append(shape.cls)
        lines.append(f"class {shape.tag}")
        lines.extend(f" {_line(field)}" for field in shape.fields)
        for field in shape.fields:
            for cls in classes_in(field.node):
                visit(shape_of(cls))

    visit(shape)
    return "\n".join(lines)


def _line(field: Field) -> str:
    form = f"{field.repeated} {field.absent} {field.nil} {field.none}"
    return f"{field.name} {field.tag} {form} {describe(field.node)}"


def describe(node: Node) -> str:
    """Write a node so that equal texts mean the same Python values."""
    match node:
        case Scalar():
            return f"{node.name}{node.facets!r}{len(node.checks)}"
        case Nested() | OneOf():
            return " | ".join(cls.__name__ for cls in classes_in(node))
        case AnyOf():
            return "any"
        case Many():
            return f"{node.make.__name__}[{describe(node.item)}]{node.least}-{node.most}"
        case Mapping():
            return f"dict[{describe(node.item)}]{node.least}-{node.most}"
        case Fixed():
            return f"tuple[{', '.join(map(describe, node.items))}]"
        case Maybe():
            return f"{describe(node.inner)}?"


def classes_in(node: Node) -> tuple[type, ...]:
    """Give the payload classes that a node names, wherever they stand in it."""
    match node:
        case Nested(cls):
            return (cls,)
        case OneOf(classes):
            return classes
        case Many() | Mapping():
            return classes_in(node.item)
        case Maybe():
            return classes_in(node.inner)
        case Fixed():
            return tuple(cls for item in node.items for cls in classes_in(item))
        case _:
            return ()
