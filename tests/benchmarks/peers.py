"""The same ring in other people's frameworks, beside ours in one process; none of them checks or copies a message.

They live in an environment of their own (`make bench` sets it up), because nobody else should have to install them.
A peer that is not installed, or fails, says so in its row and counts as nothing.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import threading
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict

from tests.benchmarks.figures import Figure
from tests.benchmarks.hops import cost
from tests.benchmarks.ring import NAMES, NEXT, organism_ring, turn

__all__ = ["measure"]

Turn: TypeAlias = Callable[[int], Awaitable[None]]
"""Sends a token round the ring for so many hops."""

HOPS = 600
"""In a round; the slowest peer needs half a second for them."""


@dataclass
class Token:
    left: int
    lap: int
    text: str


@asynccontextmanager
async def autogen_core() -> AsyncIterator[Turn]:
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
async def langgraph() -> AsyncIterator[Turn]:
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
async def llama_index_workflows() -> AsyncIterator[Turn]:
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
async def burr() -> AsyncIterator[Turn]:
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
async def pydantic_graph() -> AsyncIterator[Turn]:
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
async def pykka() -> AsyncIterator[Turn]:
    """Actors, each with a thread of its own."""
    from pykka import ThreadingActor

    done = threading.Event()

    class Station(ThreadingActor):
        def on_receive(self, message: Any) -> None:
            if not isinstance(message, Token):
                self.following = message
            elif message.left == 0:
                done.set()
            else:
                self.following.tell(Token(message.left - 1, message.lap, message.text))

    stations = [Station.start() for _ in NAMES]
    for place, station in enumerate(stations):
        station.tell(stations[(place + 1) % 3])

    async def go(hops: int) -> None:
        done.clear()
        stations[0].tell(Token(hops, 1, "round and round"))
        await asyncio.to_thread(done.wait)

    yield go
    for station in stations:
        station.stop()


PEERS: dict[str, tuple[Callable[[], Any], float | None]] = {
    "autogen-core, publish": (autogen_core, 1 / 6),
    "langgraph": (langgraph, 1 / 15),
    "llama-index-workflows": (llama_index_workflows, 1 / 15),
    "burr": (burr, None),
    "pydantic-graph": (pydantic_graph, None),
    "pykka, threads": (pykka, None),
}
"""Each peer, and the greatest part of its cost that a hop of ours may have."""


def measure(rounds: int) -> list[Figure]:
    """Measure a hop of each peer, by turns with ours."""
    return asyncio.run(_measured(rounds))


async def _measured(rounds: int) -> list[Figure]:
    figures = []
    async with organism_ring() as organism:

        async def ours(hops: int) -> None:
            await turn(organism, hops)

        for name, (peer, bound) in PEERS.items():
            figures.append(await _beside(ours, name, peer, bound, rounds))
    return figures


async def _beside(ours: Turn, name: str, peer: Callable[[], Any], bound: float | None, rounds: int) -> Figure:
    what = f"hop of an organism beside {name}"
    try:
        async with AsyncExitStack() as stack:
            theirs = await stack.enter_async_context(peer())
            for go in (ours, theirs):
                await go(HOPS // 6)
            pairs = [(await cost(ours, HOPS), await cost(theirs, HOPS)) for _ in range(rounds)]
    except ImportError as missing:
        return Figure(f"{what}: not installed ({missing.name})", float("nan"), "us", None, bound)
    except Exception as error:
        return Figure(f"{what}: failed ({error!r:.60})", float("nan"), "us", None, bound, traceback.format_exc())
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(each) for each in zip(*pairs, strict=True))
    return Figure(f"{what} ({other:.0f} us)", mine, "us", ratio, bound, pairs)
