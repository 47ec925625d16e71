"""The exchange: every message that is sent, answered, refused or lost passes here, and is counted exactly once.

It does what the rules of frames ask for (see `frame_rules.Effects`) and keeps the books that they rest on: whatever is
queued, under way or running holds its frame, from `post` to `receive` or `refused`.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.telling import arrived, received
from xpipe_nb.errors import Rejected
from xpipe_nb.events import (
    PipelineFailed,
)
from xpipe_nb.failures import code_of, failure
from xpipe_nb.messages import CALL, FAILURE, INJECT, NOTE, RESPOND, Delivery, Document, Envelope, Raw, Send
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn, TurnFailed
    from xpipe_nb.frame_rules import FrameRules
    from xpipe_nb.frames import Frame
    from xpipe_nb.inbox import Inbox
    from xpipe_nb.losses import Losses
    from xpipe_nb.questions import Questions
    from xpipe_nb.scheduling import Gate, Scheduler
    from xpipe_nb.stages import Steps

__all__ = ["Exchange"]

log = logging.getLogger(__name__)
_UPWARD = (RESPOND, FAILURE)
_UNTOLD = ("closed", "schema-changed", "dropped")
"""Reasons that a sender who does not wait for an answer is not told of."""

TOLD_ONE_BY_ONE = 20
"""How many queued messages of an ended conversation become letters of their own."""


class Exchange:
    """Where messages change hands.

    Args:
        bus: Where all that happens is published.
        losses: Where what is lost is kept.
        scheduler: Who starts next.
        became_quiet: Is told whenever something ended, so that whoever waits for quiet can look.
    """

    rules: FrameRules
    conversations: Conversations
    inbox: Inbox
    steps: Steps
    questions: Questions

    def __init__(
        self,
        bus: EventBus,
        losses: Losses,
        scheduler: Scheduler,
        became_quiet: Callable[[], None],
    ) -> None:
        self._bus, self.losses, self._scheduler = bus, losses, scheduler
        self._became_quiet = became_quiet

    # ---- under way

    def post(self, send: Send) -> None:
        """Queue a message for the stream."""
        frame = send.frame
        self.rules.hold(frame)
        conversation = frame.conversation
        conversation.numbered += 1
        send.number = conversation.numbered
        if send.kind in _UPWARD and (frame.call is not None or frame.parent.parent is None):
            self.inbox.put_answer(send)
        else:
            self.inbox.put_work(send)

    def receive(self, delivery: Delivery) -> Delivery | None:
        """Take a message from the end of the stream: hand an answer over, queue the rest for its listener.

        Returns:
            A delivery that can start now, if there is one.
        """
        send, frame = delivery.send, delivery.frame
        if frame.closed or send.frame.closed:
            self.refused(delivery, Rejected("route", "closed", f"the frame of {frame.listener} was closed meanwhile"))
            return self._scheduler.take()
        raw = send.raw
        if raw is not None and not raw.admitted:
            self._admit(send, raw)
        if self._bus.heard:
            self._bus.publish(*arrived(delivery))
        if delivery.listener is None:
            self._hand_over(delivery)
            start = self._scheduler.take()
            self._left_stream(send)
            self._became_quiet()
            return start
        frame.conversation.messages += 1
        start = self._scheduler.admit(delivery)
        self._left_stream(send)
        if start is not delivery and self.questions.open:
            self._became_quiet()
        return start

    def renewed(self, delivery: Delivery) -> bool:
        """Bring a delivery that waited through a reload up to date; say whether it can still be handled."""
        try:
            self.steps.renew(delivery)
        except Rejected as rejection:
            self.losses.lose(delivery, rejection)
            self._free(delivery.frame, delivery.gate)
            return False
        return True

    def _admit(self, send: Send, raw: Raw) -> None:
        raw.admitted = True
        conversation = send.frame.conversation
        if conversation.is_over:  # it goes on somewhere else, and so do its prints
            conversation.go_on_in(raw.context)
        self.conversations.admitted(conversation)
        if raw.repairs:
            conversation.repairs.extend(raw.repairs)
        if raw.origin is not None:
            raw.origin.admitted(conversation)

    def _hand_over(self, delivery: Delivery) -> None:
        """Answer a waiting call, or put a reply into the injector's mailbox."""
        frame: Frame = delivery.send.frame
        if frame.call is not None:
            frame.call.answer(delivery.payload)
            self.rules.answered(frame)
        else:
            self.conversations.keep_reply(frame.conversation, delivery.payload, delivery.send.element, frame.listener)
        if delivery.frame.todos is not None:
            delivery.frame.todos.arrived(delivery.send.tag, delivery.send.from_id)
        if self._bus.heard:
            self._bus.publish(received(delivery, delivery.frame.thread_id))

    def _left_stream(self, send: Send) -> None:
        send.open -= 1
        if not send.open:
            self.rules.release(send.frame)

    # ---- refused and lost

    def refused(self, item: Any, rejection: Rejected) -> None:
        """End a message that a stage rejected; the one place where a rejection becomes a dead letter."""
        if isinstance(item, Raw | Document | Envelope):
            raw = item if isinstance(item, Raw) else item.raw
            self.losses.lose(item, rejection)
            self.losses.tell_injector(raw, rejection)
        else:
            self._refuse_sent(item, rejection)
        self._became_quiet()  # it may have been the last thing that was queued

    def _refuse_sent(self, item: Send | Delivery, rejection: Rejected) -> None:
        send: Send = item.send if isinstance(item, Delivery) else item
        if not send.refused:
            send.refused = True
            if send.kind is NOTE:
                self.losses.drop_note(send)
            else:
                self._refuse(send, item, rejection)
        if isinstance(item, Delivery) and item.listener is not None:
            self.rules.release(item.frame)
        self._left_stream(send)

    def operator_is_empty(self) -> None:
        """Nothing is inside an operator any more; perhaps nothing is under way at all."""
        self._became_quiet()

    def dropped(self, item: Any, stage: str, detail: str | None = None) -> None:
        """End a message that a person's stage did not give on; one branch of several is no refusal of the whole."""
        rejection = Rejected(stage, "dropped", detail or f"{stage} dropped it")
        if not isinstance(item, Delivery) or not _is_branch(item.send):
            self.refused(item, rejection)
            return
        self.losses.lose(item, rejection)
        if item.listener is not None:
            self.rules.release(item.frame)
        self._left_stream(item.send)

    def failed(self, item: Any, stage: str, error: Exception) -> None:
        """End a message at which a stage itself broke."""
        if self._bus.heard:
            self._bus.publish(PipelineFailed(stage, f"{type(error).__name__}: {error}"))
        self.refused(item, Rejected(stage, "internal", f"stage {stage} broke: {type(error).__name__}: {error}"))

    def _refuse(self, send: Send, item: Send | Delivery, rejection: Rejected) -> None:
        frame, conversation = send.frame, send.frame.conversation
        letter = self.losses.lose(item, rejection)
        if send.kind is not INJECT and rejection.reason != "dropped":
            self.losses.refuse_sent(send, letter)
        if send.raw is not None:
            self.conversations.discard(conversation)
            self.losses.tell_injector(send.raw, rejection)
        if rejection.reason == "endless":
            self.end_conversation(conversation, "failed", error=failure("hops"))
        elif send.kind is CALL:
            error = failure(code_of(rejection))
            send.call.fail(error.code, error.message)
        elif send.error is not None:
            self.rules.fail(frame, send.error)
        elif rejection.reason == "answer":
            self.rules.fail(frame.parent, failure("validation"))
        elif rejection.reason not in _UNTOLD and send.kind is not INJECT:
            self.rules.tell(frame, failure(code_of(rejection)))

    def refuse_reply(self, turn: Turn, result: Any, rejection: Rejected) -> None:
        """Refuse what a handler gave before it became a message: it cannot be written, or not be read."""
        to = getattr(result, "to", None)
        payload = getattr(result, "payload", result)
        self.losses.refuse_unwritten(turn, payload, to, rejection)
        if rejection.reason != "closed":
            self.rules.tell(turn.frame, failure(code_of(rejection)))

    def note(self, frame: Frame, payload: Any) -> None:
        """Queue a payload of the pump's own for the listener of a frame, which takes its class."""
        element = codec_of(type(payload)).encode(payload)
        self.post(Send(NOTE, frame, element, frame.listener, error=payload, cls=type(payload)))

    def drop_held(self, delivery: Delivery, rejection: Rejected) -> None:
        """End a message that a person has dropped before its handler; its sender hears of it as of a refused send."""
        send = delivery.send
        if send.kind is NOTE:
            self.losses.drop_note(send)
            return
        self.losses.lose(delivery, rejection)
        error = failure(code_of(rejection))
        if send.kind is CALL:
            send.call.fail(error.code, error.message)
        elif send.error is None:
            self.rules.tell(send.frame, error)

    # ---- turns

    def turn_failed(self, turn: Turn, failed: TurnFailed) -> None:
        """End a turn that failed: a dead letter, a closed frame, and an error for its caller."""
        self.losses.lose(turn.delivery, Rejected("perform", failed.code, failed.detail))
        if failed.__cause__ is not None:
            log.info("%s", failed.detail, exc_info=failed.__cause__)
        error = failure(failed.code)
        if turn.sent and not turn.frame.closed:  # what it sent before it failed arrives before the failure does
            element = codec_of(type(error)).encode(error)
            self.post(Send(FAILURE, turn.frame, element, error=error, cls=type(error)))
        else:
            self.rules.fail(turn.frame, error)

    def turn_ended(self, turn: Turn) -> None:
        """Free what a turn held, however it ended, once."""
        turn.task = None
        if turn.resumption is not None:  # a call of it, made in a task of its own, still waits for places
            self._scheduler.drop(turn.resumption, turn.gate)
        if turn.gone is not None and not turn.gone.done():
            turn.gone.set_result(None)
        if turn.abandoned:
            return
        if turn.frame.turn is turn:
            turn.frame.turn = None
        gate = turn.gate if turn.placed else None
        turn.placed = False
        self._free(turn.frame, gate)

    def _free(self, frame: Frame, gate: Gate | None) -> None:
        """Give back what a delivery held once it was let in: its places, if it has them, and its frame."""
        if gate is not None:
            self._scheduler.yield_places(gate)
        self.rules.release(frame)
        if frame.queue:
            self._scheduler.next_of(frame)
        self._became_quiet()

    def end_conversation(
        self, conversation: Conversation, state: str, *, error: Any = None, reason: str | None = None
    ) -> list[asyncio.Future[None]]:
        """End a conversation at once: close its frames and take out all that it has queued.

        Returns:
            A future for each handler that is being cancelled; it is done when the handler is gone.
        """
        if conversation not in self.conversations.active:
            return []
        if error is not None:
            self.conversations.keep_error(conversation, error)
        conversation.reason = reason
        self.conversations.end(conversation, state)
        loop = asyncio.get_running_loop()
        gone = []
        for frame in conversation.root.below():
            if frame.turn is not None and frame.turn.task is not None:
                frame.turn.gone = loop.create_future()
                gone.append(frame.turn.gone)
        self.rules.respond(conversation.root)  # closes all below the mailbox, which stays
        self._give_up(conversation)
        self._became_quiet()
        return gone

    def _give_up(self, conversation: Conversation) -> None:
        """Take out what a conversation has queued; of many messages the first become letters, the rest one."""
        ended = f"#{conversation.number} was ended"
        queued = self.inbox.remove(conversation)
        for place, send in enumerate(queued):
            if place == TOLD_ONE_BY_ONE and len(queued) > TOLD_ONE_BY_ONE + 1:
                rest = len(queued) - place
                self.losses.count(rest - 1)
                self.refused(send, Rejected("assign", "closed", f"{ended}; so were {rest:,} of its messages in all"))
            elif place > TOLD_ONE_BY_ONE and len(queued) > TOLD_ONE_BY_ONE + 1:
                self._left_stream(send)
            else:
                self.refused(send, Rejected("assign", "closed", ended))


def _is_branch(send: Send) -> bool:
    """Say whether others of its deliveries are under way, or have arrived."""
    return send.open > 1 or (send.raw is not None and send.raw.admitted)
