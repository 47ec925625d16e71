"""Todos: what an agent wants to be reminded of, kept with the frame that it works in and gone with it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

__all__ = ["Todos", "Watcher"]


@dataclass(slots=True)
class Watcher:
    """One thing to be reminded of.

    Args:
        issuer: The name of the listener that asked, the only one that can close it.
        wait_for: The name of the payload class that is expected.
        from_listener: Who has to send it; empty for anybody.
        description: What it is about.
        raised_by: Who sent what was expected, once it has come.
    """

    issuer: str
    wait_for: str
    from_listener: str = ""
    description: str = ""
    raised_by: str | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def raised(self) -> bool:
        """What was expected has come."""
        return self.raised_by is not None


class Todos:
    """The todos of one frame.

    Example:
        >>> todos = Todos()
        >>> watcher = todos.register("planner", "Report", description="the yearly one")
        >>> [each.raised for each in todos.arrived("report", "writer")]
        [True]
        >>> todos.close(watcher.id).description
        'the yearly one'
    """

    __slots__ = ("_watchers",)

    def __init__(self) -> None:
        self._watchers: dict[str, Watcher] = {}

    def __len__(self) -> int:
        return len(self._watchers)

    def register(self, issuer: str, wait_for: str, from_listener: str = "", description: str = "") -> Watcher:
        """Watch for a payload class, by its whole name in any case."""
        watcher = Watcher(issuer, wait_for.strip(), from_listener.strip(), description)
        self._watchers[watcher.id] = watcher
        return watcher

    def arrived(self, payload_type: str, from_id: str) -> list[Watcher]:
        """A payload has come into the frame: raise the watchers that waited for it, each once; give those."""
        came = payload_type.casefold()
        raised = [
            each
            for each in self._watchers.values()
            if not each.raised and each.wait_for.casefold() == came and each.from_listener in ("", from_id)
        ]
        for each in raised:
            each.raised_by = from_id
        return raised

    def get(self, todo: str) -> Watcher | None:
        """Give the watcher of that id, if it is open here."""
        return self._watchers.get(todo)

    def close(self, todo: str) -> Watcher | None:
        """Close the watcher of that id; give it, if it was open here."""
        return self._watchers.pop(todo, None)

    def nudge(self) -> str:
        """Write the reminder for the issuer: what has come first, then what is still to come; empty for no todo."""
        if not self._watchers:
            return ""
        lines = ["[SYSTEM NOTE] Your open todos in this thread:"]
        for each in sorted(self._watchers.values(), key=lambda watcher: not watcher.raised):
            about = f" ({each.description})" if each.description else ""
            state = f"has come from {each.raised_by}" if each.raised else f"has not come yet{_from(each)}"
            lines.append(f"- {each.wait_for}{about} {state}. When it is done: {_complete(each)}")
        return "\n".join(lines)


def _from(watcher: Watcher) -> str:
    return f" from {watcher.from_listener}" if watcher.from_listener else ""


def _complete(watcher: Watcher) -> str:
    return f"<TodoComplete><Id>{watcher.id}</Id></TodoComplete>"
