"""The written form: tags, lists, dicts, unions, `None`, and what absence means."""

from __future__ import annotations

from dataclasses import field
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, Literal

import annotated_types as at
import pytest
from lxml import etree
from typing_extensions import Doc

from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads import AnyPayload, PayloadTable, codec_of, payload

XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def written(value: Any) -> str:
    text = etree.tostring(value.to_xml(), encoding="unicode")
    assert type(value).from_xml(text) == value
    return text.replace(XSI, "")


@payload
class Circle:
    radius: float


@payload
class Square:
    side: float


def test_tags_are_pascal_case() -> None:
    """The class's name is the tag, and so is each field's in PascalCase."""

    @payload
    class Report:
        original_sender: str
        camelCase: int = 1

    assert written(Report("a")) == "<Report><OriginalSender>a</OriginalSender><CamelCase>1</CamelCase></Report>"


def test_lists_repeat_their_element() -> None:
    """Lists, variadic tuples and sets of anything stand as repeated elements, sets in one order."""

    @payload
    class Basket:
        names: list[str]
        sizes: tuple[int, ...]
        tags: set[str]
        shapes: list[Circle]

    value = Basket(["a", ""], (1, 2), {"z", "b"}, [Circle(1.0)])
    assert written(value) == (
        "<Basket><Names>a</Names><Names/><Sizes>1</Sizes><Sizes>2</Sizes><Tags>b</Tags><Tags>z</Tags>"
        "<Shapes><Radius>1.0</Radius></Shapes></Basket>"
    )
    assert written(Basket([], (), set(), [])) == "<Basket/>"


def test_dicts_repeat_with_a_key() -> None:
    """Keys are kept exactly, white space and quotes included; a second equal key is refused by both."""

    @payload
    class Scores:
        by_name: dict[str, int]
        shapes: dict[str, Circle] = field(default_factory=dict)

    assert written(Scores({"a": 1, 'b"\n\t\r <&': 2}, {"": Circle(0.5)})).startswith(
        '<Scores><ByName key="a">1</ByName>'
    )
    double = etree.fromstring('<Scores><ByName key="a">1</ByName><ByName key="a">2</ByName></Scores>')
    assert not codec_of(Scores).schema.validate(double)
    with pytest.raises(PayloadError, match="key 'a' stands twice"):
        codec_of(Scores).decode(double)


def test_unions_stand_inside_their_field() -> None:
    """A union is `<Field><Class>…</Class></Field>`."""

    @payload
    class Drawing:
        shape: Circle | Square
        more: list[Circle | Square] = field(default_factory=list)

    text = written(Drawing(Square(2.0), [Circle(1.0)]))
    assert text.startswith("<Drawing><Shape><Square><Side>2.0</Side></Square></Shape><More><Circle>")
    with pytest.raises(PayloadError, match="shape: expected Circle or Square, got 5"):
        Drawing(5).to_xml()


def test_any_payload_is_read_by_a_table() -> None:
    """`AnyPayload` holds what the reader's table knows, checked by that class's own schema."""

    @payload
    class Parcel:
        content: AnyPayload
        more: list[AnyPayload] = field(default_factory=list)

    value = Parcel(Circle(1.0), [Square(2.0), Parcel(Circle(3.0))])
    element = value.to_xml()
    table = PayloadTable()
    for cls in (Circle, Square, Parcel):
        table.add(cls)
    assert codec_of(Parcel).decode(element, table) == value
    assert Parcel.from_xml(element, table) == value
    codec_of(Parcel).validate(element)
    with pytest.raises(PayloadError, match="by an organism's table only"):
        codec_of(Parcel).decode(element)
    with pytest.raises(PayloadError, match="no payload here is called <Circle>"):
        codec_of(Parcel).decode(element, PayloadTable())
    with pytest.raises(PayloadError) as caught:
        Parcel.from_xml("<Parcel><Content><Circle><Radius>x</Radius></Circle></Content></Parcel>", table)
    assert (caught.value.field, caught.value.problem) == ("content.radius", "expected float, got 'x'")
    with pytest.raises(PayloadError, match=r"more\[0\]: expected a payload, got 5"):
        Parcel(Circle(1.0), [5]).to_xml()


def test_none_is_absent_or_nil() -> None:
    """`None` is left out where absence means it, else it is `xsi:nil`."""

    @payload
    class Choice:
        a: int | None
        b: int | None = None
        c: int | None = 5
        d: Circle | None = None
        e: str | None = field(default_factory=lambda: "x")

    assert written(Choice(None, None, None, None, None)) == '<Choice><C xsi:nil="true"/><E xsi:nil="true"/></Choice>'
    assert Choice.from_xml("<Choice/>") == Choice(None)
    assert Choice.from_xml(f'<Choice{XSI}><A xsi:nil="1"/><C xsi:nil="false">7</C></Choice>') == Choice(None, c=7)


