"""What an agent may read of a failure: a code and a sentence that gives nothing away.

The sentence never tells "there is no such listener" from "you may not talk to it", and never carries the text of an
exception; the person finds both in the dead letter, the event and the log.
"""

from __future__ import annotations

from typing import Any, cast

from xpipe_nb.payloads import DeliveryError

__all__ = ["CODES", "code_of", "failure"]

_SENTENCES: dict[str, tuple[str, bool]] = {
    "routing": ("The message could not be delivered. Check its receiver and its payload, then send it again.", True),
    "validation": ("The payload does not fit its schema. Correct it, then send it again.", True),
    "timeout": ("No answer came in time.", True),
    "handler": ("The message could not be handled.", True),
    "budget": ("The budget of this conversation is used up.", False),
    "hops": ("This conversation has gone on for too long.", False),
}

CODES = tuple(_SENTENCES)
"""The codes of a `SystemError`."""

_CODE_OF_REASON = {
    "ambiguous": "routing",
    "nobody": "routing",
    "not-accepted": "routing",
    "peers": "routing",
    "unknown": "routing",
    "payload": "validation",
    "return-list": "validation",
    "schema": "validation",
}


def code_of(reason: str) -> str:
    """Give the code of a `SystemError` for the reason of a refusal."""
    if reason in _SENTENCES:
        return reason
    return _CODE_OF_REASON.get(reason, "handler")


def failure(code: str) -> DeliveryError:
    """Make the `SystemError` payload for one of the `CODES`."""
    sentence, retry_allowed = _SENTENCES[code]
    return DeliveryError(code=cast("Any", code), message=sentence, retry_allowed=retry_allowed)
