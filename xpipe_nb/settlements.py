"""What a person's stage gave for a message, settled: every message still ends once, however many come of one.

A message holds its frame until it has left the stream, and an injection has somebody who waits to hear of it. A stage
that drops a message, puts another one in its place or makes many of one changes none of that: it is made right here.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.events import PipelineFailed
from xpipe_nb.messages import Delivery, Document, Envelope, HandlerResponse, Kind, Raw, Send
from xpipe_nb.payloads import is_payload
from xpipe_nb.replies import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.composing import Composer
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.frame_rules import FrameRules
    from xpipe_nb.reception import Reception

__all__ = ["Settlements"]

_UNSET = ("origin", "context", "conversation", "reference", "to")
"""What a new `Raw` takes over from the one it stands for, where it says nothing of its own."""


class Settlements:
    """Makes the books right after a person's stage.

    Args:
        exchange: Where messages end.
        rules: The rules of frames.
        composer: Writes and checks payloads.
        directory: Who is there.
        reception: Takes what an operator makes of nothing.
        bus: Where failures are published.
    """

    def __init__(
        self,
        exchange: Exchange,
        rules: FrameRules,
        composer: Composer,
        directory: Directory,
        reception: Reception,
        bus: EventBus,
    ) -> None:
        self._exchange, self._rules, self._composer = exchange, rules, composer
        self._directory, self._reception, self._bus = directory, reception, bus

    # ---- one message

    @staticmethod
    def mark(item: Any) -> Any:
        """Note how a decoded payload looks, so that it can be seen whether a stage has changed it."""
        if isinstance(item, Delivery) and item.payload is not None:
            return item.payload, dict(getattr(item.payload, "__dict__", ()))
        return None

    def settle(self, name: str, before: Any, given: Any, gives: tuple[type, ...], mark: Any) -> list[Any]:
        """Give the messages that go on in place of one.

        Args:
            name: The stage.
            before: The message that it was given.
            given: What it gave: that message or one in its place, a list of them, or `None`.
            gives: The types that it may give.
            mark: What `mark` noted before.

        Raises:
            TypeError: For what cannot stand in its place.
            Rejected: For a payload that is not valid.
        """
        if given is before:  # most stages only look, or change what they were given
            return [self._inherit(before, before, mark)]
        made = _listed(given)
        if not made:
            self._exchange.dropped(before, name)
            return []
        for each in made:
            _check(before, each, gives)
        heir = before if _is_in(before, made) else made[0]
        going, settled = [], False
        for each in made:
            if each is heir and not settled:
                settled = True
                going.append(self._inherit(before, each, mark))
            else:
                going += self._more(name, each)
        return going

    def settle_made(
        self, name: str, before: Any, function: Callable[[Any], Any], gives: tuple[type, ...], made: list[Any]
    ) -> list[Any]:
        """Call a replacement for a stage that opens frames, and give the messages that go on.

        Args:
            name: The stage.
            before: The message.
            function: The replacement.
            gives: The types that it may give.
            made: Gets what the pump's own stage makes, if the replacement calls it; whatever of that does not go on is
                dropped.
        """
        try:
            going = _listed(function(before))
            for each in going:
                if type(each) not in gives or not _is_in(each, [*made, before]):
                    raise TypeError(f"it gave {shown(each)}; only the pump's own {name} can make one: stages.built_in")
                self._decoded(name, each)
        except Exception as error:
            if not made:
                raise
            self._end_made(name, made, error)
            return []
        if isinstance(before, Send) and gives == (Delivery,):
            before.open = len(_once(made)) or before.open
        for each in _once(made) or [before]:
            if not _is_in(each, going):
                self._exchange.dropped(each, name)
        return _once(going)

    def _end_made(self, name: str, made: list[Any], error: Exception) -> None:
        for each in _once(made):
            if isinstance(error, Rejected):
                self._exchange.refused(each, error)
            else:
                self._exchange.failed(each, name, error)

    def _decoded(self, name: str, item: Any) -> None:
        """Look at what a replacement for `decode` made, unless the pump's own made it."""
        if name == "decode":
            if item.payload is None:
                raise TypeError("it left the payload out")
            item.generation = self._directory.generation
            self._look_again(item, (None, None))

    def settle_extra(self, name: str, given: Any, gives: tuple[type, ...]) -> list[Any]:
        """Settle what an operator gave in place of nothing: a message once more, or something to be injected.

        Raises:
            TypeError: For anything else.
        """
        if type(given) in gives:
            return self._more(name, given)
        payload = given.payload if isinstance(given, HandlerResponse) else given
        if not (isinstance(payload, bytes | str) or etree.iselement(payload) or is_payload(type(payload))):
            raise TypeError(_gave(given, gives))
        self._reception.take(payload, getattr(given, "to", None), name)
        return []

    def dropped(self, item: Any, name: str, detail: str | None = None) -> None:
        """End a message that a stage did not give on."""
        self._exchange.dropped(item, name, detail)

    def emptied(self) -> None:
        """Nothing is inside an operator any more."""
        self._exchange.operator_is_empty()

    def refused(self, item: Any, rejection: Rejected) -> None:
        """End a message that a stage rejected."""
        self._exchange.refused(item, rejection)

    def failed(self, item: Any, name: str, error: Exception) -> None:
        """End a message at which a stage broke; if it is none of ours, only tell."""
        if isinstance(item, Raw | Document | Envelope | Send | Delivery):
            self._exchange.failed(item, name, error)
        elif self._bus.heard:
            self._bus.publish(PipelineFailed(name, f"{type(error).__name__}: {error}"))

    # ---- the first of them has what the message had

    def _inherit(self, before: Any, heir: Any, mark: Any) -> Any:
        if isinstance(heir, Send):
            _inherit_send(before, heir)
        elif isinstance(heir, Delivery):
            self._look_again(heir, mark)
        elif _raw(heir) is not _raw(before):
            old, new = _raw(before), _raw(heir)
            for slot in _UNSET:
                if getattr(new, slot) is None:
                    setattr(new, slot, getattr(old, slot))
            new.repairs = new.repairs or old.repairs
        return heir

    def _look_again(self, delivery: Delivery, mark: Any) -> None:
        """See to it that a receiver gets what passes its schema, also after a stage had it in its hands."""
        send = delivery.send
        if send.element.tag != send.tag:
            raise TypeError(f"it made a {send.element.tag} of a {send.tag}; after route its class stays what it is")
        if mark is None:  # not decoded yet
            send.codec = None
            return
        payload = delivery.payload
        same = payload is mark[0] and dict(getattr(payload, "__dict__", ())) == mark[1]
        if same or (delivery.listener is not None and delivery.listener.generic):
            return
        element, cls = self._composer.encode(payload)
        codec = self._directory.codec_for(send.tag, send.cls)
        if codec is None or str(element.tag) != send.tag:
            raise TypeError(f"it put a {cls.__name__} in place of a {send.tag}")
        try:
            codec.validate(element)
            delivery.payload = codec.decode(element, self._directory.table)
        except PayloadError as error:
            raise Rejected("decode", "schema", str(error), line=error.line, column=error.column) from error

    # ---- every further one is a message of its own

    def _more(self, name: str, item: Any) -> list[Any]:
        """Give a copy that has a life of its own; an empty list if there can be none."""
        if not isinstance(item, Send | Delivery):
            raw = copy(_raw(item))
            raw.origin, raw.admitted = None, False  # who waits, waits for the first one
            if isinstance(item, Raw):
                return [raw]
            item = copy(item)
            item.raw = raw
            return [item]
        send, frame = (item, item.frame) if isinstance(item, Send) else (item.send, item.frame)
        if send.kind is Kind.CALL and isinstance(item, Send):
            detail = f"{name} gave more than one message for a call, which has one answer"
            self._exchange.losses.lose(item, Rejected(name, "call", detail))
            return []
        if frame.closed or not frame.busy or send.frame.closed:
            detail = f"{name} gave it once more, after it was over"
            self._exchange.losses.lose(item, Rejected(name, "closed", detail))
            return []
        return [self._another_send(item) if isinstance(item, Send) else self._another_delivery(item)]

    def _another_send(self, send: Send) -> Send:
        another = copy(send)
        another.open, another.refused, another.codec = 1, False, None
        conversation = another.frame.conversation
        conversation.numbered += 1
        another.number = conversation.numbered
        another.tag = _tag(another)
        self._rules.hold(another.frame)
        return another

    def _another_delivery(self, delivery: Delivery) -> Delivery:
        another = copy(delivery)
        another.gated = another.dropped = False
        if not another.send.open:  # the first one has left the stream, and let go of its sender
            self._rules.hold(another.send.frame)
        another.send.open += 1
        if another.listener is not None:
            self._rules.hold(another.frame)
        return another


