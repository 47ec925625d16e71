"""A form of payload classes as JSON: what can be filled in, of which kind it is, and within which bounds.

Whoever draws it needs no schema; what was filled in is read by `filled.py`, with the rules of the codec.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xpipe_nb.payloads.codec import codec_of
from xpipe_nb.payloads.layout import classes_in
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape

__all__ = ["class_keys", "form_of"]

_BOUNDS = {
    "minInclusive": "min", "maxInclusive": "max", "minExclusive": "above", "maxExclusive": "below",
    "minLength": "shortest", "maxLength": "longest",
}  # fmt: skip
_KINDS = {"int": "whole", "float": "number", "Decimal": "number", "bool": "choice"}
"""How a value is filled in, by its type; what is not named here is a text, or a choice if its values are listed."""


def form_of(classes: Sequence[type]) -> dict[str, Any]:
    """Describe the form of one of these classes.

    Args:
        classes: The payload classes to choose from.

    Returns:
        `roots`: the keys of those; `classes`: by key, each class that occurs, with its `fields`. A class that holds
        itself is named by its key, so that the description is finite.

    Raises:
        DefinitionError: A class that one of them holds is no payload.

    Example:
        For `class Greeting` with a field `name: str`:

        ```python
        {
            "roots": ["Greeting"],
            "classes": {
                "Greeting": {
                    "doc": "",
                    "fields": [{"name": "name", "node": {"kind": "text", "type": "str"}, "modes": ["given"]}],
                }
            },
        }
        ```
    """
    keys = class_keys(classes)
    shapes = {cls: codec_of(cls).shape for cls in keys}
    described = {keys[cls]: _class(shape, keys) for cls, shape in shapes.items()}
    return {"roots": [keys[cls] for cls in classes], "classes": described}


def class_keys(classes: Sequence[type]) -> dict[type, str]:
    """Give every class that occurs in these a key: its name, with a number where two have the same one."""
    keys: dict[type, str] = {}
    waiting = list(reversed(classes))
    while waiting:
        cls = waiting.pop()
        if cls in keys:
            continue
        same = sum(1 for each in keys if each.__name__ == cls.__name__)
        keys[cls] = f"{cls.__name__} {same + 1}" if same else cls.__name__
        inside = [each for field in codec_of(cls).shape.fields for each in classes_in(field.node)]
        waiting += reversed(inside)
    return keys


def _class(shape: Shape, keys: dict[type, str]) -> dict[str, Any]:
    return {"doc": shape.doc, "fields": [_field(field, keys) for field in shape.fields]}


def _field(field: Field, keys: dict[type, str]) -> dict[str, Any]:
    """Describe a field: its ways of being there (`modes`) begin with the one that is chosen at first."""
    inner = field.node.inner if isinstance(field.node, Maybe) else field.node
    row: dict[str, Any] = {"name": field.name, "node": _node(inner, keys), "modes": _modes(field)}
    if field.doc:
        row["doc"] = field.doc
    default = _default(field, inner)
    if default is not None:
        row["default"] = default
    return row


def _modes(field: Field) -> list[str]:
    if field.absent == "error":
        return ["given", "none"] if field.none else ["given"]
    if field.absent == "empty":  # a list that need not be there is a list without items
        return ["given", "none"] if field.none else ["given"]
    if field.absent == "none":
        return ["none", "given"]
    return ["default", "given", "none"] if field.none else ["default", "given"]


def _default(field: Field, inner: Node) -> str | None:
    """Give the text of a default, where it is one that fits on a line."""
    if not field.sample or not isinstance(inner, Scalar) or field.sample[0] is None:
        return None
    try:
        return inner.render(field.sample[0])
    except Exception:  # noqa: BLE001 - a class may have a default that it would refuse
        return None


def _node(node: Node, keys: dict[type, str]) -> dict[str, Any]:
    match node:
        case Scalar():
            return _scalar(node)
        case Nested(cls):
            return {"kind": "class", "class": keys[cls]}
        case OneOf(classes):
            return {"kind": "union", "classes": [keys[cls] for cls in classes]}
        case AnyOf():
            return {"kind": "xml"}
        case Many() | Mapping():
            kind = {"kind": "list", "type": node.make.__name__} if isinstance(node, Many) else {"kind": "dict"}
            return {**kind, "item": _node(node.item, keys), **_sizes(node)}
        case Fixed(items):
            return {"kind": "tuple", "items": [_node(item, keys) for item in items]}
        case Maybe(inner):
            return {"kind": "maybe", "item": _node(inner, keys)}


def _sizes(node: Many | Mapping) -> dict[str, int]:
    sizes = {"least": node.least} if node.least else {}
    return sizes if node.most is None else {**sizes, "most": node.most}


def _scalar(node: Scalar) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": _KINDS.get(node.name, "text"), "type": node.name}
    choices = [text for name, text in node.facets if name == "enumeration"]
    if node.name == "bool":
        choices = ["true", "false"]
    if choices:
        return {**row, "kind": "choice", "choices": choices}
    for name, text in node.facets:
        if name in _BOUNDS:
            row[_BOUNDS[name]] = text
    return row
