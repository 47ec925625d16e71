"""What the rules of frames ask for, done: tasks are cancelled, errors are sent, conversations completed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected
from xpipe_nb.events import FrameClosedEvent
from xpipe_nb.messages import ERROR, NOTE, Send
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xpipe_nb.calls import Call
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.deadlines import Deadlines
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.frames import Frame
    from xpipe_nb.held import Held
    from xpipe_nb.inbox import Inbox
    from xpipe_nb.questions import Questions
    from xpipe_nb.scheduling import Scheduler

__all__ = ["FrameEffects"]


class FrameEffects:
    """The `frame_rules.Effects` of one pump.

    Args:
        exchange: Where messages change hands.
        directory: Who is there.
        bus: Where all that happens is published.
        scheduler: Who starts next.
        became_quiet: Is told whenever a conversation has ended.
    """

    conversations: Conversations
    inbox: Inbox
    deadlines: Deadlines
    questions: Questions
    held: Mapping[Turn, Held]

    def __init__(
        self,
        exchange: Exchange,
        directory: Directory,
        bus: EventBus,
        scheduler: Scheduler,
        became_quiet: Callable[[], None],
    ) -> None:
        self._exchange, self._directory, self._bus, self._losses = exchange, directory, bus, exchange.losses
        self._scheduler, self._became_quiet = scheduler, became_quiet

    def accepts_errors(self, frame: Frame) -> bool:
        """Say whether the frame's listener takes a `SystemError`."""
        listener = self._directory.listener_of(frame)
        return listener is not None and listener.accepts_errors

    def deliver_error(self, frame: Frame, error: Any) -> None:
        """Queue a `SystemError` for the frame's listener."""
        element = codec_of(type(error)).encode(error)
        self._exchange.post(Send(ERROR, frame, element, frame.listener, error=error, cls=type(error)))

    def error_reached_injector(self, conversation: Conversation, error: Any) -> None:
        """Keep an error that nobody inside took."""
        self.conversations.keep_error(conversation, error)

    def fail_call(self, call: Call, error: Any) -> None:
        """Raise an error where a handler waits."""
        call.fail(error.code, error.message)

    def call_went_quiet(self, call: Call) -> None:
        """Tell a waiting handler that no answer will come."""
        call.fail("handler", "The call ended without an answer.")

    def frame_closed(self, frame: Frame) -> None:
        """Cancel what runs in a frame and give up what is queued for it."""
        if self._bus.heard:
            self._bus.publish(FrameClosedEvent(frame.thread_id, frame.conversation.number))
        if self.conversations.mirror is not None:
            self.conversations.mirror.closed(frame)
        if frame.call is not None:
            frame.call.fail("handler", "The call was ended.")
        if frame.turn is not None:
            self._cancel(frame.turn)
        if self.questions.open:
            self.questions.frame_closed(frame)
        for delivery in frame.queue or ():
            self._scheduler.drop(delivery, delivery.gate)
            if delivery.send.kind is NOTE:
                self._losses.drop_note(delivery.send)
                continue
            detail = f"the frame of {frame.listener} was closed before its turn came"
            self._losses.lose(delivery, Rejected("perform", "closed", detail))

    def _cancel(self, turn: Turn) -> None:
        turn.over = True
        if turn.task is None:
            return
        self.deadlines.expel(turn)
        if turn.task is asyncio.current_task():  # it failed, or ended its own conversation: it comes to its next wait
            asyncio.get_running_loop().call_soon(_cancel_if_running, turn)
            return
        turn.task.cancel()
        if not turn.responded and not turn.expired:
            state = "it was held" if turn in self.held else "it worked"
            detail = f"{turn.listener.name} was cancelled: its frame was closed while {state}"
            self._losses.lose(turn.delivery, Rejected("perform", "closed", detail))

    def sends_are_void(self, frame: Frame) -> None:
        """Give up what a frame has sent before it answered its caller."""
        for send in self.inbox.remove_void(frame):
            detail = f"{frame.listener} has answered; what it sent before is void"
            self._exchange.refused(send, Rejected("assign", "closed", detail))

    def conversation_is_quiet(self, conversation: Conversation) -> None:
        """Complete a conversation."""
        if self.conversations.end(conversation):
            self._became_quiet()


def _cancel_if_running(turn: Turn) -> None:
    if turn.task is not None:
        turn.task.cancel()
