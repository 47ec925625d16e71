"""What a cell waits in, of all that is ours to wait in: a conversation, quiet, a place, an end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType, TracebackType
from typing import Any

from xpipe_nb.conversation import Conversation
from xpipe_nb.conversations import Conversations
from xpipe_nb.notebook import expecting
from xpipe_nb.notebook.mistakes import is_ours
from xpipe_nb.notebook.session import Session
from xpipe_nb.organism import Organism

__all__ = ["goes_on", "stopped", "waits_in_ours"]

Locals = Mapping[str, Any]

_CONVERSATIONS: dict[CodeType, Callable[[Locals], Conversation]] = {
    Conversation.__await__.__code__: lambda names: names["self"],
    expecting.wait.__code__: lambda names: names["conversation"],
}
"""Where one conversation is waited for, and which it is."""

_OTHERS: dict[CodeType, Callable[[Locals], str]] = {
    Organism.settle.__code__: lambda names: f"{names['self'].name} goes on",
    Organism.stop.__code__: lambda names: f"{names['self'].name} ends",
    Conversations.reserve.__code__: lambda _names: "Nothing was sent",
}
"""Where something else is, and what becomes of it."""


def stopped(session: Session, way: TracebackType | None) -> str | None:
    """Say what becomes of what a cell waited in when it was stopped; nothing if that was not ours.

    Args:
        session: The organisms of this kernel.
        way: The traceback with which the cell ended.
    """
    frames = [frame for frame in _frames(way) if is_ours(frame.f_code.co_filename)]
    mapping = sys.modules.get("xpipe_nb.workers.mapping")  # it is there if anybody has used it
    for frame in reversed(frames):
        if mapping is not None and frame.f_code is mapping.Batch.__await__.__code__:
            return f"Stopped {frame.f_locals['self'].name}: what it has not done is given up."
        if frame.f_code in _CONVERSATIONS:
            return f"Stopped waiting. {goes_on(session, _CONVERSATIONS[frame.f_code](frame.f_locals))}"
        if frame.f_code in _OTHERS:
            return f"Stopped waiting. {_OTHERS[frame.f_code](frame.f_locals)}."
    return "Stopped waiting." if frames else None


def goes_on(session: Session, conversation: Conversation) -> str:
    """Say that a conversation is not over, how to wait for it, and how to end it."""
    organism = next((each for each in session.organisms.values() if conversation.belongs_to(each.pump)), None)
    name = session.name_of(conversation) if organism is None else session.place_of(organism, conversation)
    does, again = ("waits", "wait for it") if organism is not None and organism.paused else ("goes on", "wait again")
    how = f"; {again}: await {name}; end it: {name}.cancel()" if name else ""
    return f"Conversation #{conversation.number} {does}{how}"


def waits_in_ours(task: asyncio.Task[Any]) -> bool:
    """Say whether a cell's task waits, at this moment, in something of ours."""
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None and is_ours(frame.f_code.co_filename):
            return True
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return False


def _frames(way: TracebackType | None) -> Iterator[FrameType]:
    while way is not None:
        yield way.tb_frame
        way = way.tb_next
