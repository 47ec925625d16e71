"""An example of a payload class that its own schema and the class itself accept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads.checks import renderer
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.payloads.codec import Codec

__all__ = ["build_example"]

_STEPS: dict[str, Any] = {"date": timedelta(days=1), "datetime": timedelta(hours=1), "timedelta": timedelta(seconds=1)}


@dataclass
class AnyPayload:
    """What stands in an example where any payload may."""


def build_example(codec: Codec[Any], shape_of: Callable[[type], Shape]) -> str:
    """Make up an object, write it, and check that it can be read.

    Args:
        codec: The codec of the class.
        shape_of: Gives the shapes of the classes that it holds.

    Raises:
        PayloadError: No object that fits could be made up.
    """
    problem = "its constraints are too narrow"
    for full in (True, False):
        try:
            value = _Maker(shape_of, full=full).payload(codec.cls, ())
            element = codec.encode(value)
            codec.validate(element)
        except Refusal as refusal:
            problem = refusal.problem
        except PayloadError as error:
            problem = error.problem
        else:
            etree.indent(element, "  ")
            return etree.tostring(element, encoding="unicode")
    raise PayloadError(codec.tag, f"no example can be made up: {problem}")


class _Maker:
    """Makes up values; `full` fills what may be left out."""

    def __init__(self, shape_of: Callable[[type], Shape], *, full: bool) -> None:
        self.shape_of, self.full = shape_of, full

    def payload(self, cls: type, stack: tuple[type, ...]) -> Any:
        """Make up an object of a class; `stack` holds the classes it stands in."""
        if cls in stack:
            raise Refusal(f"{cls.__name__} holds itself without end")
        shape = self.shape_of(cls)
        values: dict[str, Any] = {}
        for field in shape.fields:
            for value in self.field(field, (*stack, cls)):
                values[field.argument] = value
        try:
            return shape.build(**values)
        except Exception as error:  # noqa: BLE001  # the class's own checks may raise anything
            raise Refusal(f"{cls.__name__} refuses it: {error}") from None

    def field(self, field: Field, stack: tuple[type, ...]) -> tuple[Any, ...]:
        """Make up a field's value, in a tuple; an empty one leaves it to its default."""
        if field.sample or (field.absent == "default" and not self.full):
            return ()
        try:
            return (self.node(field.node, stack),)
        except Refusal:
            if field.absent == "default":
                return ()
            if field.none:
                return (None,)
            raise

    def node(self, node: Node, stack: tuple[type, ...]) -> Any:
        match node:
            case Scalar():
                return next(self.scalars(node))
            case Maybe(inner):
                return self.maybe(inner, stack)
            case Nested(cls):
                return self.payload(cls, stack)
            case OneOf(classes):
                return self.one_of(classes, stack)
            case AnyOf():
                return AnyPayload()
            case Many() | Mapping():
                return self.container(node, stack)
            case Fixed(items):
                return tuple(self.node(item, stack) for item in items)

    def maybe(self, inner: Node, stack: tuple[type, ...]) -> Any:
        if not self.full:
            return None
        try:
            return self.node(inner, stack)
        except Refusal:
            return None

    def one_of(self, classes: tuple[type, ...], stack: tuple[type, ...]) -> Any:
        problem = Refusal("no alternative can be made up")
        for cls in classes:
            try:
                return self.payload(cls, stack)
            except Refusal as refusal:
                problem = refusal
        raise problem

    def container(self, node: Many | Mapping, stack: tuple[type, ...]) -> Any:
        size = max(node.least, 1 if self.full and node.most != 0 else 0)
        try:
            items = self.items(node.item, size, stack)
        except Refusal:
            if node.least:
                raise
            items = []
        if isinstance(node, Many):
            return node.make(items)
        return {f"key{number}" if number else "key": item for number, item in enumerate(items)}

    def items(self, item: Node, size: int, stack: tuple[type, ...]) -> list[Any]:
        """Make up some items, each another one where values can be told apart."""
        scalar = item.inner if isinstance(item, Maybe) else item
        if not isinstance(scalar, Scalar):
            return [self.node(item, stack) for _ in range(size)]
        found: list[Any] = []
        for value in self.scalars(scalar):
            if len(found) < size and value not in found:
                found.append(value)
        return found + found[:1] * (size - len(found))

    def scalars(self, node: Scalar) -> Iterator[Any]:
        """Give values that follow every constraint of the node."""
        render = renderer(node)
        problem, none = Refusal(f"no {node.name} is known that fits"), True
        for value in _candidates(node):
            try:
                render(value)
            except Refusal as refusal:
                problem = refusal
            else:
                none = False
                yield value
        if none:
            raise problem


def _candidates(node: Scalar) -> Iterator[Any]:
    """Give what may fit: the samples of type and constraints, then values around and between them."""
    yield from node.samples
    step = _STEPS.get(node.name, 1)
    for value in node.samples:
        for count in range(1, 9):
            if isinstance(value, str):
                yield f"{value[: -len(str(count))]}{count}"
            elif isinstance(value, int | float | Decimal | timedelta) or node.name in _STEPS:
                yield _moved(value, step, count)
    for low, high in zip(node.samples, node.samples[1:], strict=False):
        if node.name in ("float", "Decimal"):
            yield (low + type(low)(high)) / 2


def _moved(value: Any, step: Any, count: int) -> Any:
    try:
        return value + step * count
    except (OverflowError, ArithmeticError):
        return value
