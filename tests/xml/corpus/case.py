"""What a case is, and the envelope that most of them are variations of."""

from __future__ import annotations

from typing import NamedTuple

ENV = "https://xml-pipeline.org/ns/envelope/v1"
SIG = "https://xml-pipeline.org/ns/sig/v1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
THREAD = "2f9d3c52-50a5-4b7e-9f0e-6d9a6f0d3b11"
HEADER = f"<from>console</from><to>greeter</to><thread>{THREAD}</thread>"
PAYLOAD = '<Greeting xmlns=""><Name>World</Name></Greeting>'


class Case(NamedTuple):
    """One document and its verdict."""

    name: str
    data: bytes | str
    reason: str | None


def envelope(header: str = HEADER, payload: str = PAYLOAD, attributes: str = "", meta: str = "") -> str:
    """Write an envelope, right or wrong, as text."""
    return f'<message xmlns="{ENV}"{attributes}><meta{meta}>{header}</meta>{payload}</message>'


def text(inner: str) -> str:
    """Write a bare payload that holds `inner`."""
    return f"<Greeting><Name>{inner}</Name></Greeting>"
