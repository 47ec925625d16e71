"""Conversations and dead letters as text: what `%organism threads` and `%organism dead` print."""

from __future__ import annotations

from xpipe_nb.conversation import Conversation
from xpipe_nb.messages import DeadLetter
from xpipe_nb.notebook.display import brief
from xpipe_nb.notebook.expectations import seen_line
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.notebook.records import Record
from xpipe_nb.notebook.session import Session
from xpipe_nb.organism import Organism
from xpipe_nb.wording import counted

__all__ = [
    "dead_letter",
    "dead_letters",
    "dead_magic",
    "letter_numbered",
    "letters_line",
    "one_conversation",
    "threads",
]

_MOST = 20
_FEW = 3
_LONGEST_RAW = 10_000


def threads(organism: Organism) -> str:
    """List the conversations of an organism, the newest last."""
    every = organism.conversations
    lines = [f"  {_conversation_line(each)}" for each in every[-_MOST:]]
    if len(every) > _MOST:
        lines.insert(0, f"  … {len(every) - _MOST:,} earlier")
    count = counted(len(every), "conversation")
    return "\n".join([f"{organism.name}: {count if every else 'no conversation yet'}", *lines])


def _conversation_line(conversation: Conversation) -> str:
    way = " ▸ ".join(conversation.chain)
    count = counted(conversation.messages, "message")
    shown = [brief(reply) for reply in conversation.replies[:1]]
    if len(conversation.replies) > 1:
        shown = [counted(len(conversation.replies), "reply", "replies")]
    return " · ".join([f"#{conversation.number} {conversation.state}", way, count, *shown])


def one_conversation(conversation: Conversation, record: Record) -> str:
    """Show one conversation: its call tree, then its messages in their order."""
    tree = [f"  {'  ' * frame.depth}{frame.listener}" for frame in conversation.frames[:_MOST]]
    messages = record.of(conversation.number)
    lines = [f"  {seen_line(each)}" for each in messages[-_MOST:]]
    cut = len(messages) > _MOST or not record.is_whole(conversation.number)
    earlier = ["  … earlier ones are not shown"] if cut else []
    return "\n".join([repr(conversation), *tree, "messages:", *earlier, *lines])


def dead_letters(organism: Organism, magic: str) -> str:
    """List the dead letters of an organism, the newest last, each with its number.

    Args:
        organism: The organism.
        magic: What lists them, as `dead_magic` gives it.
    """
    letters = organism.dead_letters
    if not letters:
        return f"{organism.name}: no dead letters"
    first = letters.total - len(letters) + 1
    numbered = list(enumerate(letters, first))[-_MOST:]
    lines = [f"  {number}  {_letter_line(letter)}" for number, letter in numbered]
    if len(letters) > _MOST:
        lines.insert(0, f"  … {letters.total - _MOST:,} earlier")
    count = counted(letters.total, "dead letter")
    return "\n".join([f"{organism.name}: {count} · {magic} N shows the message", *lines])


def dead_letter(organism: Organism, number: int) -> str:
    """Show one dead letter with its message.

    Raises:
        Mistake: When there is none of that number (any more).
    """
    letter = letter_numbered(organism, number)
    raw = letter.raw[:_LONGEST_RAW].decode(errors="replace")
    return f"{number}  {_letter_line(letter)}\n{raw}"


def letter_numbered(organism: Organism, number: int) -> DeadLetter:
    """Find a dead letter by the number that people see.

    Raises:
        Mistake: When there is none of that number (any more).
    """
    letters = organism.dead_letters
    first = letters.total - len(letters) + 1
    if not first <= number <= letters.total:
        known = f"There are {first} to {letters.total}." if letters else "There is none."
        raise Mistake(f"No dead letter {number} in {organism.name}. {known}")
    return letters[number - first]


def _letter_line(letter: DeadLetter) -> str:
    return str(letter) if letter.conversation else f"– · {letter}"


def dead_magic(session: Session, organism: Organism) -> str:
    """Give the line that lists an organism's dead letters, with its name where several run."""
    name = f" {organism.name}" if len(session.organisms) > 1 else ""
    return f"{session.called.organism} dead{name}"


def letters_line(letters: list[DeadLetter], magic: str) -> str:
    """Tell of dead letters in the cell that caused them: one in a line, a few with a line each.

    Args:
        letters: The letters.
        magic: What lists them all.

    Example:
        `1 dead letter: shouter, schema: text too long (max 80). %organism dead`
    """
    details = [f"{each.to_id or each.from_id}, {each.reason}: {each.detail.rstrip('.')}" for each in letters[:_FEW]]
    if len(letters) == 1:
        return f"1 dead letter: {details[0]}. {magic}"
    more = [f"… {len(letters) - _FEW:,} more"] if len(letters) > _FEW else []
    return "\n".join([f"{len(letters):,} dead letters. {magic}", *(f"  {each}" for each in [*details, *more])])
