"""What the pump's own listeners share: who asks, what that one may do, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import Rejected
from xpipe_nb.events import MessageDroppedEvent
from xpipe_nb.failures import code_of, failure
from xpipe_nb.messages import Kind, Send
from xpipe_nb.names import is_system_name
from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from xpipe_nb.composing import Composer
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.frames import Frame
    from xpipe_nb.listeners import Listener
    from xpipe_nb.metadata import HandlerMetadata

__all__ = ["Desk", "number_of", "requester", "tag_of", "turn_of"]


def turn_of(meta: HandlerMetadata) -> Turn:
    """Give the turn that a system listener's metadata belongs to."""
    turn = meta._turn  # noqa: SLF001 - one of us
    assert turn is not None  # the pump's own listeners run in the pump
    return turn


def requester(turn: Turn) -> Frame:
    """Give the frame of who asks: the nearest caller that is none of the pump's own listeners.

    A sequence that sends to a buffer must not lend its own rights to the agent behind it.
    """
    frame = turn.frame.parent
    assert frame is not None  # only the mailbox has none, and it runs nothing
    while frame.parent is not None and is_system_name(frame.listener):
        frame = frame.parent
    return frame


def number_of(turn: Turn) -> str:
    """Give what people call the message that a turn is about: its conversation's number and its own."""
    return f"{turn.frame.conversation.number}.{turn.delivery.send.number}"


def tag_of(payload: Any) -> str:
    """Give the name of a payload's class."""
    return codec_of(type(payload)).tag


class Desk:
    """Stands between the pump and its own listeners.

    Args:
        directory: Who is there.
        exchange: Where messages change hands.
        composer: Writes messages.
        bus: Where all that happens is published.
    """

    def __init__(self, directory: Directory, exchange: Exchange, composer: Composer, bus: EventBus) -> None:
        self._directory, self._exchange, self._composer, self._bus = directory, exchange, composer, bus

    def reachable(self, turn: Turn, to: str) -> Listener:
        """Give the listener of that name, if who asks may send to it.

        Raises:
            Rejected: There is no such listener, or who asks may not send to it.
        """
        frame = requester(turn)
        sender = None if frame.parent is None else self._directory.listener_of(frame)
        return self._directory.routes.reachable(to, sender)

    def fitting(self, listener: Listener, tag: str, before: str = "") -> None:
        """See to it that a listener takes a payload class.

        Args:
            listener: Who is to take it.
            tag: The name of the class.
            before: The step that gave it, if one did.

        Raises:
            Rejected: It does not; both classes are named.
        """
        if tag not in listener.accepts:
            accepted = " or ".join(listener.accepts) or "nothing"
            gave = f"{before} gave {tag}, but " if before else ""
            unfit = "" if before else f", not {tag}"
            raise Rejected("route", "not-accepted", f"{gave}{listener.name} takes {accepted}{unfit}")

    def refused(self, turn: Turn, payload: Any, to: str | None, rejection: Rejected) -> str:
        """Tell the person all about a refusal, and give the words for who asked.

        An agent reads what its own contracts tell anyway; whether a listener is missing or forbidden is not in them.
        """
        self._exchange.losses.refuse_unwritten(turn, payload, to, rejection)
        if requester(turn).parent is None or rejection.reason in ("not-accepted", "empty"):
            return rejection.detail
        return failure(code_of(rejection)).message

    def learn(self, payload: Any) -> None:
        """Make a result's class known, so that it can travel inside another payload."""
        cls = type(payload)
        if self._directory.table.get(codec_of(cls).tag) is None:
            self._directory.table.add(cls)

    def send_for(self, turn: Turn, items: list[Any], to: str) -> None:
        """Send payloads as if who asks had sent them, so that their answers go there."""
        frame = requester(turn)
        encoded = [self._composer.encode(item) for item in items]
        for element, cls in encoded:
            self._exchange.post(Send(Kind.FORWARD, frame, element, to, turn=turn.number, cls=cls))

    def if_heard(self, turn: Turn, note: Any) -> Any:
        """Give a note back if its receiver takes such; otherwise `None`, and an event says that it was left out."""
        frame, parent = turn.frame, turn.frame.parent
        tag = tag_of(note)
        listener = None if parent is None or parent.parent is None else self._directory.listener_of(parent)
        if frame.call is not None or listener is None or tag in listener.accepts:
            return note
        if self._bus.heard:
            number = frame.conversation.number
            event = MessageDroppedEvent(listener_thread(parent), frame.listener, listener.name, tag, note, number)
            self._bus.publish(event)
        return None


def listener_thread(frame: Frame | None) -> str:
    """Give the thread id of a frame."""
    return "" if frame is None else frame.thread_id
