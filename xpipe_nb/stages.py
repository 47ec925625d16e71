"""The stages from the source to a decoded delivery, in order; read `build` top to bottom.

Each stage is a plain function from the one type that it is for to the next. It raises `Rejected` and knows nothing
of what happens then.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.identity import check_message, refuse_repaired
from xpipe_nb.messages import FAILURE, INJECT, ITSELF, RESPOND, Delivery, Document, Envelope, Raw, Send, Verified
from xpipe_nb.operators import Stage
from xpipe_nb.xml import copy_tree, open_envelope, read_document

if TYPE_CHECKING:
    from xpipe_nb.composing import Composer
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.directory import Directory
    from xpipe_nb.frame_rules import FrameRules
    from xpipe_nb.identity import Identity
    from xpipe_nb.listeners import Listener
    from xpipe_nb.xml import GateLimits

__all__ = ["Steps"]


class Steps:
    """The built-in stages of one pump; `Stages` is the list that a person can change.

    Args:
        gate: The limits of what comes from outside.
        conversations: The open conversations.
        directory: Who is there.
        composer: Knows the schema of every payload.
        rules: The rules of frames.
        max_messages: How many messages one conversation may send.
        identity: Whose signatures are asked for; `None` asks for none.
    """

    def __init__(
        self,
        gate: GateLimits,
        conversations: Conversations,
        directory: Directory,
        composer: Composer,
        rules: FrameRules,
        max_messages: int,
        identity: Identity | None = None,
    ) -> None:
        self._identity = identity
        self.gate, self._conversations, self._directory = gate, conversations, directory
        self._composer, self._rules, self.max_messages = composer, rules, max_messages
        self.may_alter = False  # stages of a person's own may change a tree after it was written

    def build(self) -> list[Stage]:
        """Give the stages, from bytes to decoded deliveries."""
        return [
            Stage("read", (Raw,), self.read),
            Stage("verify", (Document,), self.verify),
            Stage("open", (Verified,), self.open),
            Stage("split", (Envelope,), self.split, many=True),
            Stage("assign", (Envelope, Send), self.assign),
            Stage("route", (Send,), self.route, many=True),
            Stage("decode", (Delivery,), self.decode),
        ]

    def read(self, raw: Raw) -> Document:
        """Bytes, text or a tree within the limits of the gate."""
        data = raw.data
        if isinstance(data, bytes | str):
            return Document(raw, read_document(data, self.gate))
        if not etree.iselement(data):
            raise Rejected("read", "malformed", f"expected a payload, an element, str or bytes, got {data!r}")
        return Document(raw, data if raw.trusted else copy_tree(data, self.gate))

    def verify(self, document: Document) -> Verified:
        """What its signature says, before anything else is read; without an identity no signature is asked for."""
        raw = document.raw
        if raw.repairs:
            refuse_repaired(document.root)
        if self._identity is not None and not (raw.trusted or raw.vouched):
            port = None if raw.origin is None else raw.port  # nobody waits for what came by the pump's own `inject`
            check_message(document.root, self._identity, port=port, organism=self._directory.organism)
        return Verified(raw, document.root)

    def open(self, document: Verified) -> Envelope:
        """Who says what to whom; who it is was decided by the port it came in by."""
        raw = document.raw
        if raw.trusted:
            return Envelope(raw, (document.root,), raw.to, raw.reference)
        opened = open_envelope(document.root)
        if opened.from_id is not None and opened.from_id != raw.port:
            detail = f"the envelope says it is from {opened.from_id!r}, but it came in by {raw.port!r}"
            raise Rejected("open", "forged-from", detail)
        if raw.to is not None and opened.to_id is not None and raw.to != opened.to_id:
            detail = f"the envelope is for {opened.to_id!r}, but it was injected for {raw.to!r}"
            raise Rejected("open", "conflict", detail)
        thread = opened.thread if opened.thread is not None else raw.reference
        return Envelope(raw, (opened.payload,), raw.to or opened.to_id, thread)

    def split(self, envelope: Envelope) -> list[Envelope]:
        """One payload each."""
        if len(envelope.payloads) == 1:
            return [envelope]
        return [Envelope(envelope.raw, (each,), envelope.to, envelope.thread) for each in envelope.payloads]

    def assign(self, item: Envelope | Send) -> Send:
        """Each message belongs to a frame: an injection to its mailbox, a reply to the frame that sent it."""
        send = self._injected(item) if isinstance(item, Envelope) else item
        frame = send.frame
        if (frame.closed or send.epoch != frame.epoch) and not self._still_counts(send):
            raise Rejected("assign", "closed", f"{' ▸ '.join(frame.chain)} was closed before its message was routed")
        return send

    @staticmethod
    def _still_counts(send: Send) -> bool:
        """Say whether a message matters although its frame was closed, or has answered, since it was sent."""
        return send.error is not None or (send.kind is RESPOND and not send.frame.closed)

    def _count(self, conversation: Any) -> None:
        """Count one message more; errors do not count, so that a limit is told once."""
        conversation.sent += 1
        if conversation.sent > self.max_messages:
            detail = f"#{conversation.number} has sent {self.max_messages:,} messages (limits.max_messages)"
            raise Rejected("route", "endless", detail)

    def _injected(self, envelope: Envelope) -> Send:
        raw, element = envelope.raw, envelope.payloads[0]
        if not isinstance(element.tag, str) or element.tag.startswith("{"):
            raise Rejected("open", "malformed", f"a payload has no namespace, got {element.tag}")
        conversation = self._conversations.for_injection(raw, envelope.thread)
        turn = -1 - conversation.sent  # every injection is a turn of the injector's
        send = Send(INJECT, conversation.root, element, envelope.to, turn=turn, raw=raw, cls=raw.cls)
        conversation.numbered += 1
        send.number = conversation.numbered
        self._rules.hold(conversation.root)
        return send

    def route(self, send: Send) -> list[Delivery]:
        """One delivery for each receiver, in the frame where it arrives."""
        if send.error is not None:
            return self._error(send)
        kind, frame = send.kind, send.frame
        self._count(frame.conversation)
        if kind is RESPOND:
            return [self._answer(send)]
        sender = None if frame.parent is None else self._directory.listener_of(frame)
        targets = self._directory.routes.targets(send.tag, send.to, sender)
        if send.call is not None and (len(targets) > 1 or send.call.given_up):
            raise self._no_call(send, targets)
        if not targets[0].generic or self._directory.codec_for(send.tag, send.cls) is not None:
            self._composer.check(send)
        if kind is ITSELF:
            self._rules.hold(frame)
            return [Delivery(send, frame, targets[0])]
        if len(targets) == 1:
            return [self._opened(send, targets[0])]
        deliveries = [self._opened(send, listener) for listener in targets]
        send.open = len(deliveries)
        return deliveries

    def _opened(self, send: Send, listener: Listener) -> Delivery:
        """Open the frame in which a receiver gets a message, or give an idle one to it again."""
        child = self._rules.child_for(send.frame, listener.name, send.turn, send.call)
        if send.call is not None:
            send.call.frame = child
        return Delivery(send, child, listener)

    def _error(self, send: Send) -> list[Delivery]:
        """An error or a note arrives in its receiver's frame, if it is taken there; a failure ends its frame here."""
        if send.kind is FAILURE:
            self._rules.fail(send.frame, send.error)
            return []
        listener = self._directory.listener_of(send.frame)
        if listener is None or not (listener.accepts_errors or send.tag in listener.accepts):
            raise Rejected("route", "unheard", f"{send.frame.listener} takes no {send.tag} any more")
        self._rules.hold(send.frame)
        return [Delivery(send, send.frame, listener)]

    @staticmethod
    def _no_call(send: Send, targets: tuple[Listener, ...]) -> Rejected:
        if send.call.given_up:
            return Rejected("route", "closed", f"{send.from_id} no longer waits for this call")
        names = ", ".join(listener.name for listener in targets)
        return Rejected("route", "ambiguous", f"{names} all listen to {send.tag}; use meta.call_all, or say to=")

    def _answer(self, send: Send) -> Delivery:
        """An answer arrives in the caller's frame: at its listener, at a waiting call or in the mailbox."""
        frame = send.frame
        caller = frame.parent
        if caller is None or caller.closed:
            raise Rejected("route", "closed", f"{frame.caller} no longer waits for {frame.listener}")
        if frame.call is not None or caller.parent is None:
            return Delivery(send, caller, None)
        listener = self._directory.listener_of(caller)
        if listener is None or send.tag not in listener.accepts:
            accepted = " or ".join(listener.accepts) if listener else "nothing"
            detail = f"{frame.listener} answered {caller.listener} with {send.tag}; it takes {accepted}"
            raise Rejected("route", "answer", detail)
        self._rules.hold(caller)
        return Delivery(send, caller, listener)

    def decode(self, delivery: Delivery) -> Delivery:
        """Each receiver gets a validated copy of its own."""
        send = delivery.send
        delivery.generation = self._directory.generation
        if delivery.listener is not None and delivery.listener.generic:
            delivery.payload = deepcopy(send.element)
            return delivery
        codec = send.codec or self._composer.check(send)
        if send.values is not None and codec.cls is send.cls and not self.may_alter:
            delivery.payload = codec.remake(send.values)
            if delivery.payload is not None:
                return delivery
        try:
            delivery.payload = codec.decode(send.element, self._directory.table)
        except PayloadError as error:
            raise Rejected("decode", "schema", str(error), line=error.line, column=error.column) from error
        return delivery

    def renew(self, delivery: Delivery) -> None:
        """Bring a delivery that waited through a reload up to date: the new code, the new class.

        Raises:
            Rejected: With reason `schema-changed`, when the new class does not take it.
        """
        delivery.listener = self._directory.listener_of(delivery.frame)
        delivery.send.codec = None
        try:
            self.decode(delivery)
        except Rejected as rejection:
            detail = f"{rejection.detail}; it was sent before the reload"
            raise Rejected("decode", "schema-changed", detail) from rejection
