"""Strategies for whole payload classes: field types, values that fit them, and XML that has been tampered with."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import annotated_types as at
from hypothesis import strategies as st
from lxml import etree

from xpipe_nb.payloads import Pattern, payload
from xpipe_nb.payloads.strict import NIL


class Colour(Enum):
    RED = "red"
    DEEP_BLUE = "deep blue"


class Priority(IntEnum):
    LOW = 1
    HIGH = 9


@payload(frozen=True)
class Leaf:
    """A flat payload."""

    name: str
    size: int = 3


@payload(frozen=True)
class Twig:
    """A payload that holds others, and itself."""

    leaves: tuple[Leaf, ...] = ()
    next: Optional[Twig] = None  # noqa: UP045  # both spellings are used


@dataclass(frozen=True)
class Kind:
    """A field type and the values that fit it."""

    hint: Any
    values: st.SearchStrategy[Any]
    hashable: bool = True
    scalar: bool = False


def xml_text(**sizes: int) -> st.SearchStrategy[str]:
    """Give text that XML can carry, white space and line ends included."""
    letters = st.characters(
        exclude_categories=("Cs",), exclude_characters="".join(map(chr, range(32))) + "\ufffe\uffff"
    )
    return st.text(
        st.one_of(st.sampled_from(list(" \t\n\r<>&\"'a0")), letters), max_size=sizes.pop("max_size", 12), **sizes
    )


def unfolded(value: Any) -> Any:
    """Drop `fold`: ISO 8601 has no word for it, and `==` does not look at it."""
    return value.replace(fold=0)


ZONES = st.one_of(st.none(), st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))))
LEAVES = st.builds(Leaf, xml_text(), st.integers())
TWIGS = st.recursive(
    st.builds(Twig, st.lists(LEAVES, max_size=2).map(tuple)),
    lambda inner: st.builds(Twig, st.lists(LEAVES, max_size=2).map(tuple), inner),
    max_leaves=3,
)

PLAIN = [
    Kind(str, xml_text(), scalar=True),
    Kind(int, st.integers(), scalar=True),
    Kind(float, st.floats(), scalar=True),
    Kind(bool, st.booleans(), scalar=True),
    Kind(
        Decimal, st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30), scalar=True
    ),
    Kind(date, st.dates(), scalar=True),
    Kind(time, st.times(timezones=ZONES).map(unfolded), scalar=True),
    Kind(datetime, st.datetimes(timezones=ZONES).map(unfolded), scalar=True),
    Kind(timedelta, st.timedeltas(), scalar=True),
    Kind(UUID, st.uuids(), scalar=True),
    Kind(bytes, st.binary(max_size=20), scalar=True),
    Kind(Colour, st.sampled_from(Colour), scalar=True),
    Kind(Priority, st.sampled_from(Priority), scalar=True),
    Kind(Literal["on", "off", 3, True], st.sampled_from(["on", "off", 3, True]), scalar=True),
    Kind(Literal[" padded", ""], st.sampled_from([" padded", ""]), scalar=True),
    Kind(Annotated[int, at.Ge(-3), at.Lt(50)], st.integers(-3, 49), scalar=True),
    Kind(Annotated[int, at.Gt(0.5)], st.integers(1), scalar=True),
    Kind(Annotated[float, at.Interval(gt=0.0, le=1e9)], st.floats(0, 1e9, exclude_min=True), scalar=True),
    Kind(Annotated[Decimal, at.Ge(Decimal("0.1"))], st.decimals(Decimal("0.1"), 10**9, places=3), scalar=True),
    Kind(Annotated[str, at.Len(1, 4)], xml_text(min_size=1, max_size=4), scalar=True),
    Kind(
        Annotated[str, Pattern("[a-c]{1,3}(-[0-9]+)?")],
        st.from_regex("[a-c]{1,3}(-[0-9]{1,4})?", fullmatch=True),
        scalar=True,
    ),
    Kind(Annotated[bytes, at.MaxLen(3)], st.binary(max_size=3), scalar=True),
    Kind(Annotated[date, at.Ge(date(2000, 1, 1))], st.dates(date(2000, 1, 1)), scalar=True),
    Kind(
        Annotated[datetime, at.Lt(datetime(2100, 1, 1))],
        st.datetimes(max_value=datetime(2099, 1, 1)).map(unfolded),
        scalar=True,
    ),
    Kind(Annotated[timedelta, at.Le(timedelta(days=9))], st.timedeltas(max_value=timedelta(days=9)), scalar=True),
    Kind(Leaf, LEAVES),
    Kind(Twig, TWIGS),
    Kind(Leaf | Twig, LEAVES | TWIGS),
]
PLAIN_KINDS = st.sampled_from(PLAIN)


def lists(item: Kind) -> Kind:
    return Kind(list[item.hint], st.lists(item.values, max_size=3), hashable=False)


def tuples(item: Kind) -> Kind:
    return Kind(tuple[item.hint, ...], st.lists(item.values, max_size=3).map(tuple), item.hashable)


def sets(item: Kind) -> Kind:
    return Kind(frozenset[item.hint], st.frozensets(item.values, max_size=3))


def dicts(item: Kind) -> Kind:
    return Kind(dict[str, item.hint], st.dictionaries(xml_text(), item.values, max_size=3), hashable=False)


def pairs(item: Kind) -> Kind:
    return Kind(tuple[item.hint, int], st.tuples(item.values, st.integers()), item.hashable)


def optionals(item: Kind) -> Kind:
    return Kind(item.hint | None, st.none() | item.values, item.hashable)


def sized(item: Kind) -> Kind:
    return Kind(Annotated[list[item.hint], at.Len(1, 2)], st.lists(item.values, min_size=1, max_size=2), hashable=False)


KINDS = st.recursive(
    PLAIN_KINDS,
    lambda inner: st.one_of(
        inner.map(lists),
        inner.map(tuples),
        inner.filter(lambda kind: kind.hashable).map(sets),
        inner.map(dicts),
        inner.map(pairs),
        inner.map(optionals),
        inner.map(sized),
    ),
    max_leaves=3,
)
NAMES = ("name", "original_sender", "x", "_under", "été", "camelCase", "a1")
NUMBERS = itertools.count()


@st.composite
def classes_and_values(draw: st.DrawFn, *, most: int = 4, kinds: st.SearchStrategy[Kind] = KINDS) -> tuple[type, Any]:
    """Give a fresh payload class and one object of it."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=most))
    drawn = [(name, draw(kinds), draw(st.booleans())) for name in names]
    fields, values = [], {}
    for name, kind, has_default in drawn:
        values[name] = draw(kind.values)
        if has_default:
            fields.append((name, kind.hint, _with_default(draw(kind.values))))
        else:
            fields.append((name, kind.hint, field()))
    made = dataclasses.make_dataclass("Made", fields, kw_only=True)
    return payload(made), payload(made)(**values)


