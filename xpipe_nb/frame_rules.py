"""The rules by which call frames live, with nothing of asyncio in it.

A conversation is a tree of frames; its root is the injector's mailbox. One number a frame, `busy`, is all the
book-keeping there is. It counts what is queued, under way or running in the frame itself, plus one for every child
that is busy. It follows that

- a frame is *idle*, and may be used again, when `busy` is 0;
- a call that nobody will ever answer is one whose frame has become idle;
- a conversation is complete when its root has become idle;

and that a hop costs a constant number of steps however deep the tree is, since a change travels up only where a
frame becomes busy or idle. Whatever must happen outside (a task cancelled, a message made, a person told) is asked
of the `Effects`, so that the rules can be tried alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from xpipe_nb.errors import Rejected
from xpipe_nb.frames import Frame

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Effects", "FrameRules"]


class Effects(Protocol):
    """What the rules ask the machine to do."""

    def accepts_errors(self, frame: Frame) -> bool:
        """Say whether the frame's listener takes a `SystemError`."""

    def deliver_error(self, frame: Frame, error: Any) -> None:
        """Queue `error` for the frame's listener, in that frame."""

    def error_reached_injector(self, conversation: Any, error: Any) -> None:
        """Keep `error` as one that nobody inside the conversation took."""

    def fail_call(self, call: Any, error: Any) -> None:
        """Raise `error` where a handler waits for this call."""

    def call_went_quiet(self, call: Any) -> None:
        """Nobody is left who could answer this call."""

    def frame_closed(self, frame: Frame) -> None:
        """Cancel what runs in the frame and give up what is queued for it."""

    def sends_are_void(self, frame: Frame) -> None:
        """Give up what the frame has sent and nobody has taken yet."""

    def conversation_is_quiet(self, conversation: Any) -> None:
        """Nothing of the conversation is queued, running or awaited any more."""


class FrameRules:
    """The rules by which frames open, work, answer, fail and close.

    Args:
        effects: The machine that does what the rules ask for.
        max_depth: How many frames may stand under the root, one below the other.
        opened: Is told of every new frame.
    """

    def __init__(
        self, effects: Effects, max_depth: int = 64, opened: Callable[[Frame], None] = lambda _frame: None
    ) -> None:
        self._effects = effects
        self.max_depth = max_depth
        self._opened = opened

    def open_root(self, conversation: Any, port: str) -> Frame:
        """Open the injector's mailbox."""
        frame = Frame(conversation, None, port)
        self._opened(frame)
        return frame

    def child_for(self, parent: Frame, listener: str, turn: int, call: Any = None) -> Frame:
        """Give the frame in which a send to `listener` arrives, held: an idle one again, or a new one.

        A call always gets a new frame, and so does a second send of one turn to one listener. `turn` is the
        number of the sender's turn: to keep the turn itself would keep all that ever happened alive.

        Raises:
            Rejected: At stage `route` with reason `hops`, when the frames would stand too deep.
        """
        if call is None and parent.idle is not None and (idle := parent.idle_child(listener, turn)):
            idle.opened_by = turn
            self.hold(idle)
            return idle
        if parent.depth >= self.max_depth:
            detail = f"{' ▸ '.join(parent.chain[-4:])} ▸ {listener} would stand {parent.depth + 1} frames deep; "
            raise Rejected("route", "hops", f"{detail}at most {self.max_depth} are allowed (limits.max_depth)")
        child = Frame(parent.conversation, parent, listener, call)
        child.opened_by = turn
        parent.attach(child)
        self._opened(child)
        child.busy = 1
        self.hold(parent)
        return child

    def hold(self, frame: Frame | None) -> None:
        """Count one thing more that is queued, under way or running in the frame."""
        while frame is not None:
            if frame.busy:  # a closed one never is
                frame.busy += 1
                return
            if frame.closed:
                return
            frame.busy = 1
            frame = frame.parent

    def release(self, frame: Frame | None) -> None:
        """Count one thing less, and tell who waits for the quiet that may follow."""
        while frame is not None and frame.busy:  # a closed one never is
            frame.busy -= 1
            if frame.busy:
                return
            parent = frame.parent
            if parent is None:
                self._effects.conversation_is_quiet(frame.conversation)
                return
            if frame.call is not None:
                call, frame.call = frame.call, None
                self._effects.call_went_quiet(call)
                frame.busy = 1  # closing takes the parent's count back
                self.close(frame)
                return
            parent.set_aside(frame)
            frame = parent

    def respond(self, frame: Frame) -> None:
        """Close all below a frame that answers its caller; what it sent before is void."""
        frame.epoch += 1
        frame.idle = None
        for child in frame.children:
            self.close(child)
        if frame.busy > 1:  # more than its own turn: messages of it are still queued
            self._effects.sends_are_void(frame)

    def answered(self, frame: Frame) -> None:
        """Close a call's frame once its answer has arrived."""
        frame.call = None
        self.close(frame)

    def fail(self, frame: Frame, error: Any) -> None:
        """End a frame whose turn failed; its caller gets the error, or fails in turn, up to the injector."""
        while not frame.closed:
            parent, call = frame.parent, frame.call
            if parent is None:
                self._effects.error_reached_injector(frame.conversation, error)
                return
            self.hold(parent)
            frame.call = None
            self.close(frame)
            if call is not None:
                self._effects.fail_call(call, error)
            elif parent.parent is None:
                self._effects.error_reached_injector(parent.conversation, error)
            elif self._effects.accepts_errors(parent):
                self._effects.deliver_error(parent, error)
            else:
                frame = parent
                continue
            self.release(parent)
            return

    def tell(self, frame: Frame, error: Any) -> None:
        """Give an error to a frame's own listener; if it does not take errors, the frame fails."""
        if frame.closed:
            return
        if frame.parent is not None and self._effects.accepts_errors(frame):
            self._effects.deliver_error(frame, error)
        else:
            self.fail(frame, error)

    def close(self, frame: Frame) -> None:
        """Close a frame and all below it."""
        if frame.closed:
            return
        was_busy, parent = frame.busy, frame.parent
        for each in list(frame.below()):
            each.closed = True
            self._effects.frame_closed(each)
            each.shut()
        if parent is None or parent.closed:
            return
        parent.detach(frame)
        if not was_busy:
            parent.forget(frame)
        if was_busy:
            self.release(parent)
