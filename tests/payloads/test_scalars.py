"""Plain values: what is exact, what tolerates white space, what XML cannot carry."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from lxml import etree

from tests.payloads.strategies import xml_text
from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads import codec_of, payload


def holder(kind: Any) -> Any:
    return payload(type("Holder", (), {"__annotations__": {"value": kind}}))


Text, Whole, Real, Truth, Exact, Raw, Id = map(holder, (str, int, float, bool, Decimal, bytes, UUID))
Day, Clock, Moment, Span = map(holder, (date, time, datetime, timedelta))


def read(cls: Any, text: str) -> Any:
    return cls.from_xml(f"<Holder><Value>{text}</Value></Holder>").value


@pytest.mark.parametrize(
    "text", ["007", "true", "3.140", " a\n b\t", "", "  ", "\r\n", "a\rb", "]]>", "&amp;", "<b/>", "\u2028", "😀"]
)
def test_text_is_exact(text: str) -> None:
    """Defect 4: strings were altered. A carriage return survives bytes, too."""
    element = Text(text).to_xml()
    assert codec_of(Text).decode(element).value == text
    assert Text.from_xml(etree.tostring(element, encoding="utf-8")).value == text


@settings(max_examples=100)
@given(xml_text(max_size=30))
def test_any_text_survives_bytes(text: str) -> None:
    """Text and keys come back from bytes, whatever white space and line ends they hold."""
    both = payload(type("Both", (), {"__annotations__": {"text": "str", "keyed": "dict[str, str]"}}))
    value = both(text, {text: text})
    assert both.from_xml(etree.tostring(value.to_xml(), encoding="utf-8")) == value


@pytest.mark.parametrize("text", ["a\x00b", "\x1b", "\ud800", "\ufffe", "\uffff", "a\x0b"])
def test_text_that_xml_cannot_carry_is_refused_by_field(text: str) -> None:
    """Control characters and lone surrogates have no place in XML; both ways of writing say where."""
    with pytest.raises(PayloadError, match="XML cannot carry") as caught:
        Text(text).to_xml()
    assert caught.value.field == "value"
    deep = payload(type("Deep", (), {"__annotations__": {"rows": list[dict[str, str]], "keys": dict[str, int]}}))
    with pytest.raises(PayloadError, match="XML cannot carry") as caught:
        deep([{}, {"k": text}], {}).to_xml()
    assert caught.value.field == "rows[1]['k']"
    with pytest.raises(PayloadError, match="XML cannot carry") as caught:
        deep([], {text: 1}).to_xml()
    assert caught.value.field is not None
    assert caught.value.field.startswith("keys[")


def test_integers_of_too_many_digits_are_refused_both_ways() -> None:
    """Python itself bounds an integer in text at 4,300 digits."""
    assert Whole.from_xml(Whole(10**4299).to_xml()).value == 10**4299
    for act in (lambda: Whole(10**4300).to_xml(), lambda: read(Whole, "1" * 4301)):
        with pytest.raises(PayloadError, match="4300 digits") as caught:
            act()
        assert caught.value.field == "value"


@pytest.mark.parametrize(
    ("cls", "text", "value"),
    [
        (Whole, "\n +7 ", 7),
        (Whole, "-0", 0),
        (Real, " 1e-07 ", 1e-07),
        (Real, "INF", math.inf),
        (Real, "-INF", -math.inf),
        (Real, ".5", 0.5),
        (Truth, " 1\n", True),
        (Truth, "false", False),
        (Exact, " 1.10 ", Decimal("1.10")),
        (Raw, " Q U\nI = ", b"AB"),
        (Id, " 12345678-1234-4678-9234-56781234ABCD ", UUID("12345678-1234-4678-9234-56781234abcd")),
        (Day, " 2024-02-29 ", date(2024, 2, 29)),
        (Clock, "10:00:00.5Z", time(10, 0, 0, 500_000, UTC)),
        (Moment, "2024-01-01T00:00:00-05:30", datetime(2024, 1, 1, tzinfo=timezone(-timedelta(hours=5, minutes=30)))),
        (Span, "PT36H", timedelta(hours=36)),
        (Span, "-P1DT0.5S", -timedelta(days=1, seconds=0.5)),
    ],
)
def test_values_tolerate_the_white_space_that_xsd_does(cls: Any, text: str, value: Any) -> None:
    """`whiteSpace=collapse` of XSD: numbers, times and the like may be surrounded by white space."""
    assert read(cls, text) == value


@pytest.mark.parametrize(
    ("cls", "text", "words"),
    [
        (Whole, "loud", "expected int, got 'loud'"),
        (Whole, "1_000", "expected int, got '1_000'"),
        (Whole, "١", "expected int"),
        (Whole, "\u00a01", "expected int"),
        (Whole, "", "expected int, got ''"),
        (Whole, "1.0", "expected int, got '1.0'"),
        (Real, "nan", "expected float, got 'nan'"),
        (Real, "1e", "expected float"),
        (Truth, "True", "expected bool, got 'True'"),
        (Exact, "1e3", "expected Decimal"),
        (Raw, "QR==", "expected bytes"),
        (Id, "{12345678-1234-4678-9234-567812345678}", "expected UUID"),
        (Day, "2023-02-29", "expected date, got '2023-02-29'"),
        (Day, "2024-W01-1", "expected date"),
        (Clock, "24:00:00", "expected time"),
        (Moment, "2024-01-01 00:00:00", "expected datetime"),
        (Moment, "2024-01-01T00:00:00+14:01", "expected datetime"),
        (Span, "P1Y", "expected timedelta"),
    ],
)
def test_what_is_no_value_is_refused_in_words(cls: Any, text: str, words: str) -> None:
    """The error says what was expected and what stood there, and the schema has the same verdict."""
    with pytest.raises(PayloadError, match=words) as caught:
        read(cls, text)
    assert caught.value.field == "value"
    assert not codec_of(cls).schema.validate(etree.fromstring(f"<Holder><Value>{text}</Value></Holder>"))


@pytest.mark.parametrize(
    ("cls", "value", "words"),
    [
        (Text, 5, "expected str, got 5"),
        (Text, None, "expected str, got None"),
        (Whole, "5", "expected int, got '5'"),
        (Whole, True, "expected int, got True"),
        (Whole, 1.0, "expected int, got 1.0"),
        (Real, "1", "expected float"),
        (Real, True, "expected float"),
        (Real, 2**53 + 1, "cannot hold exactly"),
        (Real, 10**400, "cannot hold exactly"),
        (Truth, 1, "expected bool, got 1"),
        (Exact, Decimal("NaN"), "not a number"),
        (Exact, Decimal("1E+100000"), "digits"),
        (Exact, 1.5, "expected Decimal"),
        (Raw, "x", "expected bytes"),
        (Day, datetime(2024, 1, 1), "expected date"),
        (Moment, date(2024, 1, 1), "expected datetime"),
        (Moment, datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=15))), "time zone"),
        (Clock, time(1, tzinfo=timezone(timedelta(seconds=30))), "time zone"),
        (Id, "x", "expected UUID"),
        (Span, 5, "expected timedelta"),
    ],
)
def test_a_value_of_another_type_is_refused_by_field(cls: Any, value: Any, words: str) -> None:
    """A dataclass does not check its fields; writing does."""
    with pytest.raises(PayloadError, match=words) as caught:
        cls(value).to_xml()
    assert caught.value.field == "value"


class Shout(StrEnum):
    LOUD = "loud"


class Count:
    """An integer of another library."""

    def __index__(self) -> int:
        return 7


@pytest.mark.parametrize(
    ("cls", "value", "text"),
    [
        (Text, Shout.LOUD, "loud"),
        (Whole, Count(), "7"),
        (Real, 3, "3.0"),
        (Exact, 3, "3"),
        (Exact, Decimal("1E+3"), "1000"),
        (Real, 1e22, "1e+22"),
        (Real, float("nan"), "NaN"),
        (Span, timedelta(0), "PT0S"),
        (Span, timedelta.min, "-P999999999D"),
        (Span, timedelta.max, "P999999999DT23H59M59.999999S"),
    ],
)
def test_what_is_as_good_as_the_type_is_written(cls: Any, value: Any, text: str) -> None:
    """Subclasses, and numbers that lose nothing."""
    element = cls(value).to_xml()
    assert element[0].text == text
    codec_of(cls).validate(element)


def test_values_as_large_as_memory_are_written() -> None:
    """The caps are the gate's alone: inside, a text may be longer than libxml2's usual 10 MB."""
    large = "x" * 11_000_000
    assert Text.from_xml(Text(large).to_xml()).value == large
    listed = payload(type("Listed", (), {"__annotations__": {"rows": list[str]}}))
    assert listed.from_xml(listed([large]).to_xml()).rows == [large]
