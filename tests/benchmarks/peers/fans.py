"""One to a hundred, with and without answers, and two that answer each other; only where a peer has a form for it."""

from __future__ import annotations

import asyncio
import logging
import operator
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

from tests.benchmarks.bare import WIDTH
from tests.benchmarks.contest import Go

__all__ = [
    "autogen_fan_out",
    "autogen_fork_join",
    "autogen_ping_pong",
    "burr_fork_join",
    "langgraph_fork_join",
    "llama_index_fork_join",
    "pydantic_graph_fork_join",
    "pykka_fan_out",
    "pykka_fork_join",
    "pykka_ping_pong",
]

SQUARES = sum(number * number for number in range(WIDTH))
"""What the answers of a fork-join add up to."""


@dataclass
class Question:
    number: int


@dataclass
class Answer:
    number: int


async def autogen_runtime(receivers: int, handle: Any, question: type, answer: type) -> Any:
    """A runtime of autogen-core with so many agents of one handler, not started yet."""
    from autogen_core import MessageContext, RoutedAgent, SingleThreadedAgentRuntime, message_handler

    logging.getLogger("autogen_core").setLevel(logging.ERROR)
    # the annotations are looked up where the function was made, so they are given as they are
    handle.__annotations__ = {"message": question, "ctx": MessageContext, "return": answer}
    agent = type("Receiver", (RoutedAgent,), {"on_question": message_handler(handle)})
    runtime = SingleThreadedAgentRuntime()
    for place in range(receivers):
        await agent.register(runtime, f"receiver{place}", lambda: agent("Answers"))
    return runtime


