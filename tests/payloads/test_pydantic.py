"""Models of pydantic are payload classes too."""

from __future__ import annotations

import pytest
from lxml import etree

from xpipe_nb.errors import DefinitionError, PayloadError
from xpipe_nb.payloads import codec_of, payload

pydantic = pytest.importorskip("pydantic")


@payload
class Address(pydantic.BaseModel):
    """Where somebody lives."""

    street: str
    lines: list[str] = []


@payload
class Person(pydantic.BaseModel):
    name: str = pydantic.Field(alias="fullName", min_length=1, description="As in the passport.")
    age: int = pydantic.Field(default=3, ge=0)
    home: Address | None = None
    friends: list[Person] = []

    @pydantic.field_validator("name")
    @classmethod
    def no_robots(cls, value: str) -> str:
        if value == "robot":
            raise ValueError("people only")
        return value


def test_a_model_is_written_and_read_back() -> None:
    """Nested, recursive, with aliases and defaults."""
    value = Person(fullName="Ann", home=Address(street="x", lines=["a"]), friends=[Person(fullName="Bob")])
    element = value.to_xml()
    assert etree.tostring(element).startswith(b"<Person><Name>Ann</Name><Age>3</Age><Home><Street>")
    codec_of(Person).validate(element)
    assert Person.from_xml(element) == value
    assert Person.from_xml(Person.example_xml())


def test_the_constraints_of_a_model_are_facets() -> None:
    """What `Field` says is in the schema."""
    text = etree.tostring(Person.xsd())
    assert b'minInclusive value="0"' in text
    assert b"As in the passport." in text
    with pytest.raises(PayloadError, match="age: expected at least 0, got -1"):
        Person.from_xml("<Person><Name>x</Name><Age>-1</Age></Person>")


def test_what_a_model_refuses_is_a_payload_error() -> None:
    """A validator's words arrive in one line."""
    with pytest.raises(PayloadError, match="people only") as caught:
        Person.from_xml("<Person><Name>robot</Name></Person>")
    assert "\n" not in str(caught.value)


def test_a_model_that_cannot_be_written_is_told_by_field() -> None:
    """As with dataclasses."""

    class Odd(pydantic.BaseModel):
        x: complex

    with pytest.raises(DefinitionError) as caught:
        payload(Odd)
    assert caught.value.field == "x"


def test_a_plain_model_is_compiled_on_demand() -> None:
    """`codec_of` takes it as it takes a dataclass."""

    class Bare(pydantic.BaseModel):
        x: int

    assert codec_of(Bare).decode(codec_of(Bare).encode(Bare(x=1))) == Bare(x=1)
