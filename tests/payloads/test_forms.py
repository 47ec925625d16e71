"""A form of a class, and what was filled into it: the same payload that somebody would have typed."""

from __future__ import annotations

from dataclasses import field
from enum import Enum
from typing import Annotated, Any, Optional

import annotated_types as at
import pytest
from hypothesis import given, settings

from tests.payloads.strategies import Leaf, Twig, classes_and_values, same
from xpipe_nb.payloads import AnyPayload, Pattern, PayloadTable, codec_of, payload
from xpipe_nb.payloads.filled import Filled, read_form
from xpipe_nb.payloads.form import form_of
from xpipe_nb.payloads.nodes import Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@payload
class Order:
    """What somebody wants."""

    item: Annotated[str, at.Len(1, 20)]
    count: Annotated[int, at.Ge(1), at.Lt(100)] = 1
    size: Size = Size.SMALL
    gift: bool = False
    note: Optional[str] = None  # noqa: UP045  # both spellings are used
    tags: list[str] = field(default_factory=list)
    prices: Optional[dict[str, float]] = None  # noqa: UP045
    branch: Leaf | Twig | None = None
    code: Annotated[str, Pattern("[A-Z]{3}")] = "ABC"


def filled_in(node: Node, value: Any) -> Any:
    """Fill a value in, as a person with a form would."""
    if isinstance(node, Maybe):
        return None if value is None else filled_in(node.inner, value)
    if value is None:  # a list that may be nobody's
        return None
    match node:
        case Scalar():
            return node.render(value)
        case Nested(cls):
            return fields_of(cls, value)
        case OneOf():
            return {"class": type(value).__name__, "value": fields_of(type(value), value)}
        case Many():
            return [filled_in(node.item, each) for each in value]
        case Mapping():
            return [[key, filled_in(node.item, each)] for key, each in value.items()]
        case Fixed(items):
            return [filled_in(item, each) for item, each in zip(items, value, strict=True)]
    raise AssertionError(node)


def fields_of(cls: type, value: Any) -> dict[str, Any]:
    return {each.name: filled_in(each.node, getattr(value, each.name)) for each in codec_of(cls).shape.fields}


def order(**values: Any) -> Filled:
    return read_form([Order], "Order", values)


@settings(max_examples=60)
@given(classes_and_values())
def test_what_is_filled_in_is_the_payload_that_was_meant(made: tuple[type, Any]) -> None:
    """For every class and every value: the form has all its fields, and gives that value, and XML that means it."""
    cls, value = made
    form = form_of([cls])
    fields = [each["name"] for each in form["classes"][form["roots"][0]]["fields"]]
    assert fields == [each.name for each in codec_of(cls).shape.fields]
    filled = read_form([cls], form["roots"][0], fields_of(cls, value))
    assert filled.errors == {}
    assert same(filled.payload, value)
    assert same(codec_of(cls).from_xml(filled.xml), value)


def test_the_description_says_kinds_bounds_and_ways_to_be_there() -> None:
    """All that somebody needs who draws it, and nothing that is not JSON."""
    form = form_of([Order])
    fields = {each["name"]: each for each in form["classes"]["Order"]["fields"]}
    assert form["roots"] == ["Order"]
    assert form["classes"]["Order"]["doc"] == "What somebody wants."
    assert fields["item"] == {
        "name": "item",
        "node": {"kind": "text", "type": "str", "shortest": "1", "longest": "20"},
        "modes": ["given"],
    }
    assert fields["count"]["node"] == {"kind": "whole", "type": "int", "min": "1", "below": "100"}
    assert (fields["count"]["modes"], fields["count"]["default"]) == (["default", "given"], "1")
    assert fields["size"]["node"]["choices"] == ["small", "large"]
    assert fields["gift"]["node"]["choices"] == ["true", "false"]
    assert fields["note"]["modes"] == ["none", "given"]
    assert fields["tags"]["node"] == {"kind": "list", "type": "list", "item": {"kind": "text", "type": "str"}}
    assert fields["prices"]["node"]["kind"] == "dict"
    assert fields["branch"]["node"] == {"kind": "union", "classes": ["Leaf", "Twig"]}
    assert set(form["classes"]) == {"Order", "Leaf", "Twig"}