@asynccontextmanager
async def autogen_fan_out() -> AsyncIterator[Go]:
    """A topic that a hundred agents subscribe to."""
    from autogen_core import TopicId, TypeSubscription

    heard, done = 0, asyncio.Event()

    async def hear(_self: Any, message: Question, ctx: Any) -> None:
        nonlocal heard
        heard += 1
        if not heard % WIDTH:
            done.set()

    runtime = await autogen_runtime(WIDTH, hear, Question, type(None))
    for place in range(WIDTH):
        await runtime.add_subscription(TypeSubscription("news", f"receiver{place}"))
    runtime.start()

    async def go(deliveries: int) -> None:
        for number in range(max(1, deliveries // WIDTH)):
            done.clear()
            await runtime.publish_message(Question(number), TopicId("news", "fan"))
            await done.wait()

    yield go
    await runtime.stop()


@asynccontextmanager
async def autogen_fork_join() -> AsyncIterator[Go]:
    """Requests to a hundred agents at once."""
    from autogen_core import AgentId

    async def square(_self: Any, message: Question, ctx: Any) -> Answer:
        return Answer(message.number**2)

    runtime = await autogen_runtime(WIDTH, square, Question, Answer)
    runtime.start()
    targets = [AgentId(f"receiver{place}", "fork") for place in range(WIDTH)]

    async def go(calls: int) -> None:
        for _ in range(max(1, calls // WIDTH)):
            asked = [runtime.send_message(Question(number), target) for number, target in enumerate(targets)]
            assert sum(answer.number for answer in await asyncio.gather(*asked)) == SQUARES

    yield go
    await runtime.stop()


@asynccontextmanager
async def autogen_ping_pong() -> AsyncIterator[Go]:
    """Requests to one agent, one after the other."""
    from autogen_core import AgentId

    async def pong(_self: Any, message: Question, ctx: Any) -> Answer:
        return Answer(message.number)

    runtime = await autogen_runtime(1, pong, Question, Answer)
    runtime.start()

    async def go(messages: int) -> None:
        for number in range(messages // 2):
            assert await runtime.send_message(Question(number), AgentId("receiver0", "ping")) == Answer(number)

    yield go
    await runtime.stop()


@asynccontextmanager
async def langgraph_fork_join() -> AsyncIterator[Go]:
    """A node that sends to a hundred runs of another, whose results are reduced."""
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Send

    state = TypedDict("state", {"number": int, "squares": Annotated[list[int], operator.add]})  # noqa: UP013 - as in rings

    async def child(given: Any) -> Any:
        return {"squares": [given["number"] ** 2]}

    graph = StateGraph(state)
    graph.add_node("child", child)
    graph.add_conditional_edges(START, lambda _given: [Send("child", {"number": n}) for n in range(WIDTH)], ["child"])
    graph.add_edge("child", END)
    application = graph.compile()

    async def go(calls: int) -> None:
        for number in range(max(1, calls // WIDTH)):
            assert sum((await application.ainvoke({"number": number, "squares": []}))["squares"]) == SQUARES

    yield go


@asynccontextmanager
async def llama_index_fork_join() -> AsyncIterator[Go]:
    """A step that sends a hundred events, and one that collects the hundred that come of them."""
    from workflows import Context, Workflow, step
    from workflows.events import Event, StartEvent, StopEvent

    asked = type("Asked", (Event,), {"__annotations__": {"number": int}})
    answered = type("Answered", (Event,), {"__annotations__": {"number": int}})

    async def fork(_self: Any, ctx: Any, event: Any) -> Any:
        for number in range(WIDTH):
            ctx.send_event(asked(number=number))

    async def child(_self: Any, ctx: Any, event: Any) -> Any:
        return answered(number=event.number**2)

    async def join(_self: Any, ctx: Any, event: Any) -> Any:
        answers = ctx.collect_events(event, [answered] * WIDTH)
        return None if answers is None else StopEvent(result=sum(answer.number for answer in answers))

    def method(function: Any, taken: Any, given: Any, workers: int) -> Any:
        """Make a step as if it stood in a class, with annotations that need no looking up."""
        function.__qualname__ = f"Fork.{function.__name__}"
        function.__annotations__ = {"ctx": Context, "event": taken, "return": given}
        return step(num_workers=workers)(function)

    steps = {
        "fork": method(fork, StartEvent, asked | None, 1),
        "child": method(child, asked, answered, WIDTH),
        "join": method(join, answered, StopEvent | None, 1),
    }
    workflow = type("Fork", (Workflow,), steps)(timeout=None)

    async def go(calls: int) -> None:
        for _ in range(max(1, calls // WIDTH)):
            assert await workflow.run() == SQUARES

    yield go


@asynccontextmanager
async def burr_fork_join() -> AsyncIterator[Go]:
    """An action that maps another over a hundred states and reduces them."""
    from burr.core import ApplicationBuilder, action
    from burr.core.action import create_action
    from burr.core.parallelism import MapStates

    async def child(state: Any) -> Any:
        return state.update(number=state["number"] ** 2)

    square = create_action(action(reads=["number"], writes=["number"])(child), name="child")

    class Fork(MapStates):
        def action(self, state: Any, inputs: Any) -> Any:
            return square

        async def states(self, state: Any, context: Any, inputs: Any) -> Any:
            for number in range(WIDTH):
                yield state.update(number=number)

        async def reduce(self, state: Any, results: Any) -> Any:
            return state.update(total=sum([each["number"] async for each in results]))

        @property
        def reads(self) -> list[str]:
            return []

        @property
        def writes(self) -> list[str]:
            return ["total"]

        def is_async(self) -> bool:
            return True

    async def go(calls: int) -> None:
        for _ in range(max(1, calls // WIDTH)):
            builder = ApplicationBuilder().with_actions(fork=Fork()).with_entrypoint("fork").with_state(number=0)
            _, _, ended = await builder.build().arun(halt_after=["fork"])
            assert ended["total"] == SQUARES

    yield go


@asynccontextmanager
async def pydantic_graph_fork_join() -> AsyncIterator[Go]:
    """A mapping edge to a step, and a join."""
    from pydantic_graph import GraphBuilder, StepContext, reduce_sum

    builder = GraphBuilder(output_type=int)

    async def fork(context: StepContext[None, None, None]) -> list[int]:
        return list(range(WIDTH))

    async def child(context: StepContext[None, None, int]) -> int:
        return context.inputs**2

    forked, square = builder.step(node_id="fork")(fork), builder.step(node_id="child")(child)
    joined = builder.join(reduce_sum, initial=0)
    builder.add(
        builder.edge_from(builder.start_node).to(forked),
        builder.edge_from(forked).map().to(square),
        builder.edge_from(square).to(joined),
        builder.edge_from(joined).to(builder.end_node),
    )
    graph = builder.build()

    async def go(calls: int) -> None:
        for _ in range(max(1, calls // WIDTH)):
            assert await graph.run() == SQUARES

    yield go


@asynccontextmanager
async def pykka_fan_out() -> AsyncIterator[Go]:
    """A hundred actors, each with a thread of its own, who are all told."""
    from pykka import ThreadingActor

    loop, done = asyncio.get_running_loop(), asyncio.Event()
    heard = iter(())

    class Receiver(ThreadingActor):
        def on_receive(self, _message: Any) -> None:
            if next(heard) == WIDTH - 1:
                loop.call_soon_threadsafe(done.set)

    actors = [Receiver.start() for _ in range(WIDTH)]

    async def go(deliveries: int) -> None:
        nonlocal heard
        for number in range(max(1, deliveries // WIDTH)):
            heard = iter(range(WIDTH))  # one step of it is one step of the interpreter
            done.clear()
            for actor in actors:
                actor.tell(Question(number))
            await done.wait()

    yield go
    for actor in actors:
        actor.stop()


@asynccontextmanager
async def pykka_fork_join() -> AsyncIterator[Go]:
    """A hundred actors who are all asked."""
    from pykka import ThreadingActor, get_all

    class Child(ThreadingActor):
        def on_receive(self, message: Any) -> Answer:
            return Answer(message.number**2)

    actors = [Child.start() for _ in range(WIDTH)]

    async def go(calls: int) -> None:
        for _ in range(max(1, calls // WIDTH)):
            asked = [actor.ask(Question(number), block=False) for number, actor in enumerate(actors)]
            answers = await asyncio.to_thread(get_all, asked)
            assert sum(answer.number for answer in answers) == SQUARES

    yield go
    for actor in actors:
        actor.stop()


@asynccontextmanager
async def pykka_ping_pong() -> AsyncIterator[Go]:
    """Two actors who tell each other."""
    from pykka import ThreadingActor

    loop, ended = asyncio.get_running_loop(), []

    class Player(ThreadingActor):
        def on_receive(self, message: Any) -> None:
            if not isinstance(message, Question):
                self.other = message
            elif message.number == 0:
                loop.call_soon_threadsafe(ended.pop().set_result, None)
            else:
                self.other.tell(Question(message.number - 1))

    players = [Player.start() for _ in range(2)]
    players[0].tell(players[1])
    players[1].tell(players[0])

    async def go(messages: int) -> None:
        done = loop.create_future()
        ended.append(done)
        players[0].tell(Question(messages))
        await done

    yield go
    for player in players:
        player.stop()
