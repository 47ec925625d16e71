"""The messages of late, kept so that one of them can be looked at afterwards: `organism.xray("#1.2")`.

Nothing is kept, and no message pays for it, before somebody asks: a notebook does when it starts an organism.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import XPipeError
from xpipe_nb.events import MessageQueuedEvent
from xpipe_nb.messages import DeadLetter
from xpipe_nb.payloads import codec_of, is_payload
from xpipe_nb.views.forms import REFUSED_AT
from xpipe_nb.views.xray import Passage, XRay, xray_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.events import PumpEvent
    from xpipe_nb.stage_list import Stages

__all__ = ["KEPT", "Passages"]

KEPT = 500
"""How many messages are kept, the newest ones."""

LARGEST = 64_000
"""How many characters of XML a message may have whose forms are kept."""

_NUMBER = re.compile(r"#?(\d+)(?:\.(\d+))?")


class Passages:
    """Keeps the latest messages that went to a receiver.

    Args:
        subscribe: Begins to tell of every event.
        letters: The dead letters.
        stages: The pump's stages.
    """

    def __init__(
        self,
        subscribe: Callable[[Callable[[PumpEvent], Any]], Callable[[], None]],
        letters: Iterable[DeadLetter],
        stages: Stages,
    ) -> None:
        self._subscribe, self._letters, self._stages = subscribe, letters, stages
        self._events: deque[MessageQueuedEvent] | None = None

    def keep(self) -> None:
        """Keep messages from now on; to say so twice does nothing."""
        if self._events is None:
            self._events = deque(maxlen=KEPT)
            self._subscribe(self._note)

    def _note(self, event: PumpEvent) -> None:
        if type(event) is not MessageQueuedEvent or self._events is None:
            return
        size = len(etree.tostring(event.element)) if etree.iselement(event.element) else 0
        if size + len(event.raw or "") > LARGEST:
            event = replace(event, element=None, raw=None, payload=type(event.payload))
        self._events.append(event)

    # ---- finding

    def xray(self, where: str | tuple[int, int] | DeadLetter, conversations: Iterable[Conversation]) -> XRay:
        """Do what `Organism.xray` says."""
        if isinstance(where, DeadLetter):
            return xray_of(self._lost(where, conversations))
        number, message = _numbers(where)
        if self._events is None:
            self.keep()
            raise XPipeError("no message was kept so far, since nobody had asked; they are from now on: send it again")
        if message is None:
            raise XPipeError(f"say which message of #{number}: {self._listed(number)}")
        events = [each for each in self._events if (each.conversation, each.number) == (number, message)]
        letter = next(self._letters_of(number, message), None)
        if events:
            return xray_of(self._arrived(events, letter, conversations))
        if letter is not None:
            return xray_of(self._lost(letter, conversations))
        raise XPipeError(f"there is no message #{number}.{message} (any more); {self._listed(number)}")

    def listed(self, number: int) -> list[str]:
        """Give a line for each message that is kept of a conversation: its number, its way and its class."""
        lines = {
            each.number: f"#{number}.{each.number} {each.from_id} ▸ {each.to_id or '?'} {each.payload_type}"
            for each in self._events or ()
            if each.conversation == number
        }
        for letter in self._letters:
            found = letter.number
            if letter.conversation == number and found is not None:
                lines.setdefault(found, f"{_title(letter)} · {letter.reason}")
        return [lines[each] for each in sorted(lines)]

    def _listed(self, number: int) -> str:
        return "; ".join(self.listed(number)) or f"nothing is kept of #{number}"

    def _letters_of(self, number: int, message: int) -> Iterator[DeadLetter]:
        return (each for each in self._letters if (each.conversation, each.number) == (number, message))

    # ---- what is known

    def _arrived(
        self, events: list[MessageQueuedEvent], letter: DeadLetter | None, conversations: Iterable[Conversation]
    ) -> Passage:
        event = events[0]
        receivers = ", ".join(dict.fromkeys(each.to_id or "?" for each in events))
        return Passage(
            f"#{event.conversation}.{event.number} {event.from_id} ▸ {receivers} {event.payload_type}",
            event.from_id,
            event.to_id,
            event.conversation,
            event.raw,
            event.element,
            event.repairs,
            tuple(_route(each, conversations) for each in events),
            _payload(event),
            letter,
            stages=self._own,
        )

    def _lost(self, letter: DeadLetter, conversations: Iterable[Conversation]) -> Passage:
        number = letter.number
        for each in self._events or ():
            if number is not None and (each.conversation, each.number) == (letter.conversation, number):
                return self._arrived([each], letter, conversations)
        return Passage(
            _title(letter),
            letter.from_id,
            letter.to_id,
            letter.conversation,
            letter.raw,
            None,
            letter=letter,
            refused_at=self._form_of(letter.stage),
            stages=self._own,
        )

    @property
    def _own(self) -> tuple[str, ...]:
        return tuple(each.name for each in self._stages if each.kind not in ("built-in", "source"))

    def _form_of(self, stage: str) -> str | None:
        """Say which form a message never took that was refused in a stage; a person's is seen with what follows it."""
        names = self._stages.names
        following = names[names.index(stage) :] if stage in names else [stage]
        return next((REFUSED_AT[each] for each in following if each in REFUSED_AT), None)


def _numbers(where: str | tuple[int, int]) -> tuple[int, int | None]:
    """Read `#1.2`, or a pair of numbers.

    Raises:
        XPipeError: For anything else.
    """
    if isinstance(where, tuple) and len(where) == 2:
        return where
    found = _NUMBER.fullmatch(where.strip()) if isinstance(where, str) else None
    if found is None:
        raise XPipeError(f"{where!r} names no message; expected its numbers, such as '#1.2', or a dead letter")
    return int(found[1]), int(found[2]) if found[2] else None


def _title(letter: DeadLetter) -> str:
    number = letter.number
    name = "dead letter" if number is None else f"#{letter.conversation}.{number}"
    return f"{name} {letter.from_id} ▸ {letter.to_id or '?'} {letter.payload_type or ''}".rstrip()


def _route(event: MessageQueuedEvent, conversations: Iterable[Conversation]) -> str:
    """Give the chain of the frame that a message arrived in."""
    for conversation in conversations:
        if conversation.number == event.conversation:
            for frame in conversation.frames:
                if frame.thread_id == event.thread_id:
                    what = " (an answer)" if event.kind == "respond" else ""
                    return f"{' ▸ '.join(frame.chain)}{what}"
    return f"{event.from_id} ▸ {event.to_id or '?'}"


def _payload(event: MessageQueuedEvent) -> str:
    """Write the object that its receiver got, made anew: what a handler does to its own copy is not seen here."""
    cls = event.payload if isinstance(event.payload, type) else type(event.payload)
    if event.element is None:
        return f"a {cls.__name__}, too large to keep"
    return repr(codec_of(cls).decode(event.element)) if is_payload(cls) else ""
