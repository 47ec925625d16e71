"""An example of a payload class that its own schema and the class itself accept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import PayloadError
from xpipe_nb.payloads.decode import OPAQUE
from xpipe_nb.payloads.encode import run_checks, renderer
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar
from xpipe_nb.payloads.refusal import Refusal

if TYPE_CHECKING:
    from xpipe_nb.payloads.codec import Codec

__all__ = ["build_example"]


def build_example(codec: Codec[Any]) -> str:
    """Give the text of an example."""
    raise PayloadError(codec.tag, "no example yet")
