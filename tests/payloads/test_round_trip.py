"""What is written is read back: for any payload class, any value, as a tree and as text."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.payloads.strategies import PLAIN_KINDS, classes_and_values, same
from xpipe_nb.payloads import codec_of
from xpipe_nb.payloads.strict import NIL


def check_round_trip(cls: type, value: Any) -> None:
    element = value.to_xml()
    assert element.getparent() is None
    before = etree.tostring(element, encoding="utf-8")  # plain ASCII would break a tag such as <Été>
    assert same(cls.from_xml(element), value)
    assert etree.tostring(element, encoding="utf-8") == before
    codec_of(cls).validate(element)
    assert same(codec_of(cls).decode(etree.fromstring(before)), value)


def test_sets_of_sets_are_compared_by_what_they_hold() -> None:
    """Two equal sets may list their members, and their members' members, in other orders; NaN is still NaN."""
    nan = float("nan")
    numbers = [frozenset({-1, -2}), frozenset({-2, -1, 8})]
    assert same(frozenset(numbers), frozenset({frozenset({8, -2, -1}), frozenset({-2, -1})}))
    assert same(frozenset({nan, 1.0}), frozenset({1.0, float("nan")}))
    assert not same(frozenset(numbers), frozenset({frozenset({8, -2}), frozenset({-2, -1})}))
    assert not same(frozenset({0.0}), frozenset({-0.0}))


@settings(max_examples=150)
@given(classes_and_values())
def test_what_is_written_is_valid_and_read_back(made: tuple[type, Any]) -> None:
    """For every class and every value: the tree validates against the class's own schema and decodes to an equal object."""
    check_round_trip(*made)


@settings(max_examples=100)
@given(classes_and_values(kinds=PLAIN_KINDS, most=5))
def test_flat_classes_take_another_way_and_arrive_all_the_same(made: tuple[type, Any]) -> None:
    """A class of plain values is written by copying a template; nothing else changes."""
    check_round_trip(*made)


@settings(max_examples=40)
@given(classes_and_values(), st.data())
def test_a_pretty_printed_document_means_the_same(made: tuple[type, Any], data: st.DataObject) -> None:
    """White space between elements, and comments anywhere, change nothing."""
    cls, value = made
    element = value.to_xml()
    etree.indent(element, data.draw(st.sampled_from(["", "  ", "\t"])))
    nodes = list(element.iter("*"))
    for node in data.draw(st.lists(st.sampled_from(nodes), max_size=3)):
        node.append(etree.Comment("a remark")) if node.get(NIL) is None else None
    assert same(codec_of(cls).decode(element), value)


@settings(max_examples=30)
@given(classes_and_values())
def test_every_class_has_an_example_that_it_accepts(made: tuple[type, Any]) -> None:
    """`example_xml` fits the schema and the class, defect 29 of the reference."""
    cls, _ = made
    cls.from_xml(cls.example_xml())


@settings(max_examples=30)
@given(classes_and_values())
def test_the_same_value_has_the_same_text(made: tuple[type, Any]) -> None:
    """Encoding is a function of the value: sets are written in one order."""
    _, value = made
    assert etree.tostring(value.to_xml()) == etree.tostring(value.to_xml())
