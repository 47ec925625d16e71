"""What an element may hold besides what is read from it: white space between elements, `xsi:nil`, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from lxml.etree import _Element

from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.scalars import WHITE

__all__ = ["NIL", "XSI", "children", "is_nil", "named", "no_attributes", "no_text", "tag_of"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"

children: Callable[[_Element], list[_Element]] = itemgetter(slice(None))
"""Give the children of an element as a list; a slice is the cheapest way there is."""


def no_text(element: _Element, kids: list[_Element]) -> None:
    """Refuse text between elements; white space may stand there."""
    text = element.text
    if text is not None and text.strip(WHITE):
        raise Refusal(f"unexpected text {shown(text.strip(WHITE))}", element)
    for kid in kids:
        text = kid.tail
        if text is not None and text.strip(WHITE):
            raise Refusal(f"unexpected text {shown(text.strip(WHITE))} after {named(kid)}", kid)


def no_attributes(element: _Element) -> None:
    """Refuse any attribute."""
    if element.keys():
        raise Refusal(f"unexpected attribute {shown(element.keys()[0])}", element)


def named(element: _Element) -> str:
    """Give an element's tag as a person reads it."""
    tag = tag_of(element)
    return "a comment or an instruction" if tag is None else f"<{tag}>"


def tag_of(element: _Element) -> str | None:
    """Give an element's tag, or `None` for a comment or an instruction (whose `tag` is a function)."""
    tag: Any = element.tag
    return tag if isinstance(tag, str) else None


def is_nil(element: _Element) -> bool:
    """Read `xsi:nil`; an element that is nil holds nothing."""
    value = element.get(NIL)
    if value is None:
        return False
    says = _NIL_WORDS.get(value.strip(WHITE))
    if says is None:
        raise Refusal(f"expected xsi:nil to be true or false, got {shown(value)}", element)
    if says and (element.text is not None or len(element)):
        raise Refusal("an element with xsi:nil holds nothing", element)
    return says


_NIL_WORDS = {"true": True, "1": True, "false": False, "0": False}
