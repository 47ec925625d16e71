"""Objects of plain values as trees: a ready tree is copied and its texts are set.

That is the cheapest way there is to a small tree; `encode.py` has the way for everything larger.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from lxml import etree
from lxml.etree import _Element

from xpipe_nb.payloads.characters import unwritable
from xpipe_nb.payloads.checks import renderer
from xpipe_nb.payloads.nodes import Maybe, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal
from xpipe_nb.payloads.strict import NIL, children

__all__ = ["compile_tree", "compile_values", "getter", "missing"]

_IMMUTABLE = {"str": str, "int": int, "float": float, "bool": bool}
"""The types whose values two objects may share, by the name of their node."""


def compile_tree(shape: Shape) -> Callable[[Any], _Element] | None:
    """Compile object -> element for a class of plain values; `None` for any other class."""
    plan = _plan(shape)
    if plan is None:
        return None
    template = etree.Element(shape.tag)
    for field in shape.fields:
        etree.SubElement(template, field.tag)
    names = [name for name, _, _ in plan]
    get = getter(names)
    copy: Callable[[], _Element] = template.__copy__  # type: ignore[attr-defined]

    def tree(value: Any) -> _Element:
        root = copy()
        name, item = "", None
        try:
            for kid, (name, render, none), item in zip(children(root), plan, get(value), strict=True):  # noqa: B007
                if item is None and none:
                    _leave_out(root, kid, none)
                else:
                    kid.text = render(item)
        except Refusal as refusal:
            raise refusal.under(name) from None
        except (AttributeError, ValueError) as error:
            # ValueError is lxml's word for a character that XML does not have, and Python's for a lone surrogate
            lost = isinstance(error, AttributeError)
            raise (missing(value, names) if lost else unwritable(item).under(name)) from None
        return root

    return tree


def compile_values(shape: Shape) -> Callable[[Any], tuple[Any, ...] | None]:
    """Compile object -> the values of its fields, for a class all of whose values cannot change; else it gives `None`.

    From these values the class makes what reading the object's tree would make, and they are cheaper to come by.
    """
    nodes = [field.node.inner if isinstance(field.node, Maybe) else field.node for field in shape.fields]
    kinds = tuple(_IMMUTABLE.get(node.name) if isinstance(node, Scalar) else None for node in nodes)
    if None in kinds or any(field.keyword for field in shape.fields):
        return lambda _value: None
    get = getter([field.name for field in shape.fields])

    def values(value: Any) -> tuple[Any, ...] | None:
        found = get(value)
        return found if tuple(map(type, found)) == kinds else None

    return values


def _plan(shape: Shape) -> list[tuple[str, Callable[[Any], str], str]] | None:
    """Give each field's name, the way to its text, and how its `None` is written."""
    plan = []
    for field in shape.fields:
        node = field.node.inner if isinstance(field.node, Maybe) else field.node
        if field.repeated or not isinstance(node, Scalar):
            return None
        plan.append((field.name, renderer(node), field.none))
    return plan


def _leave_out(root: _Element, kid: _Element, none: str) -> None:
    if none == "absent":
        root.remove(kid)
    else:
        kid.text = None
        kid.set(NIL, "true")


def getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Compile object -> the values of some attributes, however many."""
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return lambda _: ()


def missing(value: Any, names: list[str]) -> Refusal:
    """Name the field that the object has lost."""
    gone = next((name for name in names if not hasattr(value, name)), "")
    refusal = Refusal("the object has no such attribute")
    return refusal.under(gone) if gone else refusal
