"""What a cell shows: bundles that look right live, saved, untrusted and as plain text."""

from __future__ import annotations

import base64
import dataclasses
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from IPython.display import display

from xpipe_nb.conversation import Conversation
from xpipe_nb.notebook.budgeting import budget_lines, meters
from xpipe_nb.notebook.sizes import size_of, size_said
from xpipe_nb.organism import Organism
from xpipe_nb.views import Graph
from xpipe_nb.views.meters import under
from xpipe_nb.wording import counted

__all__ = ["brief", "conversation_bundle", "organism_bundle", "show", "summary_line", "way_of"]

_LONGEST_TEXT = 200
_MOST_REPLIES = 20
_MOST_NAMES = 6
# As large and as far in as a print, so that both stand in one column.
_REPLY = "margin: 0; font-size: 13px; white-space: pre-wrap"
# Opacity, not a colour: it is readable on any ground, with no style sheet of ours.
_LINE = "margin-top: 4px; font-size: 12px; white-space: pre-wrap; opacity: 0.75"
_STATES = {"active": "is under way", "waiting": "waits for you", "killed": "was ended"}


def show(bundle: Mapping[str, Any]) -> None:
    """Put a bundle under the cell that causes it."""
    display(dict(bundle), raw=True)  # type: ignore[no-untyped-call]  # IPython gives it no types


def organism_bundle(organism: Organism, lines: tuple[str, ...] = ()) -> dict[str, str]:
    """Give the picture of an organism in every form that a front end may want, with its state and its budgets.

    The SVG stands in an `<img>`, because JupyterLab shows no bare SVG in a notebook that is not trusted; PNG is for
    pages that show neither; the text is for terminals, screen readers and diffs.

    Args:
        organism: The organism.
        lines: What is said below it.
    """
    note = f"{organism.state} · {counted(len(organism.listeners), 'listener')}"
    graph = dataclasses.replace(organism.graph(), note=note)
    svg, text = _drawn(dataclasses.replace(graph, lines=lines))
    usages = organism.budgets.every()
    if usages:
        text = "\n".join([text, *budget_lines(organism, usages)])
        svg = under(svg, meters(organism, usages))
    encoded = base64.b64encode(svg.encode()).decode()
    return {
        "text/html": f'<img src="data:image/svg+xml;base64,{encoded}" alt="{escape(text)}">',
        "image/png": _png(graph),
        "text/plain": text,
    }


@lru_cache(maxsize=8)
def _drawn(graph: Graph) -> tuple[str, str]:
    """Give a graph as SVG and text; the same graph is drawn once, which takes 10 ms."""
    return graph.to_svg(), graph.to_text()


@lru_cache(maxsize=8)
def _png(graph: Graph) -> str:
    return base64.b64encode(graph.to_png()).decode()


def conversation_bundle(conversation: Conversation, where: str = "", since: int = 0) -> dict[str, str]:
    """Give what a conversation has come to: the replies to its last injection first, then the one line about it.

    Args:
        conversation: The conversation.
        where: The organism's name, where several run.
        since: How many of its repairs were told before.
    """
    payloads = conversation.new_replies
    replies = [brief(reply) for reply in payloads[:_MOST_REPLIES]]
    if len(payloads) > _MOST_REPLIES:
        replies.append(f"… {len(payloads) - _MOST_REPLIES:,} more in .replies")
    line = summary_line(conversation, where, since)
    shown = "".join(f'<pre style="{_REPLY}">{escape(reply)}</pre>' for reply in replies)
    html = f'<div style="padding: 0 8px">{shown}<div style="{_LINE}">{escape(line)}</div></div>'
    return {"text/html": html, "text/plain": "\n".join([*replies, line])}


def summary_line(conversation: Conversation, where: str = "", since: int = 0) -> str:
    """Say in one line which way a conversation took: `greeter ▸ shouter · 2 messages`; below it, what was repaired.

    Branches stand side by side: `greeter ▸ shouter ×2, whisperer · 4 messages`.

    Neither ids nor times are in it, so that running a notebook again changes nothing.
    """
    way = way_of(conversation)
    parts = [f"{where}: {way}" if where else way, counted(conversation.messages, "message")]
    if conversation.state != "done":
        parts.append(
            f"#{conversation.number} {_STATES.get(conversation.state, conversation.state)}{_reason(conversation)}"
        )
    elif not conversation.replies:
        parts.append("no reply")
    return "\n".join([" · ".join(parts), *(f"repaired: {repair}" for repair in conversation.repairs[since:])])


def _reason(conversation: Conversation) -> str:
    cause = conversation.cause if conversation.state == "failed" else None
    return f": {_cut(cause.splitlines()[0], _LONGEST_TEXT)}" if cause else ""


def way_of(conversation: Conversation) -> str:
    """Give the listeners that were reached, level by level."""
    levels: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for frame in conversation.frames:
        levels[frame.depth][frame.listener] += 1
    steps = [_side_by_side(level) for depth, level in sorted(levels.items()) if depth]
    return " ▸ ".join(steps or conversation.chain)


def _side_by_side(level: Counter[str]) -> str:
    names = [name if count == 1 else f"{name} ×{count}" for name, count in level.items()]
    more = [f"{len(names) - _MOST_NAMES} others"] if len(names) > _MOST_NAMES else []
    return ", ".join([*names[:_MOST_NAMES], *more])


def brief(payload: Any) -> str:
    """Write a payload as its class would, with long texts cut.

    Example:
        A `Shout` with a text of 14,000 letters gives `Shout(text='…' (13.7 kB))` with the first 200 of them.
    """
    if not dataclasses.is_dataclass(payload) or isinstance(payload, type):
        return _cut(repr(payload), 10 * _LONGEST_TEXT)
    parts = (f"{each.name}={_value(getattr(payload, each.name))}" for each in dataclasses.fields(payload) if each.repr)
    return f"{type(payload).__name__}({', '.join(parts)})"


def _value(value: Any) -> str:
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]!r}… ({size_said(size_of(value))})"
    return _cut(repr(value), 10 * _LONGEST_TEXT)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({size_said(size_of(text))})"
