"""Sending a dead letter again: edited or as it was, into its conversation or a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.names import is_system_name, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xpipe_nb.conversation import Conversation
    from xpipe_nb.messages import DeadLetter
    from xpipe_nb.reception import Reception

__all__ = ["resend"]


async def resend(
    reception: Reception,
    letters: Sequence[DeadLetter],
    conversations: Iterable[Conversation],
    message_id: str,
    payload: Any = None,
) -> Conversation:
    """Do what `Organism.resend` says.

    Args:
        reception: Takes the message.
        letters: The dead letters that are kept.
        conversations: Those that are remembered.
        message_id: The letter's.
        payload: What is sent in place of what the letter holds.
    """
    letter = _found(letters, message_id)
    before = next((each for each in conversations if each.number == letter.conversation), None)
    port = before.port if before is not None else _port(letter)
    goes_on = before if before is not None and not before.is_over else None
    if payload is None and not letter.raw:
        raise XPipeError(
            f"this dead letter holds no message, because {letter.detail}; give a payload to send in its place"
        )
    message = letter.raw if payload is None else payload
    # One that had come into a frame was verified before that, and its stamp counts as taken since; what a person has
    # written in its place needs no signature. Whatever was refused earlier is checked again.
    vouched = payload is not None or letter.thread_id is not None
    return await reception.submit(message, to=letter.to_id, from_id=port, conversation=goes_on, vouched=vouched)


def _found(letters: Sequence[DeadLetter], message_id: str) -> DeadLetter:
    for letter in reversed(letters):
        if letter.message_id == message_id:
            return letter
    near = nearest(message_id, [letter.message_id for letter in letters])
    hint = f"; did you mean {near!r}?" if near else ""
    raise XPipeError(f"there is no dead letter with message_id {message_id!r} (any more){hint}")


def _port(letter: DeadLetter) -> str:
    """Give the port of a letter whose conversation is unknown: the one that it came in by, else the console."""
    came_in = letter.thread_id is None and not is_system_name(letter.from_id)
    return letter.from_id if came_in else "console"
