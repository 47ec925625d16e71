"""Checking what came in, before anything else reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpipe_nb.errors import Rejected
from xpipe_nb.xml import canonical, is_signed, read_stamp, take_signature
from xpipe_nb.xml.namespaces import MESSAGE

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xpipe_nb.identity.identity import Identity

__all__ = ["check_message", "refuse_repaired"]


def check_message(root: _Element, identity: Identity, *, port: str | None, organism: str) -> None:
    """Check a message by the rules that `Identity` describes.

    The signature is taken out of the tree, so that the tree that was verified is the one that is opened; nobody can
    show one message to the check and another one to the reader.

    Args:
        root: A tree that came through the gate.
        identity: Whom to trust, and how strictly.
        port: By which port it came in; `None` for a door that is never local.
        organism: The name of the organism that it came to.

    Raises:
        Rejected: Stage `verify`; the reason is `unsigned`, `signature` (misplaced, malformed, or of nobody who is
            trusted for these bytes), `stamp` (missing or malformed), `audience` (it is for another organism), `window`
            or `replay`.
    """
    if identity.verify == "off":
        return
    signature = take_signature(root)
    if signature is not None:
        _check_signed(root, signature, identity, organism)
    elif identity.verify == "require":
        _check_unsigned(root, identity, port)


def refuse_repaired(root: _Element) -> None:
    """Refuse a repaired text that carries a signature: what was signed is not what stands here now.

    Raises:
        Rejected: Stage `verify`, reason `signature`.
    """
    if is_signed(root):
        detail = "the text carries a signature, and had to be repaired; what is signed is taken as it is, or not at all"
        raise Rejected("verify", "signature", detail)


def _check_unsigned(root: _Element, identity: Identity, port: str | None) -> None:
    if root.tag == MESSAGE:
        detail = "a whole message must be signed here (verify: require), and this one carries no signature"
        raise Rejected("verify", "unsigned", detail)
    if port not in identity.local:
        taken = f"it is taken from {', '.join(sorted(identity.local)) or 'no port'}"
        came = "the door for bytes from elsewhere" if port is None else repr(port)
        detail = f"a payload without an envelope carries no signature; {taken}, not from {came} (local)"
        raise Rejected("verify", "unsigned", detail)


def _check_signed(root: _Element, signature: bytes, identity: Identity, organism: str) -> None:
    signer = identity.signer_of(canonical(root), signature)
    if signer is None:
        count = len(identity.trusted)
        keys = "the one key that is" if count == 1 else f"any of the {count} keys that are"
        detail = f"the signature is not one of {keys} trusted here, or the message was altered after it was signed"
        raise Rejected("verify", "signature", detail)
    stamp = read_stamp(root)
    if stamp is not None and stamp.organism not in (None, organism):
        detail = f"the message was sealed for {stamp.organism}, and this is {organism}"
        raise Rejected("verify", "audience", detail)
    if identity.window is None:
        return
    if stamp is None:
        detail = f"the message of {signer} has no stamp, so it cannot be told from a copy of itself (window)"
        raise Rejected("verify", "stamp", detail)
    identity.seen.take(signer, stamp, identity.window)
