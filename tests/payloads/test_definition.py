"""What may be a payload class, and what a class that may not is told, at its definition."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from dataclasses import InitVar, dataclass, field
from enum import Enum, Flag
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, NewType, Optional, TypedDict

import annotated_types as at
import pytest

from xpipe_nb.errors import DefinitionError
from xpipe_nb.payloads import AnyPayload, Pattern, codec_of, is_payload, payload, xmlify


def test_a_class_becomes_a_dataclass_with_a_codec() -> None:
    """`@payload` gives `__init__`, `==` and the four methods."""

    @payload
    class Greeting:
        name: str
        volume: int = 11

    assert Greeting("x") == Greeting("x", 11)
    assert Greeting.from_xml(Greeting("x").to_xml()) == Greeting("x")
    assert is_payload(Greeting)
    assert is_payload(Greeting("x"))
    assert codec_of(Greeting).tag == "Greeting"


def test_options_of_dataclass_can_be_given() -> None:
    """`@payload(frozen=True)` makes a frozen dataclass."""

    @payload(frozen=True, slots=True)
    class Point:
        x: float
        me: Point | None = None

    assert Point(1.0, Point(2.0)).__hash__() == Point(1.0, Point(2.0)).__hash__()
    assert Point.from_xml(Point(1.0, Point(2.0)).to_xml()) == Point(1.0, Point(2.0))


def test_a_dataclass_stays_what_it_is() -> None:
    """An existing dataclass keeps its options; `xmlify` is another name."""

    @xmlify
    @dataclass(frozen=True, order=True)
    class Version:
        major: int

    assert Version(1) < Version(2)
    assert Version.from_xml("<Version><Major>3</Major></Version>") == Version(3)


def test_a_plain_dataclass_is_compiled_on_demand() -> None:
    """`codec_of` takes a dataclass that nobody decorated, also one that another class holds."""

    @dataclass
    class Inner:
        other: Other

    @dataclass
    class Other:
        x: int

    @payload
    class Outer:
        inner: Inner

    value = Outer(Inner(Other(1)))
    assert Outer.from_xml(value.to_xml()) == value
    assert not is_payload(dataclass(type("Bare", (), {})))


def test_an_undecorated_subclass_has_its_own_fields() -> None:
    """A subclass is a class of its own: its codec has its tag and all fields."""

    @payload
    class Base:
        a: int

    @dataclass
    class Derived(Base):
        b: int

    assert not is_payload(Derived)
    assert codec_of(Derived).encode(Derived(1, 2)).tag == "Derived"
    assert Derived.from_xml("<Derived><A>1</A><B>2</B></Derived>") == Derived(1, 2)


def test_recursion_through_a_class_defined_later() -> None:
    """Two classes of a function may name each other."""

    @payload
    class Chicken:
        egg: Egg | None = None

    @payload
    class Egg:
        chicken: Optional[Chicken] = None  # noqa: UP045  # both spellings are used

    value = Chicken(Egg(Chicken()))
    assert Chicken.from_xml(value.to_xml()) == value


def test_a_name_that_nobody_defines_is_told_at_the_first_use() -> None:
    """What is not defined yet may still come, so the class itself is let pass."""

    @payload
    class Hopeful:
        later: Godot  # noqa: F821

    with pytest.raises(DefinitionError) as caught:
        Hopeful.xsd()
    assert (caught.value.owner, caught.value.field) == ("Hopeful", "later")
    assert "Godot" in str(caught.value)


def test_a_class_without_fields_is_an_empty_payload() -> None:
    """Defect 9: an empty dataclass made malformed XML."""

    @payload
    class Ping:
        """Nothing but its name."""

        LIMIT: ClassVar[int] = 3

        def method(self) -> None: ...

    assert Ping.from_xml("<Ping/>") == Ping()
    assert Ping.from_xml("<Ping>\n</Ping>") == Ping()
    assert Ping.example_xml() == "<Ping/>"


def test_a_forgotten_annotation_is_told() -> None:
    """`name = "x"` is no field."""
    with pytest.raises(DefinitionError) as caught:

        @payload
        class Greeting:
            name = "x"

    assert caught.value.field == "name"
    assert caught.value.expected == "name: str = …"


class Hue(Enum):
    RED = 1


class Bits(Flag):
    ONE = 1


class Named(NamedTuple):
    x: int


class Typed(TypedDict):
    x: int


class Plain:
    x: int


@dataclass(eq=True)
class Mutable:
    x: int


@pytest.mark.parametrize(
    ("hint", "nearest"),
    [
        (Any, "AnyPayload"),
        (object, "AnyPayload"),
        (list, "list[str]"),
        (dict, "dict[str, str]"),
        (dict[int, str], "dict[str, str]"),
        (Sequence[int], "list[...]"),
        (bytearray, "bytes"),
        (Path, "str"),
        (complex, "tuple[float, float]"),
        (int | str, "a payload class for each alternative"),
        (Bits, "a set of an Enum"),
        (Named, "a class with @payload"),
        (Typed, "a class with @payload"),
        (Plain, "@payload before class Plain"),
        (set[Mutable], "list[...], or frozen=True on the class"),
        (set[list[int]], "list[...], or frozen=True on the class"),
        (Literal[b"x"], "str, int or bool values"),  # type: ignore[valid-type]
        (Callable[[], int], None),
        (Literal[1, "1"], None),
        (Annotated[bool, at.Ge(1)], None),
        (Annotated[str, at.Ge(1)], None),
        (Annotated[int, at.MinLen(1)], None),
        (Annotated[int, Pattern("a")], None),
        (Annotated[int, at.Ge("x")], None),
        (Annotated[float, at.Ge(float("nan"))], None),
        (Annotated[Mutable, at.Ge(1)], None),
    ],
)
def test_an_unsupported_type_is_told_by_field(hint: Any, nearest: str | None) -> None:
    """The error names the class, the field, and the supported type that comes closest."""
    namespace = {"__annotations__": {"good": int, "bad": hint}}
    with pytest.raises(DefinitionError) as caught:
        payload(type("Faulty", (), namespace))
    assert (caught.value.owner, caught.value.field) == ("Faulty", "bad")
    assert caught.value.nearest == nearest


def test_aliases_of_types_are_seen_through() -> None:
    """`NewType` says nothing about the wire."""
    UserId = NewType("UserId", int)

    @payload
    class User:
        id: UserId

    assert User.from_xml("<User><Id>7</Id></User>") == User(UserId(7))


def test_two_fields_of_one_tag_are_refused() -> None:
    """`x1` and `x_1` are both written `<X1>`."""
    with pytest.raises(DefinitionError, match="both written <X1>") as caught:

        @payload
        class Twins:
            x1: int
            x_1: int

    assert caught.value.field == "x_1"


@pytest.mark.parametrize("name", ["to_xml", "from_xml", "xsd", "example_xml"])
def test_a_field_may_not_bear_a_name_of_ours(name: str) -> None:
    """The four methods would hide it."""
    with pytest.raises(DefinitionError, match="belongs to @payload") as caught:
        payload(type("Clash", (), {"__annotations__": {name: "str"}}))
    assert caught.value.field == name
    with pytest.raises(DefinitionError, match="belongs to @payload"):
        payload(type("Clash", (), {"__annotations__": {name: "str"}, name: "x"}))


@pytest.mark.parametrize("name", ["SystemError", "Boot", "BudgetWarning", "SequenceStart"])
def test_the_tags_of_the_pump_are_reserved(name: str) -> None:
    """No user's class can pass for one of the pump's own payloads."""
    with pytest.raises(DefinitionError, match="the pump's own"):
        payload(type(name, (), {"__annotations__": {"x": "int"}}))


def test_a_field_whose_tag_is_no_xml_name_is_refused() -> None:
    """`_1` would be written `<1>`."""
    for name in ("_1", "_"):
        with pytest.raises(DefinitionError, match="name of an XML element"):
            payload(type("Odd", (), {"__annotations__": {name: "int"}}))


@pytest.mark.parametrize(
    ("hint", "default", "words"),
    [
        ("int", "loud", "expected int, got 'loud'"),
        ("str", None, "its default is None"),
        ("int", True, "expected int, got True"),
    ],
)
def test_a_default_that_does_not_fit_is_refused(hint: str, default: object, words: str) -> None:
    """`to_xml` could never write it."""
    with pytest.raises(DefinitionError, match=words) as caught:
        payload(type("Faulty", (), {"__annotations__": {"x": hint}, "x": default}))
    assert caught.value.field == "x"


def test_mistakes_that_dataclasses_finds_name_the_field_too() -> None:
    """A mutable default, and a field without default behind one with."""
    with pytest.raises(DefinitionError) as caught:
        payload(type("Faulty", (), {"__annotations__": {"tags": "list[str]"}, "tags": []}))
    assert caught.value.field == "tags"
    with pytest.raises(DefinitionError) as caught:
        payload(type("Faulty", (), {"__annotations__": {"a": "int", "b": "int"}, "a": 1}))
    assert caught.value.field == "b"
    with pytest.raises(DefinitionError) as caught:

        @payload
        class Seeded:
            seed: InitVar[int]

    assert caught.value.field == "seed"


def test_a_method_of_the_users_own_is_not_overwritten() -> None:
    """A class with a `to_xml` of its own is refused rather than changed."""
    with pytest.raises(DefinitionError, match="a method to_xml of its own"):

        @payload
        class Mine:
            x: int

            def to_xml(self) -> str:
                return "<mine/>"


def test_only_a_class_can_be_decorated() -> None:
    """A function is told so."""
    with pytest.raises(DefinitionError, match="not a class"):
        payload(lambda: None)
    with pytest.raises(DefinitionError, match="no payload class"):
        codec_of(int)


def test_a_computed_field_is_not_written() -> None:
    """`field(init=False)` is the class's own affair."""

    @payload
    class Order:
        price: int
        total: int = field(init=False)

        def __post_init__(self) -> None:
            self.total = self.price * 2

    assert Order.from_xml("<Order><Price>2</Price></Order>").total == 4
    assert len(Order(1).to_xml()) == 1


def test_a_class_can_be_forgotten() -> None:
    """Cells are run again and again: nothing keeps an old class alive."""

    def define() -> weakref.ref[type]:
        @payload
        class Short:
            me: list[Short]
            content: AnyPayload

        Short.xsd()
        with pytest.raises(Exception, match="AnyPayload"):
            Short.from_xml("<Short><Content><Short/></Content></Short>")
        return weakref.ref(Short)

    gone = define()
    gc.collect()
    assert gone() is None


def test_decorating_twice_changes_nothing() -> None:
    """The same class may be decorated any number of times."""

    @payload
    class Twice:
        x: int

    before = codec_of(Twice).fingerprint
    assert payload(xmlify(Twice)) is Twice
    assert codec_of(Twice).fingerprint == before


def test_classes_of_main_work_as_in_a_notebook() -> None:
    """Postponed annotations are read in `__main__`, where a cell's names are."""
    program = """
from __future__ import annotations
from xpipe_nb.payloads import payload
@payload
class Node:
    next: Node | None = None
    leaf: Leaf | None = None
@payload
class Leaf:
    x: int
value = Node(Node(), Leaf(1))
assert Node.from_xml(value.to_xml()) == value
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