def _with_default(value: Any) -> Any:
    return (
        field(default_factory=lambda: deepcopy(value)) if isinstance(value, list | dict | set) else field(default=value)
    )


def same(one: Any, other: Any) -> bool:
    """Compare as `==` does, but NaN is NaN, and 0.0 is not -0.0."""
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, set | frozenset):
        return len(one) == len(other) and _same_members(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if dataclasses.is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one))
    return bool(one == other)


def _same_members(some: Collection[Any], others: Collection[Any]) -> bool:
    """Pair off what two sets hold; neither `repr` nor iteration has an order to rely on, least of all in sets of sets."""
    left = list(others)
    for member in some:
        twin = next((index for index, other in enumerate(left) if same(member, other)), None)
        if twin is None:
            return False
        del left[twin]
    return not left


# --- XML that has been tampered with ------------------------------------------------------------------------------------

TEXTS = st.sampled_from([
    "", " ", "x", "1", " 7 ", "-0", "+5", "1_0", "١", "1.", ".5", "1e", "1e5", "1e400", "INF", "+INF", "-INF", "NaN", "nan",
    "infinity", "true", " true\n", "True", "0", "2024-02-29", "2023-02-29", "0000-01-01", "2024-01-01Z", "20240101",
    "24:00:00", "23:59:60", "10:00", "10:00:00", "10:00:00.1234567", "10:00:00+14:01", "2024-01-01T00:00:00Z",
    "2024-01-01T00:00:00-13:59", "2024-01-01 00:00:00", "2024-W01-1", "P1D", "PT", "P", "P1DT", "P1Y", "PT1.S", "PT1H1S", "-PT5M",
    "PT1S1H", "P0D", "QQ==", "QR==", "Q Q = =", "QQ", "_-__", "\u00a0", "red", " red ", "deep  blue", "deep blue", "RED", "LOW",
    "on", "3", "padded", " padded", "a-1", "abc-12", "abcd", "12345678-1234-4678-9234-567812345678",
    "{12345678-1234-4678-9234-567812345678}", "12345678123446789234567812345678", "1" * 30, "-" + "9" * 30, "0.1", "0.0999",
    "1" * 200 + ".5", "\t", "a\rb",
])  # fmt: skip
TAGS = ("Name", "X", "Item", "Item1", "Item2", "Leaf", "Twig", "Next", "Leaves", "Nonsense", "{urn:other}Name")
ATTRIBUTES = (
    (NIL, "true"),
    (NIL, " 1 "),
    (NIL, "false"),
    (NIL, "no"),
    ("key", "k"),
    ("key", ""),
    ("id", "1"),
    ("{urn:o}a", "1"),
)


@st.composite
def tampered(draw: st.DrawFn, root: etree._Element) -> etree._Element:
    """Change an element a little, somewhere."""
    root = deepcopy(root)
    for _ in range(draw(st.integers(1, 2))):
        nodes = list(root.iter("*"))
        _tamper(draw, draw(st.sampled_from(nodes)), root)
    return root


def _tamper(draw: st.DrawFn, node: etree._Element, root: etree._Element) -> None:
    act = draw(
        st.sampled_from(
            ["text", "text", "text", "drop", "double", "swap", "rename", "attribute", "insert", "tail", "clear"]
        )
    )
    parent = node.getparent()
    if act == "text":
        node.text = draw(TEXTS)
    elif act == "attribute":
        node.set(*draw(st.sampled_from(ATTRIBUTES)))
    elif act == "insert":
        etree.SubElement(node, draw(st.sampled_from(TAGS)))
    elif act == "rename":
        node.tag = draw(st.sampled_from(TAGS))
    elif act == "clear":
        node.attrib.clear()
        del node[:]
        node.text = None
    elif parent is not None:
        _move(draw, act, node, parent)


def _move(draw: st.DrawFn, act: str, node: etree._Element, parent: etree._Element) -> None:
    if act == "drop":
        parent.remove(node)
    elif act == "double":
        parent.insert(parent.index(node), deepcopy(node))
    elif act == "swap":
        parent.append(node)
    else:
        node.tail = draw(TEXTS)