@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("nilable", [False, True])
@pytest.mark.parametrize("default", ["missing", "empty", "full", "none"])
@pytest.mark.parametrize("container", [list, tuple, frozenset, dict])
def test_every_value_without_items_has_a_written_form(
    container: Any, default: str, nilable: bool, optional: bool
) -> None:
    """Empty, `None` and the default are told apart for every container, whatever its default is."""
    item = int | None if nilable else int
    hints = {list: list[item], tuple: tuple[item, ...], frozenset: frozenset[item], dict: dict[str, item]}
    hint = hints[container] | None if optional else hints[container]
    if default == "none" and not optional:
        return
    full = {"k": 1} if container is dict else container([1])
    namespace: dict[str, Any] = {"__annotations__": {"items": hint}}
    if default != "missing":
        start = {"empty": container, "full": lambda: full, "none": lambda: None}[default]
        namespace["items"] = field(default_factory=start)
    cls = payload(type("Holder", (), namespace))
    values = [container(), full] + ([None] if optional else [])
    if nilable:
        values.append({"k": None} if container is dict else container([None]))
    for value in values:
        element = cls(value).to_xml()
        codec_of(cls).validate(element)
        assert cls.from_xml(element) == cls(value)
    if default != "missing":
        assert cls.from_xml("<Holder/>") == cls()


def test_a_default_makes_a_field_optional() -> None:
    """What is not written is the class's default; each object has its own."""

    @payload
    class Settings:
        level: int = 3
        tags: list[str] = field(default_factory=lambda: ["a"])

    one, other = Settings.from_xml("<Settings/>"), Settings.from_xml("<Settings/>")
    assert one == Settings(3, ["a"])
    assert one.tags is not other.tags


def test_enums_are_written_by_value_where_it_is_text() -> None:
    """Text values are written as they are, other members by name."""

    class Colour(Enum):
        RED = "deep red"

    class Size(StrEnum):
        SMALL = "s"

    class Level(IntEnum):
        LOW = 1

    @payload
    class Paint:
        colour: Colour
        size: Size
        level: Level
        mode: Literal["on", 2, True]

    value = Paint(Colour.RED, Size.SMALL, Level.LOW, True)
    text = "<Paint><Colour>deep red</Colour><Size>s</Size><Level>LOW</Level><Mode>true</Mode></Paint>"
    assert written(value) == text
    read = Paint.from_xml(text.replace("deep red", "\n  deep  red "))
    assert read == value
    assert type(read.level) is Level
    with pytest.raises(PayloadError, match="mode: expected 'on' or '2' or 'true', got 1"):
        Paint(Colour.RED, Size.SMALL, Level.LOW, 1).to_xml()


def test_nested_containers_wrap_their_items() -> None:
    """What stands in a list's element is a list of `<Item>`s; a fixed tuple numbers them."""

    @payload
    class Deep:
        rows: list[list[int]]
        pair: tuple[int, str]
        nothing: tuple[()] = ()

    assert written(Deep([[1, 2], []], (1, "a"))) == (
        "<Deep><Rows><Item>1</Item><Item>2</Item></Rows><Rows/>"
        "<Pair><Item1>1</Item1><Item2>a</Item2></Pair><Nothing/></Deep>"
    )


def test_docstrings_become_documentation() -> None:
    """The class's docstring and `Doc` are in the schema, and change no fingerprint."""

    @payload
    class Described:
        """What it is."""

        size: Annotated[int, Doc("How big."), at.Ge(0)] = 1

    @payload
    class Bare:
        size: Annotated[int, at.Ge(0)] = 1

    texts = Described.xsd().xpath("//xs:documentation/text()", namespaces={"xs": "http://www.w3.org/2001/XMLSchema"})
    assert texts == ["What it is.", "How big."]
    documented = payload(
        type("Bare", (), {"__annotations__": dict(Described.__annotations__), "size": 1, "__doc__": "Some."})
    )
    assert codec_of(documented).fingerprint == codec_of(Bare).fingerprint
    assert not Bare.xsd().xpath("//xs:documentation", namespaces={"xs": "http://www.w3.org/2001/XMLSchema"})


def test_the_schema_given_away_is_a_copy() -> None:
    """Who changes `xsd()` changes nothing of ours."""
    Circle.xsd().clear()
    assert len(Circle.xsd())
