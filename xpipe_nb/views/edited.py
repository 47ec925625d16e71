"""A text that a person has written for a listener: what is wrong with it, and where, before anything is sent."""

from __future__ import annotations

from typing import NamedTuple

from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.listeners import Listener
from xpipe_nb.names import nearest
from xpipe_nb.payloads import codec_of
from xpipe_nb.views.marks import Mark, wrong
from xpipe_nb.xml import read_document

__all__ = ["Problem", "problem_in"]


class Problem(NamedTuple):
    """Why a listener would not take a text: in words, and the place of it in the text, if there is one."""

    detail: str
    mark: Mark | None = None


def problem_in(text: str, listener: Listener) -> Problem | None:
    """Read a text as the listener would; `None` when it would take it.

    Args:
        text: One payload as XML.
        listener: Who is to get it.

    Example:
        ```python
        problem_in("<Shout><Volume>loud</Volume></Shout>", listener).detail
        # "volume: expected int, got 'loud' (<Shout> line 1, column 8)"
        ```
    """
    try:
        tag = str(read_document(text).tag)
        if listener.generic:
            return None
        cls = listener.accepts.get(tag)
        if cls is None:
            return Problem(_other(tag, listener), _marked("", text))
        codec_of(cls).from_xml(text)
    except (PayloadError, Rejected) as error:
        detail = error.detail if isinstance(error, Rejected) else str(error)
        return Problem(detail, _marked(detail, text))
    return None


def _other(tag: str, listener: Listener) -> str:
    near = nearest(tag, list(listener.accepts))
    hint = f" Did you mean {near}?" if near else ""
    return f"{listener.name} takes {', '.join(listener.accepts) or 'nothing'}, not {tag}.{hint}"


def _marked(detail: str, text: str) -> Mark | None:
    """Find the place; a refusal that names none is about the payload's tag."""
    return next(iter(wrong(detail, text, text)), None)