def _listed(given: Any) -> list[Any]:
    return [] if given is None else list(given) if isinstance(given, list | tuple) else [given]


def _is_in(item: Any, items: list[Any]) -> bool:
    return any(item is each for each in items)


def _once(items: list[Any]) -> list[Any]:
    """Leave out what is there already."""
    return list({id(each): each for each in items}.values())


def _raw(item: Any) -> Raw:
    return item if isinstance(item, Raw) else item.raw


def _check(before: Any, given: Any, gives: tuple[type, ...]) -> None:
    """See to it that something can stand in a message's place."""
    if type(given) not in gives:
        raise TypeError(_gave(given, gives))
    if isinstance(given, Send):
        same = given.frame is before.frame and given.kind is before.kind and given.call is before.call
    elif isinstance(given, Delivery):
        same = given.send is before.send and given.frame is before.frame and given.listener is before.listener
    else:
        return
    if not same:
        raise TypeError(f"it gave a {type(given).__name__} of another frame; change the one it got, or drop it")


def _gave(given: Any, gives: tuple[type, ...]) -> str:
    names = " or ".join(each.__name__ for each in gives)
    return f"it gave {shown(given)}; expected {names}, a list of them, or None to drop it"


def _inherit_send(before: Send, heir: Send) -> None:
    tag = _tag(heir)
    if tag != before.tag and heir.cls is before.cls:
        heir.cls = None
    heir.tag, heir.codec = tag, None
    if heir is not before:
        heir.number, heir.epoch, heir.turn = before.number, before.epoch, before.turn
        heir.raw = before.raw


def _tag(send: Send) -> str:
    tag = send.element.tag if etree.iselement(send.element) else None
    if not isinstance(tag, str) or tag.startswith("{"):
        raise TypeError(f"the element of a Send is a payload in no namespace, got {shown(send.element)}")
    return tag
