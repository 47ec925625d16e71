"""`system.boot`: the first message of an organism that was bootstrapped."""

from __future__ import annotations

import logging

from xpipe_nb.payloads.primitives import Boot

__all__ = ["boot"]

log = logging.getLogger(__name__)


async def boot(message: Boot) -> None:
    """Write down that the organism was put together."""
    count = message.listener_count
    log.info("%s was put together at %s with %d listeners", message.organism_name, message.timestamp, count)
