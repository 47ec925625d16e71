"""What a person asks for in the view and gets an answer to: breakpoints, and what becomes of a held message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.held import Held
from xpipe_nb.organism import Organism

__all__ = ["answer_request"]

_LONGEST = 1_000_000
"""Characters of an edited payload; the gate takes no more from anybody outside."""


def answer_request(organism: Organism, what: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """Do what a front end asks for, if it can be done; nothing of what it says is taken on trust.

    Args:
        organism: The organism.
        what: `break`, `held`, `release`, `drop` or `edit`.
        content: What it is about; `held` is the key of a message that is held.

    Returns:
        What is told to whoever asked: `error` says why nothing was done; `None` for a request that there is not.
    """
    work = _REQUESTS.get(what)
    if work is None:
        return None
    try:
        return work(organism, content)
    except XPipeError as error:
        return {"error": str(error)}


def _break(organism: Organism, content: dict[str, Any]) -> dict[str, Any]:
    where = {name: _word(content.get(name), name) for name in ("listener", "payload") if content.get(name) is not None}
    if content.get("on"):
        organism.breakpoints.add(**where)
    else:
        organism.breakpoints.remove(**where)
    return {}


def _word(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise XPipeError(f"{name} is a text, got {type(value).__name__}")
    return value


def _held(organism: Organism, content: dict[str, Any]) -> Held:
    key = content.get("held")
    found = next((each for each in organism.breakpoints.held if each.number == key), None)
    if found is None:
        raise XPipeError("this message is not held any more")
    return found


def _text(organism: Organism, content: dict[str, Any]) -> dict[str, Any]:
    return {"text": _held(organism, content).xml}


def _release(organism: Organism, content: dict[str, Any]) -> dict[str, Any]:
    _held(organism, content).release()
    return {}


def _drop(organism: Organism, content: dict[str, Any]) -> dict[str, Any]:
    _held(organism, content).drop()
    return {}


def _edit(organism: Organism, content: dict[str, Any]) -> dict[str, Any]:
    held, text = _held(organism, content), _word(content.get("text"), "text")
    if len(text) > _LONGEST:
        raise XPipeError(f"a payload of {len(text):,} characters is too long; at most {_LONGEST:,}")
    held.edit(text)
    held.release()
    return {}


_REQUESTS: dict[str, Callable[[Organism, dict[str, Any]], dict[str, Any]]] = {
    "break": _break,
    "drop": _drop,
    "edit": _edit,
    "held": _text,
    "release": _release,
}
