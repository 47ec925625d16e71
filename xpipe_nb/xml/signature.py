"""The signature of an envelope: where it stands, and which bytes it is for.

It is the last child of meta, holds 64 bytes in base64, and is for the canonical form of the whole message without it.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode

from lxml import etree

from xpipe_nb.xml.namespaces import MESSAGE, META, SIGNATURE, SIGNATURE_NS
from xpipe_nb.xml.nodes import line_of
from xpipe_nb.xml.refusal import refused

__all__ = ["SIGNATURE_BYTES", "add_signature", "is_signed", "take_signature"]

SIGNATURE_BYTES = 64
"""The length of an Ed25519 signature (RFC 8032, 5.1.6)."""

_ANYTHING_SIGNED = f"{{{SIGNATURE_NS}}}*"


def is_signed(root: etree._Element) -> bool:
    """Say whether anything of the signature's namespace stands anywhere in a tree, in its place or not."""
    return next(root.iter(_ANYTHING_SIGNED), None) is not None


def add_signature(envelope: etree._Element, signature: bytes) -> None:
    """Put a signature where it belongs: behind all else in meta.

    Args:
        envelope: The root of an envelope as it was signed, without a signature.
        signature: 64 bytes.
    """
    element = etree.SubElement(envelope[0], SIGNATURE, nsmap={"sig": SIGNATURE_NS})
    element.text = b64encode(signature).decode()


def take_signature(root: etree._Element) -> bytes | None:
    """Take the signature out of a tree; what is left is what was signed, and is all that may be read afterwards.

    Only one spelling of a signature is taken, so that nobody can alter a message and have it pass unaltered.

    Args:
        root: A tree that came through the gate.

    Returns:
        The 64 bytes; or `None` when there is no signature anywhere in the tree.

    Raises:
        Rejected: Stage `verify`, reason `signature`: one stands elsewhere than at the end of meta, or twice, or is not
            64 bytes in base64 and nothing else.
    """
    found = list(root.iter(_ANYTHING_SIGNED))
    if not found:
        return None
    element = found[0]
    if len(found) > 1 or not _stands_right(element, root):
        problem = "a signature may stand only once, as the last child of <meta>"
        raise refused("signature", problem, line_of(found[-1]), stage="verify")
    if len(element) or element.attrib or element.tail:
        problem = "a signature holds base64 and nothing else, and nothing stands behind it"
        raise refused("signature", problem, line_of(element), stage="verify")
    signature = _decoded(element)
    root[0].remove(element)
    return signature


def _stands_right(element: etree._Element, root: etree._Element) -> bool:
    if root.tag != MESSAGE or not len(root) or root[0].tag != META:
        return False
    return element.tag == SIGNATURE and element.getparent() is root[0] and element.getnext() is None


def _decoded(element: etree._Element) -> bytes:
    text = element.text or ""
    try:
        signature = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if len(signature) != SIGNATURE_BYTES or b64encode(signature).decode() != text:
        problem = f"the signature is not {SIGNATURE_BYTES} bytes in base64"
        raise refused("signature", problem, line_of(element), stage="verify")
    return signature
