"""What becomes of a message that goes no further: a dead letter, an event, and a word to whoever sent it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.events import DeadLetterEvent, MessageDroppedEvent, SendRefusedEvent
from xpipe_nb.letters import letter_for, letter_for_unwritten
from xpipe_nb.messages import Delivery, Send
from xpipe_nb.xml import huh

if TYPE_CHECKING:
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.letters import DeadLetters
    from xpipe_nb.messages import DeadLetter, Raw

__all__ = ["Losses"]

log = logging.getLogger(__name__)


class Losses:
    """Keeps book of what is lost; what follows from it for frames is the exchange's affair.

    Args:
        directory: Who is there.
        bus: Where it is published.
        letters: Where it is kept.
    """

    def __init__(self, directory: Directory, bus: EventBus, letters: DeadLetters) -> None:
        self._directory, self._bus, self._letters = directory, bus, letters

    def count(self, more: int) -> None:
        """Count messages that become no letters of their own."""
        self._letters.total += more

    def lose(self, item: Any, rejection: Rejected) -> DeadLetter:
        """Make a dead letter of whatever an item had become."""
        letter = letter_for(item, rejection)
        send = item.send if isinstance(item, Delivery) else item
        self._keep(letter, send.frame.conversation if isinstance(send, Send) else None)
        return letter

    def lose_late(self, turn: Turn, result: Any) -> None:
        """Keep what a handler gave when nobody waited for it any more."""
        detail = f"{turn.listener.name} gave {str(result)[:200]!r} after its turn was over"
        self.lose(turn.delivery, Rejected("perform", "late", detail))

    def refuse_unwritten(self, turn: Turn, payload: Any, to: str | None, rejection: Rejected) -> None:
        """Keep and tell what a handler wanted sent, but what did not become a message."""
        letter = letter_for_unwritten(turn, payload, to, rejection)
        self._keep(letter, turn.frame.conversation)
        self._tell(letter, payload)

    def refuse_at_door(self, raw: Raw, rejection: Rejected) -> None:
        """Refuse an injection before it came to the stream."""
        self.lose(raw, rejection)
        self.tell_injector(raw, rejection)

    def tell_injector(self, raw: Raw, rejection: Rejected) -> None:
        """Tell whoever waits for an injection; for bytes, with the `huh` that a port may send back."""
        if raw.origin is None:
            return
        if isinstance(raw.data, bytes | str) and rejection.reply is None:
            original = raw.data.encode("utf-8", "replace") if isinstance(raw.data, str) else raw.data
            rejection.reply = huh(rejection.reason, original)
        raw.origin.refused(rejection)

    def refuse_sent(self, send: Send, letter: DeadLetter) -> None:
        """Tell of a message that was sent and is now a dead letter."""
        self._tell(letter, self._readable(send))

    def _tell(self, letter: DeadLetter, payload: Any) -> None:
        if self._bus.heard:
            self._bus.publish(
                SendRefusedEvent(
                    letter.thread_id or "",
                    letter.from_id,
                    letter.to_id,
                    letter.payload_type or "",
                    payload,
                    letter.conversation,
                    letter.reason,
                    letter.detail,
                )
            )

    def _readable(self, send: Send) -> Any:
        """Give a refused payload as an object for the person, if it can be read at all."""
        codec = self._directory.codec_for(send.tag, send.cls)
        try:
            return send.element if codec is None else codec.decode(send.element, self._directory.table)
        except PayloadError:
            return send.element

    def _keep(self, letter: DeadLetter, conversation: Conversation | None) -> None:
        self._letters.add(letter)
        if conversation is not None:
            conversation.lost(letter)
        log.info("%s", letter)
        if self._bus.heard:
            self._bus.publish(DeadLetterEvent(letter))
            if letter.reason == "dropped":
                self._bus.publish(_drop_event(letter))

    def drop_note(self, send: Send) -> None:
        """Leave out a note of the pump's that came too late for its receiver."""
        if self._bus.heard:
            frame = send.frame
            number = frame.conversation.number
            event = MessageDroppedEvent(
                frame.thread_id, send.from_id, frame.listener, send.tag, send.error, number, number=send.number
            )
            self._bus.publish(event)


def _drop_event(letter: DeadLetter) -> MessageDroppedEvent:
    return MessageDroppedEvent(
        letter.thread_id or "",
        letter.from_id,
        letter.to_id,
        letter.payload_type or "",
        letter.raw,
        letter.conversation,
    )
