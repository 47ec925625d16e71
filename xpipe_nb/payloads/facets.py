"""Constraints in `Annotated`, as XSD facets and as the same checks in Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import annotated_types as at

from xpipe_nb.payloads.nodes import Many, Mapping, Maybe, Node, Scalar
from xpipe_nb.payloads.pattern import Pattern
from xpipe_nb.payloads.refusal import shown

__all__ = ["Unfit", "constrain"]

Check = Callable[[Any], str | None]

_ORDERED = ("int", "float", "Decimal", "date", "time", "datetime", "timedelta")
_BOUNDS: dict[type, tuple[str, str, str]] = {
    at.Ge: ("ge", "minInclusive", "at least"),
    at.Gt: ("gt", "minExclusive", "more than"),
    at.Le: ("le", "maxInclusive", "at most"),
    at.Lt: ("lt", "maxExclusive", "less than"),
}
_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "ge": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "le": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
}


class Unfit(Exception):
    """A constraint that does not fit its type; its text is the problem."""


def constrain(node: Node, metadata: tuple[Any, ...]) -> Node:
    """Give the node with the constraints that `metadata` holds; what is not a constraint is left alone (PEP 593).

    Raises:
        Unfit: A constraint that means nothing for this type, or that we cannot check.
    """
    for item in _flat(metadata):
        node = _one(node, item)
    return node


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    for item in metadata:
        if isinstance(item, at.GroupedMetadata):
            yield from _flat(tuple(item))
        else:
            yield item


def _one(node: Node, item: Any) -> Node:
    if isinstance(node, Maybe):
        inner = _one(node.inner, item)
        return node if inner is node.inner else Maybe(inner)
    if type(item) in _BOUNDS:
        return _bounded(node, item)
    if isinstance(item, at.MinLen | at.MaxLen):
        return _sized(node, item)
    if isinstance(item, at.MultipleOf):
        return _multiple(node, item.multiple_of)
    if isinstance(item, Pattern):
        return _patterned(node, item)
    if isinstance(item, at.Predicate):
        return _predicate(node, item)
    if isinstance(item, at.BaseMetadata) and not isinstance(item, getattr(at, "Unit", ())):
        raise Unfit(f"the constraint {item!r} cannot be said in a payload")
    return node


def _name(node: Node) -> str:
    return node.name if isinstance(node, Scalar) else type(node).__name__.lower()


def _with(node: Scalar, check: Check, *facets: tuple[str, str], samples: tuple[Any, ...] = ()) -> Scalar:
    return replace(
        node, facets=(*node.facets, *facets), checks=(*node.checks, check), samples=(*samples, *node.samples)
    )


def _bounded(node: Node, item: Any) -> Node:
    key, facet, words = _BOUNDS[type(item)]
    bound = getattr(item, key)
    if not isinstance(node, Scalar) or node.name not in _ORDERED:
        raise Unfit(f"{item!r} does not apply to {_name(node)}")
    holds = _HOLDS[key]

    def check(value: Any) -> str | None:
        try:
            fits = holds(value, bound)
        except TypeError:  # one has a time zone and the other has none
            fits = False
        return None if fits else f"expected {words} {_written(bound)}, got {_written(value)}"

    if node.name == "int":
        facet, text = _whole_bound(facet, bound, item)
    else:
        text = _bound_text(node, bound, item)
    return _with(_narrowed(node, bound), check, (facet, text), samples=_near(node, bound))


def _whole_bound(facet: str, bound: Any, item: Any) -> tuple[str, str]:
    """Move a bound that is no integer to the next one inside."""
    try:
        if bound == int(bound):
            return facet, str(int(bound))
        return (
            ("minInclusive", str(math.ceil(bound)))
            if facet.startswith("min")
            else ("maxInclusive", str(math.floor(bound)))
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise Unfit(f"{item!r} is no bound for int") from error


def _written(value: Any) -> str:
    return shown(value) if isinstance(value, int | float) else str(value)


def _bound_text(node: Scalar, bound: Any, item: Any) -> str:
    """Write the bound so that XSD's type holds it exactly."""
    try:
        if node.name == "Decimal" and isinstance(bound, float):
            bound = Decimal(bound)
        if isinstance(bound, float) and math.isnan(bound):
            raise Unfit(f"{item!r}: NaN bounds nothing")
        return node.render(bound)
    except (ValueError, TypeError, OverflowError) as error:
        raise Unfit(f"{item!r} is no bound for {node.name}") from error


