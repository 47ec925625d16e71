"""The namespaces and tags that the wire format knows by name."""

from __future__ import annotations

__all__ = [
    "CORE_NS", "ENVELOPE_NS", "FROM", "MESSAGE", "META", "SIGNATURE", "SIGNATURE_NS", "STAMP", "STAMP_NS", "THREAD", "TO", "XSI_NS",
]  # fmt: skip

ENVELOPE_NS = "https://xml-pipeline.org/ns/envelope/v1"
"""The namespace of message, meta, from, to and thread."""

CORE_NS = "https://xml-pipeline.org/ns/core/v1"
"""The namespace of `huh`."""

SIGNATURE_NS = "https://xml-pipeline.org/ns/sig/v1"
"""The namespace of the signature, the last child of meta."""

STAMP_NS = "https://xml-pipeline.org/ns/stamp/v1"
"""The namespace of the stamp, our own addition: it makes a signed message one of a kind."""

XSI_NS = "http://www.w3.org/2001/XMLSchema-instance"

MESSAGE = f"{{{ENVELOPE_NS}}}message"
META = f"{{{ENVELOPE_NS}}}meta"
FROM = f"{{{ENVELOPE_NS}}}from"
TO = f"{{{ENVELOPE_NS}}}to"
THREAD = f"{{{ENVELOPE_NS}}}thread"
SIGNATURE = f"{{{SIGNATURE_NS}}}sig"
STAMP = f"{{{STAMP_NS}}}stamp"
