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
from xpipe_nb.payloads.nodes import Maybe, Node, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal
from xpipe_nb.payloads.scalars import SCALARS
from xpipe_nb.payloads.strict import NIL, children

__all__ = ["Written", "compile_plain", "compile_tree", "getter", "missing"]

Written = tuple[_Element, tuple[Any, ...]]
"""An object as a tree, and the values that were written there."""

_PLAIN: dict[Node, tuple[type, Callable[[Any], str]]] = {
    SCALARS[str]: (str, str),
    SCALARS[int]: (int, int.__repr__),
    SCALARS[float]: (float, SCALARS[float].render),
    SCALARS[bool]: (bool, SCALARS[bool].render),
}
"""The types whose values two objects may share, and the shortest way to their text; by their bare nodes."""


def compile_tree(shape: Shape) -> Callable[[Any], _Element] | None:
    """Compile object -> element for a class of plain values; `None` for any other class."""
    plan = _plan(shape)
    if plan is None:
        return None
    names = [name for name, _, _ in plan]
    get = getter(names)
    copy: Callable[[], _Element] = _template(shape).__copy__  # type: ignore[attr-defined]

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


def compile_plain(shape: Shape) -> Callable[[Any], Written | None] | None:
    """Compile object -> its element and the values that stand in it; `None` for a class that has other than plain ones.

    What is made gives `None` for an object that holds anything but what its annotations say. No value can change, so
    the class makes from them what reading the element would make, and they are cheaper to come by.
    """
    if not shape.fields or any(field.node not in _PLAIN or field.repeated or field.keyword for field in shape.fields):
        return None
    kinds = tuple(_PLAIN[field.node][0] for field in shape.fields)
    renders = [_PLAIN[field.node][1] for field in shape.fields]
    get = getter([field.name for field in shape.fields])
    copy = _template(shape).__copy__  # type: ignore[attr-defined]

    def write(value: Any) -> Written | None:
        try:
            values = get(value)
            root = copy()
            kid = root[0]
            for kind, render, item in zip(kinds, renders, values):  # noqa: B905 - all of one length
                if type(item) is not kind:
                    return None
                kid.text = render(item)
                kid = kid.getnext()  # cheaper than a list of all of them
        except (AttributeError, ValueError):  # the long way has the words for it
            return None
        return root, values

    return write


def _template(shape: Shape) -> _Element:
    template = etree.Element(shape.tag)
    for field in shape.fields:
        etree.SubElement(template, field.tag)
    return template


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
