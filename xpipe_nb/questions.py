"""Questions to a person: what waits for an answer, and which conversations have nothing else left to wait for.

Whoever asks (a budget that is used up, a breakpoint) opens a question and waits for its answer.
A conversation that only waits for such answers is `waiting`: it is not complete, but it holds no place, and the
organism counts as quiet.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from xpipe_nb.events import QuestionEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xpipe_nb.calls import Call
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.conversations import Conversations
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.frames import Frame

__all__ = ["Question", "Questions"]


class Question:
    """Something that a person has to decide before a handler can go on.

    Args:
        number: Counts the questions of the organism, from 1.
        frame: The frame of who asks.
        kind: What it is about, for programs: `budget` or `breakpoint`.
        text: The question, for the person, in one sentence without its full stop.
        remedy: How it is answered, in Python.
        about: What a program needs to know of it; for `budget` the limit in tokens that would do, for `breakpoint` the
            message (`Held`).
    """

    __slots__ = ("about", "answer", "frame", "kind", "number", "remedy", "text")

    def __init__(self, number: int, frame: Frame, kind: str, text: str, remedy: str = "", about: Any = None) -> None:
        self.number, self.frame, self.kind = number, frame, kind
        self.text, self.remedy, self.about = text, remedy, about
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @property
    def conversation(self) -> Conversation:
        """Whose question it is."""
        return self.frame.conversation  # type: ignore[no-any-return]

    def __str__(self) -> str:
        return f"#{self.conversation.number} waits for you: {self.text}"

    def __repr__(self) -> str:
        return f"Question({self.number}, {self.kind}, {self})"


class Questions:
    """The open questions of one organism.

    Args:
        conversations: All conversations of it.
        bus: Where questions are published.
        became_quiet: Is told when a conversation has nothing left but questions.

    Attributes:
        attended: Somebody is there who could answer; without one, what would be asked fails instead.
        asked: Is told of each question when it is opened; what it does about it comes a turn of the loop later.
        blocks_person: Whoever awaits a conversation from outside can do nothing else meanwhile, as in a cell of a
            notebook; when it waits for a person, the waiting ends with `ConversationWaits`.
    """

    def __init__(self, conversations: Conversations, bus: EventBus, became_quiet: Callable[[], None]) -> None:
        self._conversations, self._bus, self._became_quiet = conversations, bus, became_quiet
        self._asked = 0
        self._looking = False
        self.attended = False
        self.blocks_person = False
        self.asked: Callable[[Question], None] = lambda _question: None
        self.open: dict[int, Question] = {}

    def ask(self, frame: Frame, kind: str, text: str, remedy: str = "", about: Any = None) -> Question:
        """Open a question."""
        self._asked += 1
        question = self.open[self._asked] = Question(self._asked, frame, kind, text, remedy, about)
        self._tell(question, "asked")
        self.asked(question)
        return question

    def answer(self, question: Question, answer: Any) -> None:
        """Answer a question; who asked goes on."""
        if not question.answer.done():
            question.answer.set_result(answer)
        self.close(question)

    def refuse(self, question: Question, error: Exception) -> None:
        """Answer a question with no; the error is raised where its answer is awaited."""
        if not question.answer.done():
            question.answer.set_exception(error)
        self.close(question)

    def close(self, question: Question) -> None:
        """Take a question from the list: it was answered, or nobody waits for its answer any more."""
        if self.open.pop(question.number, None) is not None:
            answered = question.answer.done() and not question.answer.cancelled()
            self._tell(question, "answered" if answered else "withdrawn")
            self._conversations.go_on(question.conversation)  # until a look finds that it waits for something else
            self.look_soon()

    def frame_closed(self, frame: Frame) -> None:
        """Withdraw what a frame asks that is no more."""
        for question in [each for each in self.open.values() if each.frame is frame]:
            question.answer.cancel()
            self.close(question)

    def _tell(self, question: Question, state: str) -> None:
        if self._bus.heard:
            frame = question.frame
            number = frame.conversation.number
            event = QuestionEvent(
                frame.thread_id, frame.listener, question.number, question.kind, question.text, state, number
            )
            self._bus.publish(event)

    def of(self, conversation: Conversation) -> list[Question]:
        """Give what a conversation waits for; what another asks that it waits for counts as its own."""
        own = [each for each in self.open.values() if each.conversation is conversation]
        return own or list(self.open.values())

    # ---- which conversations wait

    @property
    def matters(self) -> bool:
        """There is a question, or a conversation that waited for one."""
        return bool(self.open or self._conversations.resting)

    def look_soon(self) -> None:
        """Look once the loop has turned: much may change until then, and one look is enough."""
        if not self._looking:
            self._looking = True
            asyncio.get_running_loop().call_soon(self.look)

    def look(self) -> None:
        """See which conversations have nothing left but questions, and which go on."""
        self._looking = False
        resting = self._conversations.resting
        for conversation in list(self._conversations.active):
            rests = bool(self.open) and _rests(conversation, set())
            if rests and conversation not in resting:
                self._conversations.rest(conversation)
                self._became_quiet()
            elif not rests and conversation in resting:
                self._conversations.go_on(conversation)


def _rests(conversation: Any, seen: set[int]) -> bool:
    """Say whether nothing of a conversation moves: every turn of it waits, in the end for a person."""
    if id(conversation) in seen or conversation.is_over:  # in a ring nobody waits for a person
        return False
    seen.add(id(conversation))
    return all(_frame_rests(frame, seen) for frame in conversation.root.below() if frame.busy)


def _frame_rests(frame: Frame, seen: set[int]) -> bool:
    own = frame.busy - sum(1 for child in frame.children if child.busy)
    turn = frame.turn
    if turn is None:
        return not own  # else something is queued for it, or under way from it
    if own > 1 + len(frame.queue or ()):
        return False
    if turn.placed or turn.resumption is not None or any(map(_is_answered, turn.waits or [()])):
        return False
    return all(abroad is not None and _rests(abroad, seen) for abroad in turn.abroad or ())


def _is_answered(calls: Sequence[Call]) -> bool:
    """Say whether who waits for these calls, for one after the other, is about to go on."""
    for call in calls:
        if not call.future.done():
            return False
        if call.future.cancelled() or call.future.exception() is not None:
            return True
    return True
