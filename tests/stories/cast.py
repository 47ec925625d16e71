"""The payloads that the stories share, and a recorder of events."""

from __future__ import annotations

from typing import Any

from xpipe_nb import Organism, PumpEvent, payload
from xpipe_nb.events import AgentStateEvent

__all__ = ["Ask", "Count", "Recorder", "Say", "Told", "an_organism"]


@payload
class Say:
    """Something said."""

    text: str


@payload
class Told:
    """Something answered."""

    text: str


@payload
class Ask:
    """A question."""

    text: str


@payload
class Count:
    """A number that goes round."""

    n: int


def an_organism(*listeners: Any, **settings: Any) -> Organism:
    """An organism of these listeners, called `story`."""
    return Organism("story", listeners, **settings)


class Recorder:
    """Keeps every event."""

    def __init__(self) -> None:
        self.events: list[PumpEvent] = []

    def __call__(self, event: PumpEvent) -> None:
        self.events.append(event)

    def of(self, kind: type) -> list[Any]:
        """The events of one type."""
        return [event for event in self.events if isinstance(event, kind)]

    def states(self, name: str) -> list[str]:
        """The states that a listener went through."""
        return [event.state for event in self.of(AgentStateEvent) if event.agent_name == name]
