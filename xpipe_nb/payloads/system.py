"""The error that travels as a payload."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

from lxml import etree

from xpipe_nb.payloads.codec import Codec, T, codec_of
from xpipe_nb.payloads.decode import compile_reader
from xpipe_nb.payloads.decorate import payload
from xpipe_nb.payloads.elements import Read

__all__ = ["DeliveryError", "SystemError"]

_LOWER = {"code": "Code", "message": "Message", "retry-allowed": "RetryAllowed"}


class _EitherCase(Codec[T]):
    """Takes the reference's lower-case form besides our own."""

    def validate(self, element: etree._Element, *, text: str | bytes | None = None) -> None:
        super().validate(_upper(element), text=text)

    @cached_property
    def read(self) -> Read:
        """Element to object, from its children in either case; raises `Refusal`."""
        read = compile_reader(self.shape, codec_of)
        return lambda element, table: read(_upper(element), table)


def _upper(element: etree._Element) -> etree._Element:
    """Give the element with the tags of our own form; the element itself when it has them."""
    if not any(kid.tag in _LOWER for kid in element):
        return element
    copy = deepcopy(element)
    copy.tail = None
    for kid in copy:
        kid.tag = _LOWER.get(kid.tag, kid.tag)
    return copy


@payload
@dataclass(frozen=True)
class DeliveryError:
    """A message that could not be delivered or handled.

    The text is generic: it never tells a target that does not exist from one that is not allowed, and never carries what
    an exception said.

    Args:
        code: What kind of failure it is.
        message: The generic sentence.
        retry_allowed: The same message may be sent again.
    """

    __xpipe_tag__: ClassVar[str] = "SystemError"
    __xpipe_codec_type__: ClassVar[type] = _EitherCase

    code: Literal["routing", "validation", "timeout", "handler", "budget", "hops"]
    message: str
    retry_allowed: bool = True


SystemError = DeliveryError  # noqa: A001  # its name on the wire
"""The reference's name."""
