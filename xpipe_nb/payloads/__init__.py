"""Payload classes: from annotations to schema, encoder and decoder, compiled once for each class.

Where to start reading: `nodes.py` has the words, `annotations.py` and `shape.py` make them from a class, and
`schema.py`, `encode.py`, `decode.py` and `example.py` each make one thing of them. `codec.py` holds these together.
"""

from __future__ import annotations

from xpipe_nb.payloads.annotations import AnyPayload
from xpipe_nb.payloads.codec import Codec, codec_at_hand, codec_of, is_payload
from xpipe_nb.payloads.decorate import payload, xmlify
from xpipe_nb.payloads.locate import locate, path_of
from xpipe_nb.payloads.pattern import Pattern
from xpipe_nb.payloads.reserved import RESERVED_TAGS
from xpipe_nb.payloads.system import DeliveryError, SystemError  # noqa: A004  # the name on the wire
from xpipe_nb.payloads.table import PayloadTable

__all__ = [
    "RESERVED_TAGS",
    "AnyPayload",
    "Codec",
    "DeliveryError",
    "Pattern",
    "PayloadTable",
    "SystemError",
    "codec_at_hand",
    "codec_of",
    "is_payload",
    "locate",
    "path_of",
    "payload",
    "xmlify",
]
