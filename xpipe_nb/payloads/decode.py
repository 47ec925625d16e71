"""XML to objects: closures compiled once from a shape. They take exactly what the schema takes, and say more of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element

from xpipe_nb.payloads.checks import check_size
from xpipe_nb.payloads.elements import CodecOf, Read, Table, field_reader, make_of
from xpipe_nb.payloads.nodes import Field, Many, Mapping, Shape
from xpipe_nb.payloads.refusal import Refusal
from xpipe_nb.payloads.strict import children, named, no_text

__all__ = ["compile_reader"]

_Careful = Callable[[_Element, list[_Element], Table], Any]

_DEFAULT: Any = object()
"""The field is not written, and its class knows its default."""


def compile_reader(shape: Shape, codec_of: CodecOf) -> Read:
    """Compile element -> object, from the element's children; raises `Refusal` with the field in its trail.

    Where each field stands once and nothing between them, as we write it ourselves, the short way does; all else goes the
    careful way, which gives the same values and has the words for what is wrong.
    """
    readers = [(field, field_reader(field, codec_of)) for field in shape.fields]
    pairs = [(field.tag, take) for field, take in readers]
    careful = _careful(shape, readers)
    construct = _constructor(shape)
    usual = -1 if any(field.repeated for field in shape.fields) else len(pairs)

    def read(element: _Element, table: Table) -> Any:
        kids = children(element)
        if len(kids) == usual and element.text is None:
            values = []
            try:
                for kid, (tag, take) in zip(kids, pairs, strict=True):
                    if kid.tag != tag or kid.tail is not None:
                        break
                    values.append(take(kid, table))
            except Refusal as refusal:
                raise refusal.under(shape.fields[len(values)].name) from None
            if len(values) == usual:
                return construct(element, values, whole=True)
        return careful(element, kids, table)

    return read


def _careful(shape: Shape, readers: list[tuple[Field, Callable[[Any, Table], Any]]]) -> _Careful:
    plan = [(field.tag, field.name, field.repeated, take, _absence(field)) for field, take in readers]
    construct = _constructor(shape)

    def read(element: _Element, kids: list[_Element], table: Table) -> Any:
        no_text(element, kids)
        at, count, whole, values, name = 0, len(kids), True, [], ""
        try:
            for tag, name, repeated, take, absence in plan:  # noqa: B007  # `name` is for the except
                start = at
                while at < count and kids[at].tag == tag and (repeated or at == start):
                    at += 1
                if at == start:
                    value = absence(element, kids, at, shape)
                    whole = whole and value is not _DEFAULT
                else:
                    value = take(kids[start:at] if repeated else kids[start], table)
                values.append(value)
        except Refusal as refusal:
            raise refusal.under(name) from None
        if at < count:
            raise _misplaced(kids, at, shape)
        return construct(element, values, whole=whole)

    return read


def _misplaced(kids: list[_Element], at: int, shape: Shape) -> Refusal:
    """Say what is wrong with the first child that found no field: unknown, repeated, or out of order."""
    kid = kids[at]
    known = ", ".join(f"<{field.tag}>" for field in shape.fields)
    field = next((field for field in shape.fields if field.tag == kid.tag), None)
    if field is None:
        return Refusal(f"unexpected {named(kid)}; it holds {known or 'nothing'}", kid)
    if any(other.tag == kid.tag for other in kids[:at]):
        return Refusal(f"{named(kid)} stands twice", kid).under(field.name)
    return Refusal(f"{named(kid)} is out of order; the order is {known}", kid).under(field.name)


# --- building the object --------------------------------------------------------------------------------------------

_Absence = Callable[[_Element, list[_Element], int, Shape], Any]


def _absence(field: Field) -> _Absence:
    """Compile what happens when a field is not written: its value, a mark for the class's own default, or the error."""

    def missing(element: _Element, kids: list[_Element], at: int, shape: Shape) -> Any:
        if any(kid.tag == field.tag for kid in kids):
            order = ", ".join(f"<{field.tag}>" for field in shape.fields)
            raise Refusal(f"<{field.tag}> is out of order; the order is {order}", kids[at])
        found = f"; found {named(kids[at])}" if at < len(kids) else ""
        raise Refusal(f"<{field.tag}> is missing{found}", kids[at] if at < len(kids) else element)

    def empty(element: _Element, _kids: list[_Element], _at: int, _shape: Shape) -> Any:
        node = field.node
        assert isinstance(node, Many | Mapping)  # nothing else can be empty
        try:
            check_size(0, node.least, node.most)
        except Refusal as refusal:
            refusal.element = element
            raise
        return make_of(node)()

    if field.absent == "error":
        return missing
    if field.absent == "empty":
        return empty
    value = None if field.absent == "none" else _DEFAULT
    return lambda _element, _kids, _at, _shape: value


def _constructor(shape: Shape) -> Callable[..., Any]:
    """Compile values -> object: by position where that can be, else by name; what the class raises is a refusal."""
    build = shape.build
    arguments = [field.argument for field in shape.fields]
    by_position = not any(field.keyword for field in shape.fields)

    def construct(element: _Element, values: list[Any], *, whole: bool) -> Any:
        try:
            if whole and by_position:
                return build(*values)
            named_values = zip(arguments, values, strict=True)
            return build(**{name: value for name, value in named_values if value is not _DEFAULT})
        except Exception as error:  # noqa: BLE001  # the class's own checks may raise anything
            raise Refusal(_words(error), element, error) from None

    return construct


def _words(error: Exception) -> str:
    """Say in one line what the class's own check said."""
    details = getattr(error, "errors", None)
    if callable(details) and type(error).__module__.startswith("pydantic"):
        first = details()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    text = str(error)
    if isinstance(error, ValueError | AssertionError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
