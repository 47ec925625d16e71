"""`system.todo` and `system.todo-complete`: reminders that live as long as the thread of who asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xpipe_nb.dispatch.turn import TurnFailed
from xpipe_nb.payloads.primitives import TodoClosed, TodoComplete, TodoRegistered, TodoUntil
from xpipe_nb.primitives.desk import requester, turn_of
from xpipe_nb.todos import Todos

if TYPE_CHECKING:
    from xpipe_nb.frames import Frame
    from xpipe_nb.metadata import HandlerMetadata
    from xpipe_nb.primitives.desk import Desk
    from xpipe_nb.todos import Watcher

__all__ = ["TodoDesk"]


class TodoDesk:
    """Opens and closes todos.

    Args:
        desk: Who asks, and what that one is told.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def register(self, message: TodoUntil, meta: HandlerMetadata) -> TodoRegistered | None:
        """Remind the sender until it says that it is done."""
        turn = turn_of(meta)
        frame = requester(turn)
        if frame.todos is None:
            frame.todos = Todos()
        watcher = frame.todos.register(frame.listener, message.wait_for, message.from_listener, message.description)
        registered = TodoRegistered(watcher.id, watcher.wait_for, watcher.description)
        return self._desk.if_heard(turn, registered)  # type: ignore[no-any-return]

    async def complete(self, message: TodoComplete, meta: HandlerMetadata) -> TodoClosed | None:
        """Remind the sender no more."""
        turn = turn_of(meta)
        frame = requester(turn)
        holder, watcher = _found(frame, message.id)
        if holder is None or watcher is None or watcher.issuer != frame.listener:
            whose = (
                f" of {frame.listener}" if watcher is None else f": it is {watcher.issuer}'s, not {frame.listener}'s"
            )
            raise TurnFailed("handler", f"no open todo {message.id!r}{whose}")
        holder.close(watcher.id)
        return self._desk.if_heard(turn, TodoClosed(watcher.id, watcher.raised))  # type: ignore[no-any-return]


def _found(frame: Frame, todo: str) -> tuple[Todos | None, Watcher | None]:
    """Find a todo: in the frame of who asks, else anywhere in its conversation."""
    for each in (frame, *frame.conversation.root.below()):
        if each.todos is not None and (watcher := each.todos.get(todo.strip())) is not None:
            return each.todos, watcher
    return None, None
