"""From a handler's result to the messages that it means: each one encoded, addressed and of a kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.changes import fields_changed
from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.messages import FORWARD, ITSELF, RESPOND, HandlerResponse, Kind, Send
from xpipe_nb.payloads import codec_at_hand, codec_of
from xpipe_nb.replies import meaning, shown
from xpipe_nb.xml import read_document, repair_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from lxml.etree import _Element

    from xpipe_nb.calls import Call
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.payloads import Codec
    from xpipe_nb.xml import GateLimits

__all__ = ["Composer", "check_name"]


def check_name(to: Any) -> str | None:
    """See to it that a receiver is given by its name.

    Raises:
        Rejected: At stage `route`, with reason `unknown`; the likely slip is to pass the function itself.
    """
    if to is None or isinstance(to, str):
        return to
    name = getattr(to, "__name__", None)
    hint = f"; write to={name!r}" if callable(to) and name else ""
    raise Rejected("route", "unknown", f"to= takes the name of a listener, got {shown(to)}{hint}", nearest=name)


class Composer:
    """Writes the messages of handlers.

    Args:
        directory: Who is there.
        gate: The limits for text that a handler returned.
        thought: Is told of the prose around the payloads of such text.
    """

    def __init__(self, directory: Directory, gate: GateLimits, thought: Callable[[Turn, str], None]) -> None:
        self._directory, self.gate, self._thought = directory, gate, thought

    def sends_of(self, turn: Turn, result: Any) -> list[Send]:
        """Write all that one result means; if one entry of a list is bad, nothing is sent.

        Raises:
            Rejected: With reason `return` or `return-list` for what means nothing; with reason `payload` or `schema`
                for a payload that its class or its schema refuses.
        """
        if type(result) is HandlerResponse:
            codec = codec_at_hand(type(result.payload))
            if codec is not None:
                return [self.respond(turn, result, codec)]  # most turns: no list, no text
        wanted = meaning(result, turn.listener)
        if len(wanted) == 1:
            return self._sends(turn, wanted[0])
        sends = []
        for place, response in enumerate(wanted):
            try:
                for send in self._sends(turn, response):
                    self.check(send)
                    self._check_target(send, turn)
                    sends.append(send)
            except Rejected as rejection:
                detail = f"entry {place} of the list: {rejection.detail}; nothing of the list was sent"
                raise Rejected(rejection.stage, "return-list", detail) from rejection
        return sends

    def _sends(self, turn: Turn, response: HandlerResponse | str | bytes) -> list[Send]:
        if isinstance(response, HandlerResponse):
            return [self.respond(turn, response)]
        return self._read(turn, response)

    def respond(self, turn: Turn, response: HandlerResponse, codec: Codec[Any] | None = None) -> Send:
        """Write one response; to name one's caller is to answer it."""
        frame, to = turn.frame, response.to
        kind = FORWARD
        if response.is_response:
            kind, to = RESPOND, None
        elif to is not None:
            if type(to) is not str:
                check_name(to)
            if frame.parent is not None and to == frame.parent.listener:
                kind, to = RESPOND, None
            elif to == frame.listener:
                kind = ITSELF
        return self.send(turn, kind, response.payload, to, None, codec)

    def send(
        self,
        turn: Turn,
        kind: Kind,
        payload: Any,
        to: str | None,
        call: Call | None = None,
        codec: Codec[Any] | None = None,
    ) -> Send:
        """Write a payload as a message of a turn.

        Args:
            turn: Whose it is.
            kind: Why it is sent.
            payload: What is sent.
            to: The receiver's name, if it has one.
            call: What waits for the answer.
            codec: What writes it, if that is known.

        Raises:
            Rejected: As `encode` does.
        """
        element, values = self._written(payload, codec)
        send = Send(kind, turn.frame, element, to, call, turn.number, cls=type(payload))
        send.values = values
        return send

    def _check_target(self, send: Send, turn: Turn) -> None:
        """See to it that somebody can take a message, before others of its list are sent."""
        if send.kind is FORWARD:
            self._directory.routes.targets(send.tag, send.to, turn.listener)

    def encode(self, payload: Any) -> tuple[_Element, type]:
        """Write a payload as a tree.

        Raises:
            Rejected: At stage `perform`, with reason `return` for what is no payload, `payload` for what cannot be
                written.
        """
        return self._written(payload)[0], type(payload)

    @staticmethod
    def _written(payload: Any, codec: Codec[Any] | None = None) -> tuple[_Element, tuple[Any, ...] | None]:
        codec = codec or codec_at_hand(type(payload))
        if codec is None:
            raise Rejected("perform", "return", f"expected a payload, got {shown(payload)}")
        try:
            return codec.write(payload)
        except PayloadError as error:
            raise Rejected("perform", "payload", str(error)) from error

    def check(self, send: Send) -> Codec[Any]:
        """Validate a message against the schema of its class, once; give the codec that reads it.

        Raises:
            Rejected: At stage `decode`, with reason `schema`.
        """
        if send.codec is not None:
            return send.codec  # type: ignore[no-any-return]
        codec = self._directory.codec_for(send.tag, send.cls)
        if codec is None:
            raise Rejected("decode", "schema", f"nobody here knows a payload class {send.tag}")
        if not codec.schema.validate(send.element):
            raise self._misfit(send, codec)
        send.codec = codec
        return codec

    @staticmethod
    def _misfit(send: Send, codec: Codec[Any]) -> Rejected:
        """Say why a schema refuses a payload; one of an older binding of its class may just be out of date."""
        text = send.raw.data if send.raw is not None and isinstance(send.raw.data, bytes | str) else None
        error = codec.explain(send.element, text)
        if send.cls is not None and codec_of(send.cls).fingerprint != codec.fingerprint:
            what = fields_changed(send.cls, codec.cls)
            detail = f"this {send.tag} was made before its class was changed ({what}); make it again"
            return Rejected("decode", "schema-changed", detail)
        rejection = Rejected("decode", "schema", str(error), line=error.line, column=error.column)
        rejection.__cause__ = error
        return rejection

    def _read(self, turn: Turn, text: str | bytes) -> list[Send]:
        """Find the payloads in a text, and a receiver for each."""
        repaired = repair_text(text, self.gate)
        conversation = turn.frame.conversation
        conversation.repairs.extend(repaired.repairs)
        if repaired.prose:
            self._thought(turn, repaired.prose)
        if not repaired.elements:
            detail = f"{turn.listener.name} returned text without a payload element: {repaired.prose[:80]!r}"
            raise Rejected("read", "payload", detail)
        return [self._from_text(turn, element) for element in repaired.elements]

    def _from_text(self, turn: Turn, text: str) -> Send:
        element = read_document(text, self.gate)
        if not isinstance(element.tag, str) or element.tag.startswith("{"):
            raise Rejected("open", "payload", f"{turn.listener.name} returned an envelope; expected payloads only")
        frame, routes = turn.frame, self._directory.routes
        caller = routes.get(frame.caller) if frame.parent is not None and frame.parent.parent is not None else None
        listener = routes.for_text(element.tag, turn.listener, caller)
        if listener is None:
            return Send(RESPOND, frame, element, turn=turn.number)
        return Send(FORWARD, frame, element, listener.name, turn=turn.number)
