"""Answers of a person: what `%organism answer` does with each kind of question, now or when it will be asked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import BudgetExhausted, XPipeError
from xpipe_nb.notebook.arguments import payload_from
from xpipe_nb.notebook.line import first_word
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.notebook.saying import say

if TYPE_CHECKING:
    from xpipe_nb.notebook.session import Session
    from xpipe_nb.organism import Organism
    from xpipe_nb.questions import Question

__all__ = ["WORDS", "Script", "answered", "how_to_answer", "unattended"]

WORDS = {"breakpoint": ("continue", "drop", "edit "), "budget": ("yes", "no")}
"""The words that answer a question, by its kind; any other is answered with any text."""

_YES, _NO = ("yes", "continue"), ("no", "drop")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What stands after `%organism answer`."""

    name: str
    number: int | None
    text: str
    scripted: bool


def answered(session: Session, rest: str) -> str:
    """Answer the question that waits; with no answer, list the questions.

    Args:
        session: The organisms of this kernel.
        rest: `[NAME] [#N] [--script] ANSWER`.

    Raises:
        Mistake: When nothing waits, more than one question could be meant, or the answer is none for that question.
        PayloadError: For a payload that does not fit.
    """
    asked = _read(session, rest)
    if asked.scripted:
        organism = session.organism(asked.name)
        session.scripts.add(organism, asked.text)
        return f"{organism.name}: the next question is answered with {asked.text!r}"
    open_ones = _open(session, asked)
    magic = session.called.organism
    if not asked.text:
        return "\n".join(f"{each} · {how_to_answer(each, magic)}" for _, each in open_ones) or "Nothing waits for you."
    if not open_ones:
        raise Mistake(_nothing(session, asked))
    numbers = list(dict.fromkeys((organism.name, each.conversation.number) for organism, each in open_ones))
    if len(numbers) > 1:
        those = "; ".join(f"{each}" for _, each in open_ones[:3])
        several = len({name for name, _ in numbers}) > 1
        example = f"{numbers[0][0]} #{numbers[0][1]}" if several else f"#{numbers[0][1]}"
        raise Mistake(f"Several wait for you: {those}. Say which one: {magic} answer {example} {asked.text}")
    organism, question = open_ones[0]
    done = _ANSWERS.get(question.kind, _any)(session, organism, question, asked.text)
    place = session.place_of(organism, question.conversation)
    again = f"; wait again: await {place}" if place else ""
    return f"#{question.conversation.number}: {done} · it goes on{again}"


def _read(session: Session, rest: str) -> _Asked:
    """Take name, number and option off the beginning; what is left is the answer as it was written."""
    name, number, scripted = "", None, False
    while rest:
        word, more = first_word(rest)
        if word == "--script":
            scripted = True
        elif word.startswith("#") and word[1:].isdecimal() and number is None:
            number = int(word[1:])
        elif word in session.runs and not name and more:
            name = word
        else:
            break
        rest = more
    if scripted and not rest:
        raise Mistake(f"{session.called.organism} answer --script needs the answer: yes, no, continue, drop or a text.")
    return _Asked(name, number, rest, scripted)


def _open(session: Session, asked: _Asked) -> list[tuple[Organism, Question]]:
    organisms = [session.organism(asked.name)] if asked.name else list(session.organisms.values())
    if not organisms:
        raise Mistake(session.nothing_runs)
    return [
        (organism, question)
        for organism in organisms
        for question in organism.questions
        if asked.number in (None, question.conversation.number)
    ]


def _nothing(session: Session, asked: _Asked) -> str:
    magic = session.called.organism
    for organism in session.organisms.values() if asked.number is not None else ():
        state = organism.conversation(asked.number or 0).state
        return f"#{asked.number} waits for nobody (it is {state})."
    return f"Nothing waits for you. {magic} answer --script {asked.text} keeps the answer for the next question."


