"""Details on demand: a listener's contract, and a message's passage through the stages, as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from lxml import etree

from xpipe_nb.errors import XPipeError
from xpipe_nb.listeners import Listener
from xpipe_nb.payloads import codec_of
from xpipe_nb.views.forms import FORMS, REFUSED_AT, enveloped, pretty
from xpipe_nb.views.graph import kind_of
from xpipe_nb.views.marks import Mark, changed, wrong
from xpipe_nb.views.state import MessageNow, ViewState
from xpipe_nb.xml import canonical, read_document

__all__ = ["listener_detail", "message_detail"]

_LOST = ("dead", "refused", "resent", "dismissed")
"""States of messages that did not arrive, whatever a person did about them since."""

_FROM_A_CELL = re.compile(r"ipykernel_\d+|<ipython-input")


def listener_detail(
    listener: Listener,
    longest: int = 20_000,
    *,
    prompt: str | None = None,
    cell_of: Callable[[str], int | None] = lambda _file: None,
) -> dict[str, Any]:
    """Write a listener's contract down.

    Args:
        listener: The listener.
        longest: How many characters of each text are given.
        prompt: The whole prompt of an agent; left out, its own part of it.
        cell_of: Gives the number of the cell that a file's code stands in, if it is one.
    """
    first = next(iter(listener.accepts.values()), None)
    cell = None if listener.source is None else cell_of(listener.source.file)
    return {
        **({} if cell is None else {"cell": cell}),
        "kind": kind_of(listener),
        "description": _cut(listener.description, longest),
        "accepts": list(listener.accepts),
        "answers": [cls.__name__ for cls in listener.output_class or ()],
        "peers": None if listener.peers is None else list(listener.peers),
        "handler": _cut(_handler(listener), longest),
        "example": "" if first is None else _cut(_attempt(lambda: codec_of(first).example()), longest),
        "xsd": "\n\n".join(
            _cut(_attempt(lambda c=cls: pretty(codec_of(c).xsd)), longest) for cls in listener.accepts.values()
        ),
        "prompt": _cut((listener.prompt if prompt is None else prompt) or "", longest),
    }


def _handler(listener: Listener) -> str:
    name = getattr(listener.handler, "__name__", type(listener.handler).__name__)
    if listener.source is None:
        return str(name)
    where = "" if _FROM_A_CELL.search(listener.source.file) else f"{listener.source.file.rpartition('/')[2]}, "
    return f"{name}, {where}line {listener.source.line}"


def _attempt(write: Any) -> str:
    try:
        return str(write())
    except XPipeError as error:
        return str(error)


def message_detail(message: MessageNow, state: ViewState, longest: int = 20_000) -> dict[str, Any]:
    """Write down what a message looked like at each stage, and why it went no further.

    Args:
        message: The message.
        state: Where the frames are that it belongs to.
        longest: How many characters of each text are given.
    """
    refused = REFUSED_AT.get(message.stage) if message.state in _LOST else None
    last = FORMS.index(refused) if refused is not None else len(FORMS)
    texts = _texts(message, state)
    stages = []
    for place, name in enumerate(FORMS):
        word = "passed" if place < last else "refused" if place == last else "never"
        if name == "repaired" and message.repairs:
            word = "changed"
        text = "" if word == "never" else _cut(texts[name], longest)
        marks = _marks(name, word, message, texts)
        stages.append({"name": name, "state": word, "text": text, **({"marks": marks} if marks else {})})
    return {"stages": stages, "why": _cut(_why(message), longest)}


def _marks(name: str, word: str, message: MessageNow, texts: Mapping[str, str]) -> list[Mark]:
    """Give what is to be underlined at one stage."""
    if word == "refused":
        raw = message.raw.decode("utf-8", "replace") if isinstance(message.raw, bytes) else message.raw
        return wrong(message.detail, raw or texts[name], texts[name])
    if message.repairs and name in ("raw", "repaired"):
        lost, new = changed(texts["raw"], texts["repaired"])
        return lost if name == "raw" else new
    return []


def _texts(message: MessageNow, state: ViewState) -> Mapping[str, str]:
    raw = message.raw.decode("utf-8", "replace") if isinstance(message.raw, bytes) else message.raw
    if not etree.iselement(message.element):
        return dict.fromkeys(FORMS, _spread(raw) if raw else "Too large to keep.")
    body = pretty(message.element)
    return {
        "raw": (raw or body).strip(),
        "repaired": body,
        "canonical": canonical(message.element).decode("utf-8", "replace"),
        "envelope": enveloped(message.element, message.sender, message.to or None, message.conversation),
        "routed": " ▸ ".join(_chain(message, state)),
        "payload": body,
    }


def _spread(text: str) -> str:
    """Put the elements of a lost message on lines of their own, if it can be read at all."""
    try:
        return pretty(read_document(text))
    except XPipeError:
        return text


def _chain(message: MessageNow, state: ViewState) -> list[str]:
    by_key = {frame.key: frame for frame in state.frames.values()}
    names = []
    frame = by_key.get(message.frame)
    while frame is not None:
        names.append(frame.listener)
        frame = by_key.get(frame.parent)
    conversation = state.conversations.get(message.conversation)
    return [conversation.sender if conversation else message.sender, *reversed(names)]


def _why(message: MessageNow) -> str:
    if message.repairs:
        count = f"{len(message.repairs)} {'repair' if len(message.repairs) == 1 else 'repairs'}"
        return f"{count}: {'; '.join(message.repairs)}."
    return message.detail


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"
