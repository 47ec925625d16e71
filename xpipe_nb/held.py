"""One message that is held before its handler: a person looks at it, changes it, lets it go or drops it."""

from __future__ import annotations

import re
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, Protocol

from lxml import etree

from xpipe_nb.errors import PayloadError, Rejected, XPipeError
from xpipe_nb.messages import Delivery
from xpipe_nb.payloads import codec_of, is_payload
from xpipe_nb.replies import shown
from xpipe_nb.xml import read_document

if TYPE_CHECKING:
    from lxml.etree import _Element

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.directory import Directory
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.questions import Question
    from xpipe_nb.stages import Steps

__all__ = ["Held"]

_PLACE = re.compile(r" \(line [0-9]+(, column [0-9]+)?\)$")


class Keeper(Protocol):
    """Who holds messages."""

    steps: Steps

    def release(self, held: Held, turn: Turn) -> None:
        """Let a message go, as its `fate` says."""


class Held:
    """A message that is held before its handler.

    Args:
        turn: The turn that would handle it.
        question: What a person is asked.
        keeper: Who holds it.
        directory: Who is there.

    Attributes:
        fate: What was decided: `continued`, `edited`, `dropped`, or nothing yet.
        reason: Why it was dropped, in a person's words.
    """

    __slots__ = ("_directory", "_is_edited", "_keeper", "_turn", "fate", "question", "reason")

    def __init__(self, turn: Turn, question: Question, keeper: Keeper, directory: Directory) -> None:
        self._turn, self.question, self._keeper, self._directory = turn, question, keeper, directory
        self._is_edited = False
        self.fate = ""
        self.reason: str | None = None

    # ---- looking at it

    @property
    def number(self) -> int:
        """The number of the question that it is."""
        return self.question.number

    @property
    def conversation(self) -> Conversation:
        """The conversation that it belongs to."""
        return self.question.conversation

    @property
    def message(self) -> str:
        """Its numbers as people write them: `#1.2`."""
        return f"#{self.conversation.number}.{self._turn.delivery.send.number}"

    @property
    def from_id(self) -> str:
        """Who sent it."""
        return self._turn.delivery.send.from_id

    @property
    def listener(self) -> str:
        """Whom it is for."""
        return self._turn.listener.name

    @property
    def payload_type(self) -> str:
        """The name of its payload class."""
        return self._turn.delivery.send.tag

    @property
    def element(self) -> _Element:
        """The payload as a tree; it is not to be changed."""
        return self._turn.delivery.send.element

    @property
    def payload(self) -> Any:
        """The payload, made anew: what is done to it changes nothing."""
        codec = self._directory.codec_for(self.payload_type, self._turn.delivery.send.cls)
        if self._turn.listener.generic or codec is None:
            return deepcopy(self.element)
        return codec.decode(self.element, self._directory.table)

    @property
    def xml(self) -> str:
        """The payload as XML, indented."""
        element = deepcopy(self.element)
        element.tail = None
        etree.indent(element, "  ")
        return etree.tostring(element, encoding="unicode")

    # ---- deciding

    def edit(self, payload: Any) -> None:
        """Put another payload in its place; it stays held.

        Args:
            payload: An object of the same class, an element, or XML as text or bytes.

        Raises:
            PayloadError: It is of another class, or its schema refuses it; with line and column where it is text. The
                message stays as it was.
            XPipeError: The message is not held any more.
        """
        self._check()
        delivery = self._turn.delivery
        edited = copy(delivery.send)
        edited.element, edited.raw, edited.codec = self._read(payload), None, None
        tried = Delivery(edited, delivery.frame, delivery.listener)
        try:
            self._keeper.steps.decode(tried)
        except Rejected as error:
            raise PayloadError(self.payload_type, error.detail, line=error.line, column=error.column) from error
        delivery.send, delivery.payload, delivery.generation = edited, tried.payload, tried.generation
        self._is_edited = True

    def release(self) -> None:
        """Let it go to its handler.

        Raises:
            XPipeError: It is not held any more.
        """
        self._end("edited" if self._is_edited else "continued")

    def drop(self, reason: str | None = None) -> None:
        """End it: it becomes a dead letter, and its sender hears of it as of a send that was refused.

        Args:
            reason: Why, for the person.

        Raises:
            XPipeError: It is not held any more.
        """
        self._check()
        self.reason = reason
        self._end("dropped")

    def _end(self, fate: str) -> None:
        self._check()
        self.fate = fate
        self._keeper.release(self, self._turn)

    def _check(self) -> None:
        if self.question.answer.done():
            raise XPipeError(f"{self.message} is not held any more")

    def _read(self, given: Any) -> _Element:
        """Give what a person wrote as a tree of the right class."""
        if isinstance(given, str | bytes):
            return self._from_text(given)
        if etree.iselement(given):
            element = deepcopy(given)
        elif is_payload(type(given)):
            element = codec_of(type(given)).encode(given)
        else:
            raise PayloadError(self.payload_type, f"expected a payload or XML, got {shown(given)}")
        if element.tag != self.payload_type:
            raise PayloadError(self.payload_type, f"expected <{self.payload_type}>, got <{element.tag}>")
        element.tail = None
        return element

    def _from_text(self, text: str | bytes) -> _Element:
        codec = self._directory.codec_for(self.payload_type, self._turn.delivery.send.cls)
        if codec is not None:
            codec.from_xml(text, self._directory.table)
        try:
            return read_document(text)
        except Rejected as error:  # where there is no codec to say it
            problem = _PLACE.sub("", error.detail)
            raise PayloadError(self.payload_type, problem, line=error.line, column=error.column) from None

    def __repr__(self) -> str:
        return f"{self.message} · {self.from_id} → {self.listener} · {self.payload_type} · {self.fate or 'held'}"
