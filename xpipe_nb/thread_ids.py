"""Thread ids: UUID version 4 whose random bits hold a keyed tag, so that ours are known without a table of old ones.

The layout is that of RFC 9562, section 5.4: 48 random bits, the version, 12 random bits, the variant, 62 random bits.
The last 62 bits are a keyed BLAKE2s (RFC 7693) of the first 64, which nobody without the key can tell from random.
"""

from __future__ import annotations

import hmac
import os
import re
import uuid
from hashlib import blake2s

__all__ = ["ThreadIds", "is_thread_id"]

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)

STOCK = 1024
"""How many random octets are drawn at once."""


def is_thread_id(text: str) -> bool:
    """Say whether `text` is a UUID version 4 in its canonical form: lower case, with hyphens."""
    return _CANONICAL.fullmatch(text) is not None


class ThreadIds:
    """Makes thread ids and knows its own again.

    Args:
        key: The secret of the tag, 16 to 32 bytes; a fresh one when left out.

    Example:
        >>> ids = ThreadIds()
        >>> ids.is_ours(ids.new()), ids.is_ours("6f1c1d5e-7a2b-4c3d-8e4f-5a6b7c8d9e0f")
        (True, False)
    """

    def __init__(self, key: bytes | None = None) -> None:
        # an observed hop needs an id: to copy a keyed hash is cheaper than to key it, and to draw many octets at once
        # than a few again and again
        self._keyed = blake2s(key=os.urandom(16) if key is None else key, digest_size=8)
        self._octets = b""
        self._drawn = 0

    def new(self) -> str:
        """Make one id that nobody has seen before."""
        head = bytearray(self._draw())
        head[6] = head[6] & 0x0F | 0x40
        digits = (head + self._tail(head)).hex()
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _draw(self) -> bytes:
        """Give 8 random octets that were not given before."""
        start = self._drawn
        if start == len(self._octets):
            self._octets, start = os.urandom(STOCK), 0
        self._drawn = start + 8
        return self._octets[start : start + 8]

    def is_ours(self, thread_id: str) -> bool:
        """Say whether `thread_id` was made here, open or closed."""
        if not is_thread_id(thread_id):
            return False
        value = uuid.UUID(thread_id).bytes
        return hmac.compare_digest(value[8:], self._tail(value[:8]))

    def _tail(self, head: bytes | bytearray) -> bytearray:
        keyed = self._keyed.copy()
        keyed.update(head)
        tail = bytearray(keyed.digest())
        tail[0] = tail[0] & 0x3F | 0x80
        return tail
