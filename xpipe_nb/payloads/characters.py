"""The characters that an XML document can hold, and the place of one that it cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from xpipe_nb.payloads.nodes import Shape
from xpipe_nb.payloads.refusal import Refusal, shown

__all__ = ["find_unwritable", "is_writable", "unwritable"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""All but the `Char` of https://www.w3.org/TR/xml/#charsets."""


def is_writable(text: str) -> bool:
    """Say whether an XML document can hold the text."""
    return _NOT_XML.search(text) is None


def unwritable(value: object) -> Refusal:
    """Say that a text holds a character that no XML document can."""
    found = _NOT_XML.search(value) if isinstance(value, str) else None
    which = f" U+{ord(found[0]):04X}" if found else ""
    return Refusal(f"holds a character that XML cannot carry{which}: {shown(value)}")


def find_unwritable(value: Any, shape_of: Callable[[type], Shape | None]) -> Refusal | None:
    """Search an object for the text that XML cannot hold; used only after a parser refused the whole."""
    if isinstance(value, str):
        return None if is_writable(value) else unwritable(value)
    for part, inside in _inside(value, shape_of):
        found = find_unwritable(inside, shape_of)
        if found is not None:
            return found.under(part) if part else found
    return None


def _inside(value: Any, shape_of: Callable[[type], Shape | None]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"[{shown(key)}]", key
            yield f"[{shown(key)}]", item
    elif isinstance(value, list | tuple | set | frozenset):
        for index, item in enumerate(value):
            yield f"[{index}]", item
    else:
        shape = shape_of(type(value))
        for field in shape.fields if shape else ():
            yield field.name, getattr(value, field.name, None)
