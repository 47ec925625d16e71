"""`%expect`: looks at the last conversation, waits if it was told to, and says ✓ or what was seen instead."""

from __future__ import annotations

import asyncio

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import ConversationFailed
from xpipe_nb.listeners import Listener
from xpipe_nb.notebook.constructors import check_fields
from xpipe_nb.notebook.display import brief
from xpipe_nb.notebook.expectations import Arrow, Asked, NoDead, Reply, Tokens, seen_line
from xpipe_nb.notebook.mistakes import Mistake, show_as, unknown_word
from xpipe_nb.notebook.records import Record, Seen
from xpipe_nb.notebook.session import Session
from xpipe_nb.organism import Organism

__all__ = ["ExpectationFailed", "expect", "wait"]

_MOST_SHOWN = 12


class ExpectationFailed(Mistake, AssertionError):
    """What `%expect` asked for is not so; graders and tests see an `AssertionError`."""


async def expect(session: Session, asked: Asked) -> str:
    """Give the line that says ✓.

    Args:
        session: The organisms of this kernel.
        asked: What is expected.

    Raises:
        ExpectationFailed: When it is not so, with what was seen.
        Mistake: When there is no conversation to look at, or a name in it is none.
    """
    organism, conversation = session.last_conversation()
    problem, done = await _looked(session, asked.what, organism, conversation)
    if not problem:
        return done
    hint = [f"Hint: {asked.hint}"] if asked.hint else []
    failed = ExpectationFailed("\n".join([f"{asked.what}: not so in #{conversation.number}", problem, *hint]))
    show_as(failed, f"✕ {asked.what}: not so in #{conversation.number}", problem, *hint)
    raise failed


async def _looked(
    session: Session, what: Arrow | Reply | NoDead | Tokens, organism: Organism, conversation: Conversation
) -> tuple[str, str]:
    """Give what is wrong, or nothing and the line that says ✓."""
    if isinstance(what, Arrow):
        _check_names(what, organism, conversation)
        _check_payload(what, organism, session, session.record(organism).of(conversation.number))
        return await _arrow(what, session.record(organism), conversation)
    if isinstance(what, Reply):
        return _reply(what, conversation), f"✓ {what}"
    if isinstance(what, Tokens):
        used = organism.budgets.usage(conversation).used
        return "" if what.fits(used) else f"seen: {used:,} tokens", f"✓ {what}: {used:,}"
    letters = list(session.letters_of(organism, conversation))
    return "\n".join(f"seen: {letter}" for letter in letters[:_MOST_SHOWN]), "✓ no dead"


def _check_names(arrow: Arrow, organism: Organism, conversation: Conversation) -> None:
    said = list(dict.fromkeys([*organism.listeners, conversation.port]))
    known = {*said, *organism.pump.listeners, *conversation.participants, "system"}
    for name in (arrow.from_id, arrow.to_id):
        if name != "*" and name not in known:
            raise unknown_word("listener", name, said, where=f" in {organism.name}")


def _check_payload(arrow: Arrow, organism: Organism, session: Session, seen: list[Seen]) -> None:
    """Tell a slip in a class or a field from what merely did not happen."""
    classes = {cls.__name__: cls for listener in organism.listeners.values() for cls in _classes(listener)}
    others = {each.tag for each in seen} | {tag for one in organism.pump.listeners.values() for tag in one.accepts}
    if not arrow.tag or arrow.tag in others - classes.keys():
        return
    cls = classes.get(arrow.tag) or session.namespace.get(arrow.tag)
    if not isinstance(cls, type):
        raise unknown_word("payload", arrow.tag, list(classes), where=f" in {organism.name}")
    check_fields(cls, list(arrow.fields))


def _classes(listener: Listener) -> list[type]:
    return [*listener.accepts.values(), *(listener.output_class or ())]


async def _arrow(arrow: Arrow, record: Record, conversation: Conversation) -> tuple[str, str]:
    if arrow.seconds is not None:
        await wait(arrow, record, conversation)
    messages = record.of(conversation.number)
    fitting = sum(map(arrow.fits, messages))
    if fitting == arrow.count or (arrow.count is None and fitting):
        kind = arrow.tag or ("message" if fitting == 1 else "messages")
        return "", f"✓ {arrow.from_id} ▸ {arrow.to_id} {fitting} {kind}"
    return _what_was_seen(arrow, messages, fitting, is_whole=record.is_whole(conversation.number)), ""


async def wait(arrow: Arrow, record: Record, conversation: Conversation) -> None:
    """Wait until it is so; with `exactly`, until the conversation is over, because more may come."""
    try:
        async with asyncio.timeout(arrow.seconds):
            while not conversation.is_over:
                if arrow.count is None and any(map(arrow.fits, record.of(conversation.number))):
                    return
                await record.change()
    except TimeoutError:
        return


def _what_was_seen(arrow: Arrow, messages: list[Seen], fitting: int, *, is_whole: bool) -> str:
    counted = f"{fitting} of them, expected {arrow.count}" if arrow.count is not None else ""
    lines = [f"seen: {seen_line(each)}" for each in messages[:_MOST_SHOWN]] or ["seen: no message"]
    if len(messages) > _MOST_SHOWN:
        lines.append(f"… {len(messages) - _MOST_SHOWN:,} more")
    kept = "" if is_whole else "earlier messages are not kept"
    return "\n".join(filter(None, [counted, *lines, kept]))


def _reply(reply: Reply, conversation: Conversation) -> str:
    try:
        value = conversation.reply
    except ConversationFailed as failed:
        return f"seen: {failed}"
    return "" if _same(value, reply.value) else f"seen: reply == {brief(value)}"


def _same(value: object, expected: object) -> bool:
    """Compare; a payload made before its class was defined anew is compared by name and fields."""
    if type(value).__name__ == type(expected).__name__ and hasattr(value, "__dict__"):
        return vars(value) == vars(expected)
    return bool(value == expected)
