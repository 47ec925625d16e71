"""Call frames: one listener's part in one conversation, each below the one that called it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator

    from xpipe_nb.history import Slot
    from xpipe_nb.todos import Todos

__all__ = ["Frame"]


class Frame:
    """One listener's part in one conversation: where its messages arrive and where its memory is kept.

    Args:
        conversation: What it belongs to.
        parent: The caller's frame; `None` for the root.
        listener: The name of the callee; for the root, the injector's port.
        call: The waiting call that opened it, if one did.
    """

    __slots__ = (
        "_id",
        "busy",
        "call",
        "closed",
        "conversation",
        "depth",
        "epoch",
        "first_child",
        "idle",
        "kept",
        "latest",
        "listener",
        "next_sibling",
        "opened_by",
        "parent",
        "previous_sibling",
        "queue",
        "todos",
        "turn",
    )  # fmt: skip

    def __init__(self, conversation: Any, parent: Frame | None, listener: str, call: Any = None) -> None:
        self.conversation, self.parent, self.listener, self.call = conversation, parent, listener, call
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.busy = 0
        self.closed = False
        self.epoch = 0
        self.turn: Any = None
        self.opened_by = 0
        # what follows is made when first needed, and children and slots are linked instead of listed: most frames
        # have one of each, and every container more is one more thing for the garbage collector to look at
        self.idle: Frame | dict[str, list[Frame]] | None = None  # mostly there is one idle child at most
        self.queue: deque[Any] | None = None
        self.latest: Slot | None = None
        self.kept: deque[Slot] | None = None  # once there were too many
        self.todos: Todos | None = None
        self._id: str | None = None
        self.first_child: Frame | None = None
        self.next_sibling: Frame | None = None
        self.previous_sibling: Frame | None = None

    @property
    def thread_id(self) -> str:
        """The frame's id, made when somebody first asks for it."""
        if self._id is None:
            self._id = self.conversation.new_thread_id(self)
        return self._id

    @property
    def chain(self) -> list[str]:
        """The names from the injector to this frame."""
        names = [self.listener]
        frame = self.parent
        while frame is not None:
            names.append(frame.listener)
            frame = frame.parent
        names.reverse()
        return names

    @property
    def caller(self) -> str:
        """The name that answers go to."""
        return "" if self.parent is None else self.parent.listener

    @property
    def state(self) -> str:
        """In a word: `closed`, `running`, `waiting` (for something below it or queued) or `idle`."""
        if self.closed:
            return "closed"
        if self.turn is not None:
            return "running"
        return "waiting" if self.busy else "idle"

    @property
    def history(self) -> list[Slot]:
        """What arrived in the frame and is not forgotten, oldest first."""
        slots = []
        slot = self.latest
        while slot is not None:
            slots.append(slot)
            slot = slot.previous
        slots.reverse()
        return slots

    @property
    def children(self) -> list[Frame]:
        """The open frames right below, the newest first."""
        children = []
        child = self.first_child
        while child is not None:
            children.append(child)
            child = child.next_sibling
        return children

    def below(self) -> Iterator[Frame]:
        """Walk this frame and all open ones below it, callers before callees, without recursion."""
        stack = [self]
        while stack:
            frame = stack.pop()
            yield frame
            stack.extend(frame.children)

    def attach(self, child: Frame) -> None:
        """Put a frame right below this one."""
        child.next_sibling = self.first_child
        if self.first_child is not None:
            self.first_child.previous_sibling = child
        self.first_child = child

    def detach(self, child: Frame) -> None:
        """Take a frame away from below this one."""
        if child.previous_sibling is not None:
            child.previous_sibling.next_sibling = child.next_sibling
        else:
            self.first_child = child.next_sibling
        if child.next_sibling is not None:
            child.next_sibling.previous_sibling = child.previous_sibling
        child.previous_sibling = child.next_sibling = None

    def set_aside(self, child: Frame) -> None:
        """Keep a child that has become idle, to be used again."""
        idle = self.idle
        if idle is None:
            self.idle = child
            return
        if isinstance(idle, Frame):
            self.idle = idle = {idle.listener: [idle]}
        idle.setdefault(child.listener, []).append(child)

    def idle_child(self, listener: str, turn: int) -> Frame | None:
        """Take the idle child of a listener that was set aside last, unless that turn has used it already."""
        idle = self.idle
        if isinstance(idle, Frame):
            if idle.listener != listener or idle.opened_by == turn:
                return None
            self.idle = None
            return idle
        waiting = idle.get(listener) if idle else None
        return waiting.pop() if waiting and waiting[-1].opened_by != turn else None

    def forget(self, child: Frame) -> None:
        """Keep an idle child no more; it was closed."""
        if self.idle is child:
            self.idle = None
        elif isinstance(self.idle, dict) and child in (waiting := self.idle.get(child.listener, [])):
            waiting.remove(child)

    def shut(self) -> None:
        """Mark the frame as closed and let go of all that only an open one needs."""
        self.closed = True
        self.busy = 0
        self.first_child = self.idle = self.queue = self.latest = self.kept = self.todos = None

    def __repr__(self) -> str:
        return f"Frame({' ▸ '.join(self.chain)}, {self.state})"
