"""What an agent may read of a failure: a code and a sentence that gives nothing away.

The sentence never tells "there is no such listener" from "you may not talk to it", and never carries the text of an
exception; the person finds both in the dead letter, the event and the log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from xpipe_nb.payloads import DeliveryError

if TYPE_CHECKING:
    from xpipe_nb.errors import Rejected

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
    "dropped": "routing",
    "nobody": "routing",
    "not-accepted": "routing",
    "peers": "routing",
    "unknown": "routing",
    "payload": "validation",
    "return-list": "validation",
    "schema": "validation",
}


def code_of(rejection: Rejected) -> str:
    """Give the code of a `SystemError` for a refusal."""
    if rejection.reason in _SENTENCES:
        return rejection.reason
    by_stage = "validation" if rejection.stage in ("read", "open", "decode") else "handler"
    return _CODE_OF_REASON.get(rejection.reason, by_stage)


def failure(code: str) -> DeliveryError:
    """Make the `SystemError` payload for one of the `CODES`."""
    sentence, retry_allowed = _SENTENCES[code]
    return DeliveryError(code=cast("Any", code), message=sentence, retry_allowed=retry_allowed)
