"""The schema and the decoder give the same verdict on XML that has been tampered with."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.payloads.strategies import PLAIN_KINDS, classes_and_values, tampered
from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads import codec_of

BEYOND_XSD = ("the same item stands twice in a set", "too long for a timedelta")
"""What the decoder alone can say of the classes made here."""


def check_same_verdict(cls: type, element: Any) -> None:
    codec = codec_of(cls)
    valid = codec.schema.validate(element)
    try:
        codec.decode(element)
    except PayloadError as error:
        assert not valid or any(words in str(error) for words in BEYOND_XSD) or _nil_among_others(element), error
    else:
        assert valid, [entry.message for entry in codec.schema.error_log]


def _nil_among_others(element: Any) -> bool:
    """XSD 1.0 cannot say that a nil element of a repeated field stands alone."""
    return any(
        kid.get("{http://www.w3.org/2001/XMLSchema-instance}nil") is not None
        and sum(other.tag == kid.tag for other in kid.getparent()) > 1
        for kid in element.iterdescendants()
    )


@settings(max_examples=400)
@given(classes_and_values(kinds=PLAIN_KINDS, most=2), st.data())
def test_on_flat_classes_schema_and_decoder_agree(made: tuple[type, Any], data: st.DataObject) -> None:
    """Texts, tags, attributes and nil are judged alike."""
    cls, value = made
    check_same_verdict(cls, data.draw(tampered(value.to_xml())))


@settings(max_examples=300)
@given(classes_and_values(most=3), st.data())
def test_on_any_class_schema_and_decoder_agree(made: tuple[type, Any], data: st.DataObject) -> None:
    """Order, repetition, nesting and keys are judged alike."""
    cls, value = made
    check_same_verdict(cls, data.draw(tampered(value.to_xml())))