def _narrowed(node: Scalar, bound: Any) -> Scalar:
    """Exclude what cannot be compared: NaN, and times that have a zone where the bound has none (or the reverse)."""
    if node.name == "float":
        facets = tuple((name, text.removesuffix("|NaN") if name == "pattern" else text) for name, text in node.facets)
        return replace(node, facets=facets)
    if isinstance(bound, datetime | time):
        zoned = bound.utcoffset() is not None
        zone = ".*(Z|[+\\-][0-9]{2}:[0-9]{2})" if zoned else ".*[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"
        return replace(node, facets=(*node.facets, ("pattern", zone)))
    return node


def _near(node: Scalar, bound: Any) -> tuple[Any, ...]:
    """Give values around a bound, for examples."""
    steps: dict[str, Any] = {
        "date": timedelta(days=1),
        "datetime": timedelta(hours=1),
        "timedelta": timedelta(seconds=1),
    }
    if isinstance(bound, time) or (isinstance(bound, float) and math.isinf(bound)):
        return (bound,)
    if node.name == "int":
        bound = math.ceil(bound)
    try:
        step = steps.get(node.name, 1)
        return tuple(_as(node, value) for value in (bound, bound + step, bound - step))
    except (OverflowError, ValueError):
        return (bound,)


def _as(node: Scalar, value: Any) -> Any:
    kinds: dict[str, Callable[[Any], Any]] = {"float": float, "Decimal": Decimal}
    return kinds[node.name](value) if node.name in kinds else value


def _sized(node: Node, item: Any) -> Node:
    least = isinstance(item, at.MinLen)
    size = item.min_length if isinstance(item, at.MinLen) else item.max_length
    if isinstance(node, Many | Mapping):
        if least:
            return replace(node, least=max(node.least, size))
        return replace(node, most=size if node.most is None else min(node.most, size))
    if not isinstance(node, Scalar) or node.name not in ("str", "bytes"):
        raise Unfit(f"{item!r} does not apply to {_name(node)}")
    unit = "characters" if node.name == "str" else "bytes"

    def check(value: Any) -> str | None:
        length = len(value)
        if length >= size if least else length <= size:
            return None
        return f"expected at {'least' if least else 'most'} {size} {unit if size != 1 else unit[:-1]}, got {length}"

    filler: Any = "abcdefghij" if node.name == "str" else b"abcdefghij"
    sample = (filler * (size // 10 + 1))[:size]
    return _with(node, check, ("minLength" if least else "maxLength", str(size)), samples=(sample,))


def _multiple(node: Node, of: Any) -> Node:
    if not isinstance(node, Scalar) or node.name not in ("int", "float", "Decimal", "timedelta"):
        raise Unfit(f"MultipleOf({of!r}) does not apply to {_name(node)}")

    def check(value: Any) -> str | None:
        try:
            fits = not value % of
        except ArithmeticError:
            fits = False
        return None if fits else f"expected a multiple of {of}, got {_written(value)}"

    return _with(node, check, samples=(of, of - of))


def _patterned(node: Node, item: Pattern) -> Node:
    if not isinstance(node, Scalar) or node.name != "str":
        raise Unfit(f"a Pattern does not apply to {_name(node)}")

    def check(value: Any) -> str | None:
        return None if item.matches(value) else f"expected text like {item.text!r}, got {shown(value)}"

    return _with(node, check, ("pattern", item.xsd), samples=item.samples())


def _predicate(node: Node, item: Any) -> Node:
    if not isinstance(node, Scalar):
        raise Unfit("a Predicate does not apply to a container or a payload")
    words = getattr(item.func, "__name__", "the predicate")

    def check(value: Any) -> str | None:
        return None if item.func(value) else f"refused by {words}: {shown(value)}"

    return _with(node, check)
