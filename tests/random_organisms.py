"""Organisms that nobody would write: handlers that do whatever a short random script says, and somebody who meddles.

Every message is a `Job` with so much energy; what a listener does with it is the line of its script that this energy
picks, and all that it sends has less. So every program comes to an end, if the pump lets it. Time is virtual: whenever
nothing is left to do, the clock jumps to the next timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from xpipe_nb import (
    CallFailed,
    ConversationFailed,
    DeliveryError,
    HandlerMetadata,
    HandlerResponse,
    Limits,
    ListenerConfig,
    Organism,
    Rejected,
    XPipeError,
    payload,
    send,
)
from xpipe_nb.primitives import BufferStart, SequenceStart, TodoUntil

__all__ = ["Act", "Actor", "JumpingLoop", "Meddling", "Program", "programs"]

NAMES = ("ann", "ben", "cem", "dan")


@payload
class Job:
    """Something to do, with so much energy left."""

    energy: int


@payload
class Done:
    """Something done."""

    energy: int


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer when nothing else is left to do."""

    ahead = 0.0

    def __init__(self) -> None:
        super().__init__()
        self.threads_work: Callable[[], bool] = lambda: False
        self._waited = False

    def time(self) -> float:
        return super().time() + self.ahead

    def _run_once(self) -> None:
        if self._ready:  # type: ignore[attr-defined]
            self._waited = False
        elif self.threads_work() and not self._waited:
            self._waited = True  # a thread gets a moment of real time before the clock jumps
            self.call_later(0.01, lambda: None)
        else:
            self._waited = False
            timers = [each.when() for each in self._scheduled if not each.cancelled()]  # type: ignore[attr-defined]
            if not timers:
                raise RuntimeError("nothing will ever happen in this loop again")
            self.ahead += max(0.0, min(timers) - self.time())
        super()._run_once()  # type: ignore[misc]


@dataclass(frozen=True)
class Act:
    """One line of a script: what to do, and with whom."""

    what: str
    peers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Actor:
    """A listener: what it does, and its settings."""

    script: tuple[Act, ...]
    takes_errors: bool = False
    plain: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Meddling:
    """Something done from outside while the organism runs."""

    what: str
    number: int = 0
    name: str = NAMES[0]


@dataclass(frozen=True)
class Program:
    """A whole story: who is there, how many places there are, what is done from outside, and whether it may settle."""

    actors: dict[str, Actor]
    settings: dict[str, Any]
    meddling: tuple[Meddling, ...]
    watched: bool = True
    settles: bool = True


HANDLED = [
    "nothing", "answer", "forward", "forward", "fan", "itself", "call", "call", "call uncaught", "gather", "race",
    "call and leave", "broadcast", "call all", "raise", "exit", "cancelled", "cancel myself", "hang", "stubborn", "pause",
    "nowhere", "nonsense", "yield", "yield and raise", "answer, then more", "inject", "ask", "cancel it", "cancel other",
    "text", "bad list", "todo", "sequence", "buffer",
]  # fmt: skip
"""What a handler may do."""

DONE_OUTSIDE = [
    "inject", "inject", "inject", "inject", "turns", "turns", "wait", "pause", "resume", "step", "cancel", "continue",
    "reload", "remove", "nowait", "await",
]  # fmt: skip
"""What may be done from outside."""


def actors() -> st.SearchStrategy[Actor]:
    """Any listener."""
    some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple)
    acts = st.builds(Act, st.sampled_from(HANDLED), some)
    settings = st.fixed_dictionaries(
        {"timeout": st.sampled_from([0.2, 5.0])},
        optional={
            "concurrency": st.integers(1, 2),
            "retries": st.integers(0, 2),
            "agent": st.just(True),
            "broadcast": st.just(True),
        },
    )
    scripts = st.lists(acts, min_size=1, max_size=4).map(tuple)
    return st.builds(Actor, scripts, st.booleans(), st.sampled_from([False, False, False, True]), settings)


def programs() -> st.SearchStrategy[Program]:
    """Any story."""
    settings = st.fixed_dictionaries(
        {
            "max_concurrent_handlers": st.integers(1, 4),
            "max_concurrent_per_agent": st.integers(1, 2),
            "max_concurrent_pipelines": st.integers(1, 4),
            "thread_scheduling": st.sampled_from(["breadth-first", "depth-first"]),
            "limits": st.builds(Limits, max_depth=st.integers(2, 8), max_messages=st.sampled_from([20, 200])),
        }
    )
    meddling = st.builds(Meddling, st.sampled_from(DONE_OUTSIDE), st.integers(0, 5), st.sampled_from(NAMES))
    cast = st.fixed_dictionaries({name: actors() for name in NAMES})
    done = st.lists(meddling, min_size=2, max_size=14).map(tuple)
    return st.builds(Program, cast, settings, done, st.booleans(), st.sampled_from([True, True, False]))


# ---- what handlers do


