"""Errors are for people: what, where, and in which line."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import pytest
from lxml import etree

from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads import codec_of, locate, path_of, payload


@payload
class Item:
    price: float
    note: str = ""


@payload
class Order:
    customer: str
    volume: int = 1
    items: list[Item] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.volume == 13:
            raise ValueError("nobody orders thirteen")


TEXT = """<Order>
  <Customer>Zoë & co</Customer>
  <Volume>{volume}</Volume>
  <Items><Price>1.5</Price></Items>
  <Items><Note>é</Note><Price>2</Price></Items>
</Order>""".replace("&", "&amp;")


def test_the_error_names_field_problem_and_place() -> None:
    """`volume: expected int, got 'loud'`, with the line and the column of the element."""
    with pytest.raises(PayloadError) as caught:
        Order.from_xml(TEXT.format(volume="loud"))
    error = caught.value
    assert (error.payload, error.field, error.problem) == ("Order", "volume", "expected int, got 'loud'")
    assert (error.line, error.column) == (3, 3)
    assert str(error) == "volume: expected int, got 'loud' (<Order> line 3, column 3)"


def test_the_path_goes_into_lists() -> None:
    """`items[1].price`, where it stands."""
    with pytest.raises(PayloadError) as caught:
        Order.from_xml(TEXT.format(volume=2).encode())
    assert caught.value.field == "items[1].price"
    assert caught.value.problem == "<Price> is out of order; the order is <Price>, <Note>"
    assert (caught.value.line, caught.value.column) == (5, 10)


def test_a_tree_has_no_lines() -> None:
    """Line and column are those of a text; without one they are unknown."""
    element = etree.fromstring(TEXT.format(volume="loud"))
    for act in (codec_of(Order).validate, codec_of(Order).decode):
        with pytest.raises(PayloadError) as caught:
            act(element)
        assert (caught.value.line, caught.value.column) == (None, None)
        with pytest.raises(PayloadError) as caught:
            act(element, text=TEXT.format(volume="loud"))
        assert (caught.value.line, caught.value.column) == (3, 3)


def test_the_place_is_found_in_an_envelope_too() -> None:
    """The text may be a document in which the payload is but one element."""
    text = "<m>\n<meta/>\n<!-- x --><Order>\n<Volume>1</Volume></Order></m>"
    root = etree.fromstring(text)
    with pytest.raises(PayloadError) as caught:
        codec_of(Order).decode(root[-1], text=text)
    assert caught.value.field == "customer"
    assert (caught.value.line, caught.value.column) == (4, 1)


@pytest.mark.parametrize(
    ("inside", "field_name", "problem"),
    [
        ("", "customer", "<Customer> is missing"),
        ("<Volume>1</Volume>", "customer", "<Customer> is missing; found <Volume>"),
        (
            "<Volume>1</Volume><Customer/>",
            "customer",
            "<Customer> is out of order; the order is <Customer>, <Volume>, <Items>",
        ),
        ("<Customer/><Customer/>", "customer", "<Customer> stands twice"),
        ("<Customer/><Colour/>", None, "unexpected <Colour>; it holds <Customer>, <Volume>, <Items>"),
        ("<Customer/>junk", None, "unexpected text 'junk' after <Customer>"),
        ("junk<Customer/>", None, "unexpected text 'junk'"),
        ("<Customer><b/></Customer>", "customer", "expected str, got <b>"),
        ("<Customer id='1'/>", "customer", "unexpected attribute 'id'"),
        ("<Customer/><Volume>13</Volume>", None, "nobody orders thirteen"),
    ],
)
def test_structure_is_told_in_words(inside: str, field_name: str | None, problem: str) -> None:
    """Missing, misplaced, repeated, unknown: each has its sentence."""
    element = etree.fromstring(f"<Order>{inside}</Order>")
    with pytest.raises(PayloadError) as caught:
        codec_of(Order).from_xml(element)
    assert (caught.value.field, caught.value.problem) == (field_name, problem)


def test_another_root_is_told() -> None:
    """The tag, the namespace and the attributes of the root belong to the payload too."""
    for text in ("<order/>", "<Order xmlns='urn:x'/>", "<Item><Price>1</Price></Item>"):
        with pytest.raises(PayloadError, match="expected <Order>, got <"):
            codec_of(Order).decode(etree.fromstring(text))
        with pytest.raises(PayloadError) as caught:
            Order.from_xml(text)
        assert caught.value.line == 1
        assert str(caught.value).count("(line 1") == 1
    with pytest.raises(PayloadError, match="unexpected attribute 'id'"):
        codec_of(Order).decode(etree.fromstring("<Order id='1'><Customer/></Order>"))


@pytest.mark.parametrize("text", ["", "<Order>", "no xml", b"\xff", "<!DOCTYPE x><Order/>", "<?pi x?><Order/>"])
def test_text_that_the_gate_refuses_is_a_payload_error(text: Any) -> None:
    """`from_xml` has one error type for all that is wrong."""
    with pytest.raises(PayloadError) as caught:
        Order.from_xml(text)
    assert caught.value.payload == "Order"
    assert caught.value.problem


def test_what_the_class_raises_is_the_same_error() -> None:
    """Whatever `__post_init__` raises is a `PayloadError` that carries it as its cause."""

    @payload
    class Moody:
        mood: str

        def __post_init__(self) -> None:
            if self.mood == "key":
                raise KeyError("k")
            assert self.mood != "assert", "no asserting"

    @payload
    class Holder:
        moods: list[Moody]

    for mood, problem, cause in (("key", "KeyError: 'k'", KeyError), ("assert", "no asserting", AssertionError)):
        with pytest.raises(PayloadError) as caught:
            Holder.from_xml(f"<Holder><Moods><Mood>{mood}</Mood></Moods></Holder>")
        assert caught.value.problem.startswith(problem)
        assert caught.value.field == "moods[0]"
        assert isinstance(caught.value.__cause__, cause)


def test_an_object_of_another_class_is_not_written() -> None:
    """Neither a stranger nor a subclass, whose own fields would be lost."""

    class Special(Order):
        pass

    for value in (Item(1.0), Special("x"), None):
        with pytest.raises(PayloadError, match="expected Order, got"):
            codec_of(Order).encode(value)
    with pytest.raises(PayloadError, match=r"items\[0\]: expected Item, got"):
        Order("x", 1, [Order("y")]).to_xml()
    with pytest.raises(PayloadError, match="items: expected list, got"):
        Order("x", 1, (Item(1.0),)).to_xml()


def test_a_lost_attribute_is_told_by_field() -> None:
    """An object from which an attribute was deleted."""
    for value in (Item(1.0), Order("x")):
        name = "price" if isinstance(value, Item) else "volume"
        value.__dict__.pop(name)
        type(value).__dict__.get(name) is None or delattr(type(value), name)
        with pytest.raises(PayloadError, match="no such attribute") as caught:
            value.to_xml()
        assert caught.value.field == name


def test_nesting_without_end_is_refused() -> None:
    """A payload that holds itself, or nests deeper than Python can follow."""

    @payload
    class Node:
        kids: list[Node]

    node = Node([])
    node.kids.append(node)
    with pytest.raises(PayloadError, match="nested too deeply"):
        node.to_xml()
    deep = Node([])
    for _ in range(100):
        deep = Node([deep])
    assert Node.from_xml(deep.to_xml()) == deep


def test_decoding_neither_keeps_nor_alters_the_element() -> None:
    """The element is the caller's, comments included."""
    element = etree.fromstring("<Item><!-- a --><Price>1<!-- b -->.5</Price>\n</Item>")
    before = etree.tostring(element)
    assert codec_of(Item).decode(element) == Item(1.5)
    codec_of(Item).validate(element)
    assert etree.tostring(element) == before


# --- locate -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("<a/>", (), (1, 1)),
        ("\ufeff<a>\n  <b/><c/>\n</a>", (1,), (2, 7)),
        ("<a>\r\n<é>ü</é><b/>\r\n</a>", (1,), (2, 9)),
        (b"<?xml version='1.0'?>\n<a><!-- <b/> --><b><c/></b></a>", (0, 0), (2, 20)),
        ("<a/>", (1,), None),
        ("<a><b>", (5,), None),
        ("nonsense", (), None),
    ],
)
def test_an_element_is_found_by_its_path(
    text: str | bytes, path: tuple[int, ...], place: tuple[int, int] | None
) -> None:
    """Lines and columns count from 1, columns in characters; comments do not count as elements."""
    assert locate(text, path) == place


def test_every_element_of_a_tree_has_a_path() -> None:
    """`path_of` and `locate` fit each other."""
    text = "<a>\n <b><!-- x --><c/></b>\n <d/>\n</a>"
    root = etree.fromstring(text)
    assert [locate(text, path_of(node)) for node in root.iter("*")] == [(1, 1), (2, 2), (2, 15), (3, 2)]
