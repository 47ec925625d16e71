"""What an outside sender hears whose bytes could not be read."""

from __future__ import annotations

from base64 import b64encode

from lxml import etree

from xpipe_nb.xml.namespaces import CORE_NS

__all__ = ["ATTEMPT_BYTES", "huh"]

ATTEMPT_BYTES = 4096
"""How many bytes of the original a `huh` gives back."""

_GENERIC = "Your message could not be read."
_TOO_MUCH = "Your message is larger or more complex than is accepted."
_FORBIDDEN = "Your message holds XML that is not accepted."
_ENVELOPE = "Your message is not a valid envelope."

_CANNED = {
    "too-large": _TOO_MUCH,
    "nodes": _TOO_MUCH,
    "depth": _TOO_MUCH,
    "attributes": _TOO_MUCH,
    "text": _TOO_MUCH,
    "encoding": "Your message is not XML 1.0 in UTF-8.",
    "malformed": "Your message is not well-formed XML.",
    "empty": "Your message is empty.",
    "declaration": _FORBIDDEN,
    "instruction": _FORBIDDEN,
    "schema-location": _FORBIDDEN,
    "comment": _FORBIDDEN,
    "attribute": _FORBIDDEN,
    "namespace": _FORBIDDEN,
    "envelope": _ENVELOPE,
    "stray-text": _ENVELOPE,
    "payload": _ENVELOPE,
    "name": _ENVELOPE,
    "thread": _ENVELOPE,
    # One sentence for all that a check of signatures finds: nobody learns how far a forgery came.
    "signature": _ENVELOPE,
    "unsigned": _ENVELOPE,
    "stamp": _ENVELOPE,
    "window": _ENVELOPE,
    "replay": _ENVELOPE,
    "audience": _ENVELOPE,
}


def huh(error: str, original: bytes) -> bytes:
    """Build the answer to bytes that were refused.

    Args:
        error: The reason of the refusal. Only a canned sentence for it is sent, never a parser's text nor a detail;
            a reason without one gives the generic sentence, so nobody learns what is deployed here.
        original: What was sent; its first 4,096 bytes go back in base64.

    Example:
        >>> huh("empty", b"")[:60]
        b'<huh xmlns="https://xml-pipeline.org/ns/core/v1"><error>Your'
    """
    root = etree.Element(f"{{{CORE_NS}}}huh", nsmap={None: CORE_NS})  # type: ignore[dict-item]
    etree.SubElement(root, f"{{{CORE_NS}}}error").text = _CANNED.get(error, _GENERIC)
    etree.SubElement(root, f"{{{CORE_NS}}}original-attempt").text = b64encode(original[:ATTEMPT_BYTES]).decode()
    return etree.tostring(root)
