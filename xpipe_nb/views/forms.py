"""The forms that one message takes on its way, as text: what the view's passage and an X-ray are made of."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from lxml import etree

from xpipe_nb.errors import XPipeError
from xpipe_nb.xml import build_envelope

__all__ = ["FORMS", "REFUSED_AT", "enveloped", "pretty"]

FORMS = ("raw", "repaired", "canonical", "envelope", "routed", "payload")
"""The forms, in the order in which a message takes them."""

REFUSED_AT = {
    "source": "raw",
    "read": "raw",
    "verify": "canonical",
    "open": "envelope",
    "split": "envelope",
    "assign": "envelope",
    "route": "routed",
    "decode": "payload",
}
"""Which of the forms that people see a stage of the pump makes; what failed in `perform` has had them all."""

_NO_THREAD = "00000000-0000-4000-8000-000000000000"


def enveloped(element: Any, sender: str, to: str | None, conversation: int) -> str:
    """Write a payload in its envelope, with the number of its conversation for a thread."""
    try:
        root = build_envelope(element, from_id=sender, to_id=to, thread=_NO_THREAD)
    except XPipeError as error:
        return str(error)
    return pretty(root).replace(_NO_THREAD, f"#{conversation}" if conversation else "a new one")


def pretty(element: Any) -> str:
    """Write an element with its children on lines of their own, where that changes no text."""
    element = deepcopy(element)
    element.tail = None
    if not any((each.tail or "").strip() for each in element.iterdescendants()):
        etree.indent(element)
    return str(etree.tostring(element, encoding="unicode"))
