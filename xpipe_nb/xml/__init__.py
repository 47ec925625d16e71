"""Text from outside becomes trees here, and trees become text: gate, repair, envelope, canonical form."""

from __future__ import annotations

from xpipe_nb.xml.canonical import canonical
from xpipe_nb.xml.envelope import Opened, build_envelope, open_envelope
from xpipe_nb.xml.gate import read_document
from xpipe_nb.xml.huh import huh
from xpipe_nb.xml.limits import GateLimits
from xpipe_nb.xml.namespaces import ENVELOPE_NS, SIGNATURE_NS
from xpipe_nb.xml.repair import Repaired, repair_text
from xpipe_nb.xml.signature import add_signature, is_signed, take_signature
from xpipe_nb.xml.stamp import Stamp, add_stamp, read_stamp
from xpipe_nb.xml.tree import check_tree, copy_tree

__all__ = [
    "ENVELOPE_NS",
    "SIGNATURE_NS",
    "GateLimits",
    "Opened",
    "Repaired",
    "Stamp",
    "add_signature",
    "add_stamp",
    "build_envelope",
    "canonical",
    "check_tree",
    "copy_tree",
    "huh",
    "is_signed",
    "open_envelope",
    "read_document",
    "read_stamp",
    "repair_text",
    "take_signature",
]
