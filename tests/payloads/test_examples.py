"""`example_xml` is valid, or says why it cannot be."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

import annotated_types as at
import pytest

from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads import AnyPayload, Pattern, codec_of, payload


def test_an_example_is_indented_and_reads_well() -> None:
    """Defaults are shown as they are."""

    @payload
    class Greeting:
        name: str
        volume: int = 11

    assert Greeting.example_xml() == "<Greeting>\n  <Name>text</Name>\n  <Volume>11</Volume>\n</Greeting>"


def test_an_example_follows_the_constraints() -> None:
    """Bounds, lengths, patterns, sizes, and several at once."""

    @payload
    class Narrow:
        a: Annotated[int, at.Interval(gt=10, lt=12)]
        b: Annotated[float, at.Interval(gt=0, lt=0.001)]
        c: Annotated[str, at.Len(7, 7)]
        d: Annotated[str, Pattern("[A-Z]{2}[0-9]+"), at.MinLen(6)]
        e: Annotated[set[int], at.Len(3, 5)]
        f: Annotated[dict[str, str], at.MinLen(2)]
        g: Annotated[frozenset[str], at.MinLen(2)]
        h: Annotated[list[int], at.MaxLen(0)]
        i: Annotated[int, at.MultipleOf(7), at.Gt(0)]
        j: AnyPayload

    codec_of(Narrow).example()


def test_recursion_ends() -> None:
    """A class that may hold itself has a finite example; one that must has none."""

    @payload
    class Node:
        left: Node | None
        kids: list[Node]
        by_name: dict[str, Node] = field(default_factory=dict)

    @payload
    class Endless:
        me: Endless

    assert Node.from_xml(Node.example_xml())
    with pytest.raises(PayloadError, match="without end"):
        Endless.example_xml()


def test_a_class_that_refuses_every_example_is_told() -> None:
    """Only the class knows what it takes."""

    @payload
    class Picky:
        word: str

        def __post_init__(self) -> None:
            if self.word != "xyzzy":
                raise ValueError("say the magic word")

    with pytest.raises(PayloadError, match="magic word"):
        Picky.example_xml()
