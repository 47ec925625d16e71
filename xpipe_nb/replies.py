"""What a handler's result means, before anything is sent."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected
from xpipe_nb.messages import HandlerResponse
from xpipe_nb.payloads import is_payload

if TYPE_CHECKING:
    from xpipe_nb.listeners import Listener

__all__ = ["meaning", "promised", "shown"]


def meaning(result: Any, listener: Listener) -> list[HandlerResponse | str | bytes]:
    """Read a handler's result as a list of what it wants sent.

    Args:
        result: What the handler returned or yielded.
        listener: Whose handler it was.

    Returns:
        Responses, and texts whose payloads are still to be found; empty for `None`.

    Raises:
        Rejected: At stage `perform`: reason `return` for a result that means nothing, `return-list` for a list of
            which one entry means nothing.
    """
    if result is None:
        return []
    if isinstance(result, list | tuple) and not is_payload(type(result)):
        return [_one_of_many(entry, place, listener) for place, entry in enumerate(result)]
    return [_one(result, listener)]


def _one(result: Any, listener: Listener) -> HandlerResponse | str | bytes:
    if isinstance(result, HandlerResponse):
        if isinstance(result.payload, type) or not is_payload(result.payload):
            detail = f"{listener.name} returned a HandlerResponse with {shown(result.payload)}"
            raise Rejected("perform", "return", f"{detail}; expected a payload in it")
        return result
    if isinstance(result, str | bytes):
        return result
    if not isinstance(result, type) and is_payload(result):
        return HandlerResponse.respond(result)
    expected = "a payload, HandlerResponse, a list of them, text or None"
    raise Rejected("perform", "return", f"{listener.name} returned {shown(result)}; expected {expected}")


def _one_of_many(entry: Any, place: int, listener: Listener) -> HandlerResponse | str | bytes:
    try:
        return _one(entry, listener)
    except Rejected as rejection:
        detail = f"entry {place} of the list: {rejection.detail}; nothing of the list was sent"
        raise Rejected("perform", "return-list", detail) from None


def promised(listener: Listener) -> str | None:
    """Give the words for a broken promise: what to say of a listener that returned nothing."""
    if not listener.promises_reply:
        return None
    classes = " or ".join(cls.__name__ for cls in listener.output_class or ()) or "a payload"
    return f"{listener.name} returned None but promises {classes}"


def shown(value: Any) -> str:
    """Say in few words what a value is, and what it probably should have been."""
    if inspect.iscoroutine(value):
        value.close()  # nobody will await it any more: no warning about that
        return f"a coroutine ({value.__qualname__}); `await` is missing"
    if isinstance(value, type) and is_payload(value):
        return f"the class {value.__name__}; did you mean {value.__name__}(…)?"
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - it is the person's own `__repr__`
        text = "something that cannot be shown"
    return f"{text if len(text) <= 80 else text[:77] + '…'} ({type(value).__name__})"