def how_to_answer(question: Question, magic: str, name: str = "") -> str:
    """Say how a question is answered, ready to copy."""
    which = f"{magic} answer {name}#{question.conversation.number}"
    forms = {"breakpoint": "continue, drop or edit PAYLOAD", "budget": "yes or no"}
    return f"{which} {forms.get(question.kind, 'yes, no or a text')}"


def unattended(magic: str) -> str:
    """Say what to do about a question where nobody is who could answer it."""
    return f"Nobody is here to answer. Write {magic} answer --script yes (or no, drop, …) in a cell before this one."


# ---- one function for each kind of question: it answers, and says what was done


def _breakpoint(session: Session, organism: Organism, question: Question, text: str) -> str:
    held = question.about
    word, rest = first_word(text)
    what = f"{held.payload_type} of {held.message}"
    if word in _YES and not rest:
        held.release()
        return f"{held.listener} gets the {what}"
    if word in _NO:
        held.drop(rest.strip() or None)
        return f"the {what} was dropped"
    if word == "edit" or text.startswith("<"):
        held.edit(_payload(session, organism, held.listener, rest if word == "edit" else text))
        held.release()
        return f"{held.listener} gets the {what} as it was edited"
    raise Mistake(f"A held message is answered with continue, drop or edit PAYLOAD, not {text!r}.")


def _payload(session: Session, organism: Organism, listener: str, text: str) -> Any:
    return payload_from(text, organism.pump.listeners[listener], session.namespace, session.called)


def _budget(_session: Session, organism: Organism, question: Question, text: str) -> str:
    conversation, word = question.conversation, text.strip().replace(",", "").replace("_", "")
    if word in _NO:
        organism.pump.questions.refuse(question, BudgetExhausted(question.text))
        return "no more tokens"
    if word not in _YES and not word.isdecimal():
        raise Mistake(f"A question for tokens is answered with yes, no or a new limit, not {text!r}.")
    usage = organism.budgets.raise_limit(conversation, question.about if word in _YES else int(word))
    return f"{usage.limit:,} tokens, {usage.remaining:,} are left"


def _any(_session: Session, organism: Organism, question: Question, text: str) -> str:
    organism.pump.questions.answer(question, text)
    return f"answered with {text!r}"


_ANSWERS: dict[str, Callable[[Session, Organism, Question, str], str]] = {"breakpoint": _breakpoint, "budget": _budget}


class Script:
    """Answers that are given before they are asked for, so that a notebook runs with nobody there.

    Args:
        session: The organisms of this kernel.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[Organism, deque[str]] = {}

    def add(self, organism: Organism, text: str) -> None:
        """Keep an answer for the next question of an organism; those kept before it come first."""
        self._kept.setdefault(organism, deque()).append(text)
        organism.attended = True

    def forget(self, organism: Organism) -> None:
        """The organism is gone, and so are the answers for it."""
        self._kept.pop(organism, None)

    def has_some_for(self, organism: Organism) -> bool:
        """There is an answer for the next question of an organism."""
        return organism in self._kept

    def asked(self, organism: Organism, question: Question) -> None:
        """Answer a question that was just asked, if there is an answer for it."""
        texts = self._kept.get(organism)
        if not texts:
            return
        text = texts.popleft()
        if not texts:
            del self._kept[organism]
            organism.attended = self._session.is_attended
        question.answer.get_loop().call_soon(self._answer, organism, question, text)

    def _answer(self, organism: Organism, question: Question, text: str) -> None:
        if question.answer.done():
            return
        try:
            done = _ANSWERS.get(question.kind, _any)(self._session, organism, question, text)
            line = f"{question} · scripted: {text} · {done}"
        except XPipeError as error:  # the question stays open, and the cell that waits for it says so
            line = f"△ the scripted answer {text!r} does not do: {error}"
        if (context := question.conversation.context) is not None:  # it stands under the cell that began it
            context.copy().run(say, line)
