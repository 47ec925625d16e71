"""A small organism with all that a view can show, and a watcher that keeps the events of what happens in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from xpipe_nb import HandlerResponse, Organism, PumpEvent, payload
from xpipe_nb.config import ConfigLoader
from xpipe_nb.views.fold import fold_all
from xpipe_nb.views.graph import graph_of
from xpipe_nb.views.places import Places, places_of
from xpipe_nb.views.state import DeclaredEvent, ViewState

__all__ = ["Answer", "Draft", "Question", "Watcher", "declared", "places_for", "research"]


@payload
class Question:
    """What somebody wants to know."""

    text: str


@payload
class Draft:
    """A first answer."""

    text: str
    confidence: float = 0.5


@payload
class Answer:
    """What came out."""

    text: str


class Watcher:
    """Keeps every event of an organism, and what a view would know."""

    def __init__(self, organism: Organism) -> None:
        self.organism = organism
        self.events: list[PumpEvent] = [declared(organism)]
        self.unsubscribe = organism.subscribe(self.events.append)

    @property
    def state(self) -> ViewState:
        """What is known after all events."""
        return fold_all(ViewState(self.organism.name, self.events[0].at), self.events)


def declared(organism: Organism) -> DeclaredEvent:
    """Who is in an organism, as an event."""
    graph = organism.graph()
    return DeclaredEvent(graph.nodes, tuple((edge.source, edge.target) for edge in graph.drawn_edges()))


def places_for(organism: Organism) -> Places:
    """Where its nodes stand."""
    graph = graph_of(organism.listeners.values())
    return places_of([(node.name, node.kind) for node in graph.nodes], declared(organism).edges)


def research() -> Organism:
    """An agent that asks two others; one of them answers, one fails, and one send is refused."""

    async def planner(message: Question | Draft, meta: Any) -> Any:
        if isinstance(message, Draft):
            return HandlerResponse.respond(Answer(message.text))
        if message.text == "forbidden":
            return HandlerResponse(Draft("no"), to="human")
        if message.text == "broken":
            raise ValueError(message.text)
        meta.progress(1, 4)
        found = await meta.call(Question(f"where is {message.text}"), to="researcher")
        return HandlerResponse(Draft(found.text), to="critic")

    async def researcher(message: Question, meta: Any) -> Draft:
        await asyncio.sleep(0)
        return Draft(f"found {message.text}")

    async def critic(message: Draft, meta: Any) -> Draft:
        return Draft(f"{message.text}!", 0.9)

    async def human(message: Draft, meta: Any) -> None:
        """Nobody may ask."""

    text = """
listeners:
  planner:    {handler: planner, agent: true, peers: [researcher, critic], description: plans}
  researcher: {handler: researcher, agent: true, description: finds}
  critic:     {handler: critic, description: finds fault}
  human:      {handler: human, description: decides}
"""
    names: dict[str, Any] = {
        "planner": planner,
        "researcher": researcher,
        "critic": critic,
        "human": human,
        "Question": Question,
        "Draft": Draft,
        "Answer": Answer,
    }
    config = ConfigLoader.load_text(text, names)
    config.name = "research"
    return Organism.from_config(config, names)


async def settled(organism: Organism, questions: Iterable[str]) -> None:
    """Ask some questions and wait for the quiet."""
    for question in questions:
        await organism.inject(Question(question), to="planner")
    await organism.settle()
