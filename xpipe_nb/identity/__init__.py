"""Who an organism is: its key, the keys that it trusts, and how it signs and checks whole messages.

`cryptography` is imported by the functions that need it, so that an organism without an identity never loads it.
"""

from __future__ import annotations

from xpipe_nb.identity.checking import check_message, refuse_repaired
from xpipe_nb.identity.identity import Identity
from xpipe_nb.identity.sealing import seal_message

__all__ = ["Identity", "check_message", "refuse_repaired", "seal_message"]