class Playing:
    """One listener at work.

    Args:
        actor: What it does.
        stage: Gives the organism that it is in.
    """

    def __init__(self, actor: Actor, stage: Any) -> None:
        self.actor, self.stage = actor, stage

    def handler(self) -> Any:
        """The function that the organism calls; it takes errors, or not."""
        if self.actor.plain:

            def plain(message: Job | Done, meta: HandlerMetadata) -> Any:
                return self.play_plainly(message, meta)

            return plain
        if any(act.what.startswith("yield") for act in self.actor.script):
            return self.generator(errors=self.actor.takes_errors)
        if self.actor.takes_errors:

            async def with_errors(message: Job | Done | DeliveryError, meta: HandlerMetadata) -> Any:
                return await self.play(message, meta)

            return with_errors

        async def without(message: Job | Done, meta: HandlerMetadata) -> Any:
            return await self.play(message, meta)

        return without

    def generator(self, *, errors: bool) -> Any:
        """The same as a generator, which yields what it would return."""
        if errors:

            async def with_errors(message: Job | Done | DeliveryError, meta: HandlerMetadata) -> AsyncIterator[Any]:
                async for each in self.play_on(message, meta):
                    yield each

            return with_errors

        async def without(message: Job | Done, meta: HandlerMetadata) -> AsyncIterator[Any]:
            async for each in self.play_on(message, meta):
                yield each

        return without

    async def play_on(self, message: Any, meta: HandlerMetadata) -> AsyncIterator[Any]:
        """Do what the line of the script says, and yield it."""
        act = self.act_for(message)
        if act is None or not act.what.startswith("yield"):
            result = await self.play(message, meta)
            if result is not None:
                yield result
            return
        for peer in act.peers:
            yield send(Job(message.energy - 1), to=peer)
            await asyncio.sleep(0)
        if act.what == "yield and raise":
            raise ValueError("after it has sent")
        yield HandlerResponse.respond(Done(message.energy))
        yield HandlerResponse.respond(Done(message.energy))

    def play_plainly(self, message: Any, meta: HandlerMetadata) -> Any:
        """Do in a thread what can be done there, else pass it on."""
        act = self.act_for(message)
        if act is None:
            return Done(0) if isinstance(message, Job) else None
        job = Job(message.energy - 1)
        if act.what in ("call", "gather", "race", "hang"):
            with suppress(CallFailed):
                meta.call_sync(job, to=act.peers[0])
            return Done(job.energy)
        if act.what == "call uncaught":
            return meta.call_sync(job, to=act.peers[0])
        if act.what in ("raise", "yield and raise"):
            raise ValueError("as the script says")
        if act.what in ("exit", "cancelled"):
            raise SystemExit(3)
        return {"nothing": None, "answer": Done(job.energy), "nonsense": 5}.get(act.what, send(job, to=act.peers[0]))

    def act_for(self, message: Any) -> Act | None:
        """The line that a message picks; no energy is left for errors and for what is done."""
        if not isinstance(message, Job) or message.energy <= 0:
            return None
        return self.actor.script[message.energy % len(self.actor.script)]

    async def play(self, message: Any, meta: HandlerMetadata) -> Any:
        """Do what the line of the script says."""
        act = self.act_for(message)
        if act is None:
            return Done(0) if isinstance(message, Job) else None
        played = getattr(self, "do_" + act.what.replace(" ", "_").replace(",", ""))
        return await played(Job(message.energy - 1), act.peers, meta)

    async def do_nothing(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return None

    async def do_answer(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return Done(job.energy)

    async def do_forward(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return send(job, to=peers[0])

    async def do_fan(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return [send(job, to=peer) for peer in peers]

    async def do_itself(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return send(job, to=self.name)

    async def do_call(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        for peer in peers:
            with suppress(CallFailed):
                await meta.call(job, to=peer)
        return Done(job.energy)

    async def do_call_uncaught(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return await meta.call(job, to=peers[0])

    async def do_gather(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        await asyncio.gather(*(meta.call(job, to=peer) for peer in peers), return_exceptions=True)
        return Done(job.energy)

    async def do_race(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(TimeoutError, CallFailed):
            await asyncio.wait_for(meta.call(job, to=peers[0]), 0.1)
        return None

    async def do_call_and_leave(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        async def calling() -> None:
            with suppress(CallFailed):
                await meta.call(job, to=peers[0])

        self.stage.left.append(asyncio.create_task(calling()))
        await asyncio.sleep(0)
        return None

    async def do_broadcast(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return HandlerResponse(job)

    async def do_call_all(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(CallFailed):
            await meta.call_all(job)
        return None

    async def do_raise(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        raise ValueError("as the script says")

    async def do_exit(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        raise SystemExit(3)

    async def do_cancelled(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        raise asyncio.CancelledError

    async def do_cancel_myself(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return Done(job.energy)

    async def do_hang(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        await asyncio.Event().wait()

    async def do_stubborn(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0.5)
        await asyncio.sleep(0)
        return send(job, to=peers[0])

    async def do_pause(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        for _ in range(job.energy):
            await asyncio.sleep(0)
        return send(job, to=peers[0])

    async def do_nowhere(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return send(job, to="nobody")

    async def do_nonsense(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return 5

    do_yield = do_yield_and_raise = do_forward  # how one that is no generator would do it

    async def do_answer_then_more(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return [HandlerResponse.respond(Done(job.energy)), send(job, to=peers[0])]

    async def do_inject(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(Rejected, XPipeError):
            await self.stage.organism.inject(job, to=peers[0], from_id="inside")
        return None

    async def do_ask(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(Rejected, XPipeError, ConversationFailed):
            return await self.stage.organism.ask(job, to=peers[0], from_id="inside")
        return None

    async def do_cancel_it(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        mine = next(each for each in self.stage.organism.conversations if each.id == meta.conversation_id)
        mine.cancel("by its own handler")
        await asyncio.sleep(0)
        return send(job, to=peers[0])

    async def do_cancel_other(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        conversations = self.stage.organism.conversations
        conversations[job.energy % len(conversations)].cancel("by a handler")
        return send(job, to=peers[0])

    async def do_text(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return f"I think so. <Done><Energy>{job.energy}</Energy></Done>"

    async def do_bad_list(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return [send(job, to=peers[0]), 7]

    async def do_todo(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        return [send(TodoUntil("Done"), to="system.todo"), send(job, to=peers[0])]

    async def do_sequence(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(CallFailed):
            await meta.call(SequenceStart(steps=list(peers), payload=job), to="system.sequence")
        return Done(job.energy)

    async def do_buffer(self, job: Job, peers: tuple[str, ...], meta: HandlerMetadata) -> Any:
        with suppress(CallFailed):
            start = BufferStart(target=peers[0], items=[job, job], deadline=0.3 if len(peers) > 1 else None)
            await meta.call(start, to="system.buffer")
        return Done(job.energy)

    name = ""


def listener_of(name: str, actor: Actor, stage: Any) -> ListenerConfig:
    """The configuration of one actor."""
    playing = Playing(actor, stage)
    playing.name = name
    settings = dict(actor.settings)
    if settings.get("agent"):
        settings["peers"] = ["*"]
    return ListenerConfig(name=name, handler=playing.handler(), description="Plays", **settings)


# ---- what is done from outside


class Stage:
    """One program that runs.

    Args:
        program: What to play.
        settings: More settings of the organism.
    """

    def __init__(self, program: Program, **settings: Any) -> None:
        self.program = program
        self.left: list[asyncio.Task[None]] = []
        self.waiting: list[asyncio.Task[Any]] = []
        self.organism = Organism("random", self.listeners(), **program.settings, **settings)

    def listeners(self, *without: str) -> list[ListenerConfig]:
        """All listeners but these."""
        actors = self.program.actors.items()
        return [listener_of(name, actor, self) for name, actor in actors if name not in without]

    async def play(self) -> None:
        """Do all that is to be done from outside, then let everything go."""
        for meddling in self.program.meddling:
            await self.meddle(meddling)
        self.organism.resume()

    async def meddle(self, it: Meddling) -> None:
        organism, conversations = self.organism, self.organism.conversations
        if it.what == "inject":
            self.waiting.append(asyncio.create_task(self.injected(it)))
            await asyncio.sleep(0)
        elif it.what == "nowait":
            with suppress(Rejected):
                await organism.inject(Job(it.number), to=it.name, nowait=True)
        elif it.what == "turns":
            for _ in range(it.number):
                await asyncio.sleep(0)
        elif it.what == "wait":
            await asyncio.sleep(0.1 * it.number)
        elif it.what in ("pause", "resume"):
            getattr(organism, it.what)()
        elif it.what == "step" and (organism.paused or organism.breakpoints.held):
            organism.step()
        elif it.what == "reload":
            event = await organism.reload(self.listeners())
            assert event.success, event.error
        elif it.what == "remove":
            await organism.reload(self.listeners(it.name))
        elif conversations and it.what == "cancel":
            conversations[it.number % len(conversations)].cancel("from outside")
        elif conversations and it.what == "continue":
            mine = conversations[it.number % len(conversations)]
            self.waiting.append(asyncio.create_task(self.injected(it, mine)))
            await asyncio.sleep(0)
        elif conversations and it.what == "await":
            self.waiting.append(asyncio.create_task(self.awaited(conversations[-1])))

    async def injected(self, it: Meddling, conversation: Any = None) -> None:
        with suppress(Rejected, XPipeError):
            port = {} if conversation is None else {"from_id": conversation.port}
            await self.organism.inject(Job(it.number), to=it.name, conversation=conversation, **port)

    async def awaited(self, conversation: Any) -> None:
        with suppress(ConversationFailed):
            await conversation
