"""What the still picture of an organism says below its graph: the last chains and budgets, without times."""

from __future__ import annotations

from xpipe_nb.conversation import Conversation
from xpipe_nb.notebook.budgeting import usage_line
from xpipe_nb.notebook.display import way_of
from xpipe_nb.organism import Organism
from xpipe_nb.wording import counted

__all__ = ["still_lines"]

_MOST = 5


def still_lines(organism: Organism) -> tuple[str, ...]:
    """Write the newest conversations and what they have spent, a line each; nothing where nothing was sent."""
    every = organism.conversations
    shown = every[-_MOST:]
    lines = [f"#{each.number} {each.state} · {way_of(each)} · {counted(each.messages, 'message')}" for each in shown]
    if len(every) > _MOST:
        lines.insert(0, f"… {counted(len(every) - _MOST, 'earlier conversation')}")
    return (*lines, *_budget_lines(organism, shown))


def _budget_lines(organism: Organism, conversations: list[Conversation]) -> list[str]:
    """Write what those conversations have spent; nothing where nobody counts."""
    by_number = {each.number: each for each in conversations}
    usages = [each for each in organism.budgets.every() if each.conversation in by_number]
    if not usages:
        return []
    limit = organism.budgets.max_tokens_per_thread
    head = f"budget: {limit:,} tokens a conversation" if limit else "spent, with no budget:"
    return [head, *(usage_line(each, by_number[each.conversation]) for each in usages)]