def test_a_class_that_holds_itself_is_described_once() -> None:
    """By its key, so that the description ends."""
    twig = form_of([Twig])["classes"]["Twig"]
    assert twig["fields"][1] == {"name": "next", "node": {"kind": "class", "class": "Twig"}, "modes": ["none", "given"]}


def test_two_classes_of_one_name_are_told_apart() -> None:
    """Which one was chosen is never in doubt."""

    @payload
    class Outer:
        leaf: Leaf

    @payload
    class Holder:
        outer: Outer

    def another() -> type:
        @payload
        class Leaf:
            other: str

        return Leaf

    form = form_of([Holder, another()])
    assert form["roots"] == ["Holder", "Leaf 2"]
    assert read_form([Holder], "Leaf", {}).errors == {"": "there is no payload class 'Leaf' here"}


def test_what_is_left_out_has_its_default() -> None:
    """And what must be there is asked for."""
    filled = order(item="tea")
    assert filled.payload == Order("tea")
    assert filled.xml.startswith("<Order>\n  <Item>tea</Item>\n")
    assert order().errors == {"item": "is missing"}


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"item": ""}, {"item": "expected at least 1"}),
        ({"count": "0"}, {"count": "expected at least 1, got 0"}),
        ({"count": "many"}, {"count": "expected int, got 'many'"}),
        ({"size": "huge"}, {"size": "expected 'small' or 'large', got 'huge'"}),
        ({"code": "abc"}, {"code": ""}),
        ({"prices": [["a", "1"], ["a", "x"]]}, {"prices[1]": "the key 'a' stands there twice"}),
        ({"prices": [["a", "x"]]}, {"prices[0]": "expected float, got 'x'"}),
        ({"branch": {"class": "Order", "value": {}}}, {"branch": "expected Leaf or Twig, got 'Order'"}),
        ({"branch": {"class": "Leaf", "value": {}}}, {"branch.name": "is missing"}),
        (
            {"branch": {"class": "Twig", "value": {"leaves": [{"name": "a"}, {"name": "b", "size": "x"}]}}},
            {"branch.leaves[1].size": "expected int, got 'x'"},
        ),
        ({"count": 3}, {"count": "expected a text, got 3"}),
        ({"tags": "a"}, {"tags": "expected a list, got 'a'"}),
        ({"tags": None}, {"tags": "expected a list, got None"}),
        ({"colour": "red"}, {"colour": "Order has no such field"}),
    ],
)
def test_every_mistake_has_its_place(values: dict[str, Any], errors: dict[str, str]) -> None:
    """In the codec's own words, whatever a page sends; nothing is given while one is left."""
    filled = order(**{"item": "tea", **values})
    assert list(filled.errors) == list(errors)
    assert all(words in filled.errors[place] for place, words in errors.items())
    assert filled.payload is None


def test_all_mistakes_are_told_at_once() -> None:
    """So that nobody mends them one by one."""
    assert set(order(item="", count="x", size="?").errors) == {"item", "count", "size"}
    assert read_form([Order], "Order", []).errors == {"": "expected an object of fields, got []"}


def test_what_only_the_class_refuses_is_told_of_the_whole() -> None:
    """Its own checks run as they do for a payload that was typed."""

    @payload
    class Even:
        n: int

        def __post_init__(self) -> None:
            if self.n % 2:
                raise ValueError(f"{self.n} is odd")

    assert read_form([Even], "Even", {"n": "3"}).errors == {"": "Even refuses it: 3 is odd"}
    assert read_form([Even], "Even", {"n": "4"}).payload == Even(4)


def test_any_payload_is_written_as_xml() -> None:
    """It is read by the table of the organism."""

    @payload
    class Box:
        inside: AnyPayload

    table = PayloadTable()
    table.add(Leaf)
    box = {"inside": "<Leaf><Name>a</Name></Leaf>"}
    assert form_of([Box])["classes"]["Box"]["fields"][0]["node"] == {"kind": "xml"}
    assert read_form([Box], "Box", box, table).payload.inside == Leaf("a")
    assert read_form([Box], "Box", {"inside": "<Leaf><Name>a</Leaf>"}, table).errors.keys() == {"inside"}
    assert "knows a payload class Twig" in read_form([Box], "Box", {"inside": "<Twig/>"}, table).errors["inside"]
