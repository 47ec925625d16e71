"""Writing a sealed message: stamped, signed, canonical."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from xpipe_nb.xml import Stamp, add_signature, add_stamp, canonical

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xpipe_nb.identity.identity import Identity

__all__ = ["seal_message"]


def seal_message(envelope: _Element, identity: Identity, organism: str | None = None) -> bytes:
    """Stamp and sign an envelope, and write it.

    The signature is Ed25519 (RFC 8032) for the canonical form of the envelope (Exclusive XML Canonicalization 1.0,
    without comments) with its stamp and without the signature.

    Args:
        envelope: What `build_envelope` gave; it is altered.
        identity: Who signs.
        organism: The name of the organism that it is for; no other takes it.

    Returns:
        The canonical bytes.
    """
    add_stamp(envelope, Stamp(str(uuid.uuid4()), identity.clock(), organism))
    add_signature(envelope, identity.sign(canonical(envelope)))
    return canonical(envelope)
