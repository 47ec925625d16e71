"""The namespaces and tags that the wire format knows by name."""

from __future__ import annotations

__all__ = ["CORE_NS", "ENVELOPE_NS", "FROM", "MESSAGE", "META", "SIGNATURE", "SIGNATURE_NS", "THREAD", "TO", "XSI_NS"]

ENVELOPE_NS = "https://xml-pipeline.org/ns/envelope/v1"
"""The namespace of message, meta, from, to and thread."""

CORE_NS = "https://xml-pipeline.org/ns/core/v1"
"""The namespace of `huh`."""

SIGNATURE_NS = "https://xml-pipeline.org/ns/sig/v1"
"""The namespace of the signature, the last child of meta."""

XSI_NS = "http://www.w3.org/2001/XMLSchema-instance"

MESSAGE = f"{{{ENVELOPE_NS}}}message"
META = f"{{{ENVELOPE_NS}}}meta"
FROM = f"{{{ENVELOPE_NS}}}from"
TO = f"{{{ENVELOPE_NS}}}to"
THREAD = f"{{{ENVELOPE_NS}}}thread"
SIGNATURE = f"{{{SIGNATURE_NS}}}sig"
