"""A token that goes round a ring of three: each peer as its own documentation would write it.

Nothing of ours is imported here, so that a cold start of a peer is the peer's own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

from tests.benchmarks.contest import Contender, Go

__all__ = ["BY_NAME", "NAMES", "NEXT", "Token"]

NAMES = ("ann", "ben", "cem")
NEXT = dict(zip(NAMES, (*NAMES[1:], NAMES[0]), strict=True))


@dataclass
class Token:
    left: int
    lap: int
    text: str


@asynccontextmanager
async def autogen_core() -> AsyncIterator[Go]:
    """Agents that publish to each other's topics."""
    from autogen_core import (
        MessageContext,
        RoutedAgent,
        SingleThreadedAgentRuntime,
        TopicId,
        TypeSubscription,
        message_handler,
    )

    logging.getLogger("autogen_core").setLevel(logging.ERROR)
    ended: list[asyncio.Future[None]] = []

    async def handle(self: Any, message: Token, ctx: MessageContext) -> None:
        if message.left == 0:
            ended.pop().set_result(None)
        else:
            await self.publish_message(Token(message.left - 1, message.lap, message.text), self.following)

    # the annotations are looked up where the function was made, so they are given as they are
    handle.__annotations__ = {"message": Token, "ctx": MessageContext, "return": type(None)}

    class Station(RoutedAgent):
        def __init__(self, name: str) -> None:
            super().__init__("Passes the token on")
            self.following = TopicId(NEXT[name], "ring")

        on_token = message_handler(handle)

    runtime = SingleThreadedAgentRuntime()
    for name in NAMES:
        await Station.register(runtime, name, lambda name=name: Station(name))
        await runtime.add_subscription(TypeSubscription(name, name))
    runtime.start()

    async def go(hops: int) -> None:
        done = asyncio.get_running_loop().create_future()
        ended.append(done)
        await runtime.publish_message(Token(hops, 1, "round and round"), TopicId(NAMES[0], "ring"))
        await done

    yield go
    await runtime.stop()


@asynccontextmanager
async def langgraph() -> AsyncIterator[Go]:
    """Nodes on a cycle of a graph."""
    from langgraph.graph import END, START, StateGraph

    state = TypedDict("state", {"left": int, "lap": int, "text": str})  # noqa: UP013 - a class here is not found again

    async def station(given: Any) -> Any:
        return {"left": given["left"] - 1}

    graph = StateGraph(state)
    for name in NAMES:
        graph.add_node(name, station)
        graph.add_conditional_edges(name, lambda given, name=name: END if given["left"] <= 0 else NEXT[name])
    graph.add_edge(START, NAMES[0])
    application = graph.compile()

    async def go(hops: int) -> None:
        begin = {"left": hops, "lap": 1, "text": "round and round"}
        ended = await application.ainvoke(begin, {"recursion_limit": hops + 10})
        assert ended["left"] == 0

    yield go


@asynccontextmanager
async def llama_index_workflows() -> AsyncIterator[Go]:
    """Steps that wait for each other's events."""
    from workflows import Workflow, step
    from workflows.events import Event, StartEvent, StopEvent

    events = [type(name, (Event,), {"__annotations__": {"left": int, "lap": int, "text": str}}) for name in NAMES]

    def station(name: str, taken: Any, given: Any) -> Any:
        async def handle(_self: Any, event: Any) -> Any:
            if event.left == 0:
                return StopEvent(result=0)
            return given(left=event.left - 1, lap=event.lap, text=event.text)

        return method(handle, name, taken, given | StopEvent)

    async def begin(_self: Any, event: StartEvent) -> Any:
        return events[0](left=event.left, lap=1, text="round and round")

    def method(function: Any, name: str, taken: Any, given: Any) -> Any:
        """Make a step as if it stood in a class, with annotations that need no looking up."""
        function.__qualname__ = f"Ring.{name}"
        function.__annotations__ = {"event": taken, "return": given}
        return step(function)

    steps = {name: station(name, events[place], events[(place + 1) % 3]) for place, name in enumerate(NAMES)}
    steps["begin"] = method(begin, "begin", StartEvent, events[0])
    ring = type("Ring", (Workflow,), steps)(timeout=None)

    async def go(hops: int) -> None:
        assert await ring.run(left=hops) == 0

    yield go


@asynccontextmanager
async def burr() -> AsyncIterator[Go]:
    """Actions with transitions between them."""
    from burr.core import ApplicationBuilder, State, action, when

    async def station(state: State) -> State:
        return state.update(left=state["left"] - 1)

    async def end(state: State) -> State:
        return state

    actions = {name: action(reads=["left"], writes=["left"])(station) for name in NAMES}
    ways = [way for name in NAMES for way in ((name, "end", when(left=0)), (name, NEXT[name]))]

    async def go(hops: int) -> None:
        builder = ApplicationBuilder().with_actions(**actions, end=action(reads=[], writes=[])(end))
        builder = builder.with_transitions(*ways).with_entrypoint(NAMES[0])
        _, _, ended = await builder.with_state(left=hops, lap=1, text="round").build().arun(halt_after=["end"])
        assert ended["left"] == 0

    yield go


@asynccontextmanager
async def pydantic_graph() -> AsyncIterator[Go]:
    """Steps with edges and a decision after each."""
    from pydantic_graph import GraphBuilder, StepContext

    builder = GraphBuilder(input_type=int, output_type=int)

    async def station(context: StepContext[None, None, int]) -> int:
        return context.inputs - 1

    steps = {name: builder.step(node_id=name)(station) for name in NAMES}
    builder.add(builder.edge_from(builder.start_node).to(steps[NAMES[0]]))
    for name in NAMES:
        decision = builder.decision().branch(builder.match(int, matches=lambda left: left <= 0).to(builder.end_node))
        decision = decision.branch(builder.match(int).to(steps[NEXT[name]]))
        builder.add(builder.edge_from(steps[name]).to(decision))
    graph = builder.build()

    async def go(hops: int) -> None:
        assert await graph.run(inputs=hops) == 0

    yield go


@asynccontextmanager
async def pykka() -> AsyncIterator[Go]:
    """Actors, each with a thread of its own."""
    from pykka import ThreadingActor

    ended: list[asyncio.Future[None]] = []
    loop = asyncio.get_running_loop()

    class Station(ThreadingActor):
        def on_receive(self, message: Any) -> None:
            if not isinstance(message, Token):
                self.following = message
            elif message.left == 0:
                loop.call_soon_threadsafe(ended.pop().set_result, None)
            else:
                self.following.tell(Token(message.left - 1, message.lap, message.text))

    stations = [Station.start() for _ in NAMES]
    for place, station in enumerate(stations):
        station.tell(stations[(place + 1) % 3])

    async def go(hops: int) -> None:
        done = loop.create_future()
        ended.append(done)
        stations[0].tell(Token(hops, 1, "round and round"))
        await done

    yield go
    for station in stations:
        station.stop()


BY_NAME: dict[str, Contender] = {
    "autogen-core, publish": autogen_core,
    "langgraph": langgraph,
    "llama-index-workflows": llama_index_workflows,
    "burr": burr,
    "pydantic-graph": pydantic_graph,
    "pykka, threads": pykka,
}
"""The rings of all peers."""
