"""Budgets as text: what `%organism budgets` prints, and what a cell says whose conversation waits for a person."""

from __future__ import annotations

from collections.abc import Iterable

from xpipe_nb.budgets import FrameUsage, Usage
from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import ConversationWaits
from xpipe_nb.notebook.answering import how_to_answer
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.organism import Organism

__all__ = ["budgets", "one_budget", "raised", "read_raise", "waits_line"]

_MOST = 20


def budgets(organism: Organism) -> str:
    """List what the conversations of an organism have spent, the newest last."""
    limit, every = organism.budgets.max_tokens_per_thread, organism.budgets.every()
    head = f"{limit:,} tokens a conversation" if limit else "no budget (max_tokens_per_thread)"
    by_number = {each.number: each for each in organism.conversations}
    lines = [f"  {_usage_line(each, by_number[each.conversation])}" for each in every[-_MOST:]]
    if len(every) > _MOST:
        lines.insert(0, f"  … {len(every) - _MOST:,} earlier")
    nothing = "" if every else " · nothing was spent yet"
    return "\n".join([f"{organism.name}: {head}{nothing}", *lines])


def one_budget(organism: Organism, conversation: Conversation) -> str:
    """Show what one conversation has spent, frame by frame."""
    usage = organism.budgets.usage(conversation)
    frames = [f"  {_frame_line(each)}" for each in usage.frames[:_MOST]]
    if len(usage.frames) > _MOST:
        frames.append(f"  … {len(usage.frames) - _MOST:,} more")
    asked = [f"  {each}" for each in organism.questions if each.conversation is conversation]
    return "\n".join([f"{organism.name}: {_usage_line(usage, conversation)}", *frames, *asked])


def _usage_line(usage: Usage, conversation: Conversation) -> str:
    of = "" if usage.limit is None else f" of {usage.limit:,}"
    percent = "" if usage.percent is None else f" ({usage.percent:g} %)"
    words = [f"#{usage.conversation} {conversation.state}", f"{usage.used:,}{of} tokens{percent}"]
    if usage.reserved:
        words.append(f"{usage.reserved:,} reserved")
    if usage.by_listener:
        words.append(_spent(usage.by_listener.items()))
    return " · ".join(words)


def _spent(by_listener: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {used:,}" for name, used in by_listener)


def _frame_line(frame: FrameUsage) -> str:
    times = f"{frame.requests:,} {'time' if frame.requests == 1 else 'times'}"
    return f"{frame.listener} · {frame.used:,} ({frame.prompt:,} read, {frame.completion:,} written) · {times}"


def read_raise(words: list[str], magic: str) -> tuple[int, int]:
    """Read what stands after `raise`: the number of a conversation, and its new limit in tokens.

    Raises:
        Mistake: When it is something else.
    """
    numbers = [word.removeprefix("#").replace(",", "").replace("_", "") for word in words]
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        raise Mistake(f"{magic} budgets raise needs a conversation and its new limit: {magic} budgets raise #1 20000")
    return int(numbers[0]), int(numbers[1])


def raised(organism: Organism, conversation: Conversation, tokens: int, place: str | None) -> str:
    """Raise the limit of a conversation, and say what it has now.

    Args:
        organism: The organism.
        conversation: Whose limit is raised.
        tokens: The new limit in all.
        place: The expression by which a person gets at the conversation, if there is one.

    Raises:
        XPipeError: When it may spend that much already, or has no limit.
    """
    waited = conversation.state == "waiting"
    usage = organism.budgets.raise_limit(conversation, tokens)
    left = f"#{conversation.number}: {usage.limit:,} tokens, {usage.remaining:,} are left"
    if not waited:
        return left
    if still := [each for each in organism.questions if each.conversation is conversation]:
        return f"{left} · {still[0]}"
    return f"{left} · it goes on" + (f"; wait again: await {place}" if place else "")


def waits_line(waits: ConversationWaits, organism: Organism, magic: str, *, several: bool = False) -> str:
    """Say in one line what a conversation waits for, and how the person lets it go on.

    Args:
        waits: Why the waiting ended.
        organism: The organism.
        magic: How `%organism` is called here.
        several: More than one organism runs, so that it has to be named.
    """
    question, *more = waits.questions
    name = f"{organism.name} " if several else ""
    others = f" (and {len(more)} more)" if more else ""
    if question.kind != "budget":
        return f"{question}{others}. {how_to_answer(question, magic, name)}"
    return f"{question}{others}. {magic} budgets {name}raise #{question.conversation.number} {question.about}"
