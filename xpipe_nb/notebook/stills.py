"""What the still picture of an organism says below its graph: the chains of its last conversations, without times."""

from __future__ import annotations

from xpipe_nb.notebook.display import way_of
from xpipe_nb.organism import Organism
from xpipe_nb.wording import counted

__all__ = ["chain_lines"]

_MOST = 5


def chain_lines(organism: Organism) -> tuple[str, ...]:
    """Write the newest conversations, a line each; nothing where nothing was sent."""
    every = organism.conversations
    lines = [
        f"#{each.number} {each.state} · {way_of(each)} · {counted(each.messages, 'message')}" for each in every[-_MOST:]
    ]
    if len(every) > _MOST:
        lines.insert(0, f"… {counted(len(every) - _MOST, 'earlier conversation')}")
    return tuple(lines)
