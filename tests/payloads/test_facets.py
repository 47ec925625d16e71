"""Constraints hold on the way out and on the way in, in the schema and in Python."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import annotated_types as at
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from xpipe_nb.errors import DefinitionError, PayloadError
from xpipe_nb.payloads import Pattern, codec_of, payload

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


def holder(kind: Any) -> Any:
    return payload(type("Holder", (), {"__annotations__": {"value": kind}}))


@pytest.mark.parametrize(
    ("kind", "good", "bad", "words"),
    [
        (Annotated[int, at.Ge(3)], 3, 2, "expected at least 3, got 2"),
        (Annotated[int, at.Gt(2.5)], 3, 2, "expected more than 2.5, got 2"),
        (Annotated[int, at.Lt(2.5)], 2, 3, "expected less than 2.5, got 3"),
        (Annotated[int, at.Interval(ge=1, lt=4)], 3, 4, "expected less than 4, got 4"),
        (Annotated[float, at.Ge(0)], 0.0, float("nan"), "expected at least 0, got nan"),
        (Annotated[float, at.Lt(float("inf"))], 1e300, float("inf"), "expected less than inf"),
        (Annotated[Decimal, at.Le(0.1)], Decimal("0.1"), Decimal("0.2"), "expected at most 0.1"),
        (Annotated[str, at.MinLen(2)], "😀😀", "😀", "expected at least 2 characters, got 1"),
        (Annotated[str, at.MaxLen(2)], "ab", "abc", "expected at most 2 characters, got 3"),
        (Annotated[bytes, at.Len(1, 2)], b"ab", b"", "expected at least 1 byte, got 0"),
        (Annotated[str, Pattern("[a-z]+")], "ab", "ab1", "expected text like"),
        (Annotated[str, Pattern("[a-z]+"), Pattern(".{2}")], "ab", "abc", "expected text like '.{2}'"),
        (Annotated[list[int], at.Len(1, 2)], [1], [], "expected at least 1 item, got 0"),
        (Annotated[list[int], at.Len(1, 2)], [1], [1, 2, 3], "expected at most 2 items, got 3"),
        (Annotated[dict[str, int], at.MinLen(1)], {"a": 1}, {}, "expected at least 1 item"),
        (list[Annotated[int, at.Ge(0)]], [1], [1, -1], "expected at least 0, got -1"),
        (Annotated[int | None, at.Ge(0)], None, -1, "expected at least 0, got -1"),
        (Annotated[timedelta, at.Gt(timedelta(0))], timedelta(1), timedelta(0), "expected more than 0:00:00"),
        (Annotated[datetime, at.Ge(NOON)], NOON, NOON.replace(tzinfo=None), "expected at least 2024-01-01 12:00:00"),
        (Annotated[time, at.Le(time(12))], time(12), time(11, tzinfo=UTC), "expected at most 12:00:00"),
    ],
)
def test_a_constraint_holds_everywhere(kind: Any, good: Any, bad: Any, words: str) -> None:
    """`to_xml` and `from_xml` refuse the same values in the same words, and the schema agrees."""
    cls, loose = holder(kind), holder(_without_constraints(kind))
    assert cls.from_xml(cls(good).to_xml()).value == good
    with pytest.raises(PayloadError, match=re.escape(words)) as caught:
        cls(bad).to_xml()
    assert caught.value.field is not None
    assert caught.value.field.startswith("value")
    element = loose(bad).to_xml()
    assert not codec_of(cls).schema.validate(element)
    for act in (codec_of(cls).validate, codec_of(cls).decode):
        with pytest.raises(PayloadError, match=re.escape(words)):
            act(element)


def _without_constraints(kind: Any) -> Any:
    if kind == list[Annotated[int, at.Ge(0)]]:
        return list[int]
    return kind.__origin__


def test_what_xsd_cannot_say_is_checked_by_the_decoder() -> None:
    """`MultipleOf` and predicates are Python's; the typed error is the same."""
    cls = holder(Annotated[int, at.MultipleOf(3), at.Predicate(lambda value: value != 9)])
    assert cls.from_xml(cls(6).to_xml()).value == 6
    for bad, words in ((4, "expected a multiple of 3, got 4"), (9, "refused by <lambda>: 9")):
        with pytest.raises(PayloadError, match=re.escape(words)):
            cls.from_xml(f"<Holder><Value>{bad}</Value></Holder>")
        with pytest.raises(PayloadError, match=re.escape(words)):
            cls(bad).to_xml()


def test_what_is_no_constraint_of_ours_is_left_alone() -> None:
    """PEP 593: metadata that a library does not know means nothing to it; a constraint that it cannot keep is refused."""
    assert holder(Annotated[int, "a remark", 3])(1).to_xml()[0].text == "1"
    with pytest.raises(DefinitionError, match="cannot be said"):
        holder(Annotated[datetime, at.Timezone(None)])


# --- patterns -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["^a", "a$", "a*?", "a++", "(?=a)", "(?i)a", r"\bx", r"\p{L}", r"(a)\1", "[a-z-[aeiou]]", "[[:alpha:]]", "(", ")", "[a", "[]",
     "a{2", "a{3,2}", "a{5000}", "*a", "a{,3}", "[z-a]", "a**", r"\A", "\\", r"[\d-z]x]"],
)  # fmt: skip
def test_what_only_one_language_knows_is_refused(text: str) -> None:
    """A pattern that XSD and Python would read differently is refused when it is written."""
    with pytest.raises(DefinitionError):
        Pattern(text)


@pytest.mark.parametrize(
    "text",
    ["", "a", "a|b", "a|", "(a|b)*c", "(?:ab){2,3}", "[a-c_.^$-]+", "[^a-c]", r"\d{4}-\d\d", r"\w+\s\w*", r"[\w\s.]+", r"\.\[\]\{\}",
     r"a\-b", ".", ".{1,3}", "[.]", "$" "x".replace("x", "") or "a", r"\$", r"\^", r"[\^\]]", "a{2,}", r"\t|\n", "é+", "[à-ü]", "-", "/", "#~@!"],
)  # fmt: skip
def test_what_both_languages_know_means_the_same(text: str) -> None:
    """For any text near the pattern, XSD and Python agree."""
    try:
        pattern = Pattern(text)
    except DefinitionError:
        assert text == "$"
        return
    cls = holder(Annotated[str, pattern])
    schema = codec_of(cls).schema

    @settings(max_examples=25)
    @given(st.from_regex(pattern.python, fullmatch=True) | st.text("abc-.^$[]{}\\0129 _é\n\t\r/#", max_size=5))
    def agree(value: str) -> None:
        element = etree.fromstring("<Holder><Value/></Holder>")
        try:
            element[0].text = value
        except ValueError:
            return
        assert schema.validate(element) == pattern.matches(value)

    agree()
    assert pattern.samples()
    assert all(map(pattern.matches, pattern.samples()))
    cls.from_xml(cls.example_xml())
