"""An organism: listeners that talk in messages, and the pump that carries them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, Self

from xpipe_nb.check import check
from xpipe_nb.config import ConfigLoader, OrganismConfig, settings_from
from xpipe_nb.errors import ConfigError, Fault, XPipeError
from xpipe_nb.known import watchers
from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.listeners import listener as mark
from xpipe_nb.views.graph import Graph, graph_of
from xpipe_nb.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xpipe_nb.accounts import Budgets
    from xpipe_nb.breakpoints import Breakpoints
    from xpipe_nb.check import Advice
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.dispatch.event_bus import Subscription
    from xpipe_nb.events import PumpEvent, ReloadEvent
    from xpipe_nb.identity import Identity
    from xpipe_nb.letters import DeadLetters
    from xpipe_nb.limits import Limits
    from xpipe_nb.listeners import Listener
    from xpipe_nb.message_log import MessageLog
    from xpipe_nb.messages import DeadLetter
    from xpipe_nb.pump import StreamPump
    from xpipe_nb.questions import Question
    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.shared import SharedState
    from xpipe_nb.views.xray import XRay
    from xpipe_nb.workers.watching import WorkerList

__all__ = ["Organism", "SettleReport"]


@dataclass(frozen=True, slots=True)
class SettleReport:
    """What an organism looks like once nothing moves.

    Args:
        conversations: How many conversations have ended so far, of those that are remembered.
        open: The numbers of the conversations that are not over, because they wait or the organism is paused.
        dead_letters: How many dead letters there are.
        paused: Whether the organism is paused.
        questions: What a person has to decide before the conversations among these that are `waiting` can go on.
    """

    conversations: int
    open: tuple[int, ...]
    dead_letters: int
    paused: bool
    questions: tuple[Question, ...] = ()


class Organism:
    """A set of listeners that runs.

    Args:
        name: What people call it.
        listeners: Configurations, functions marked with `@listener`, or both.
        limits: The bounds of each conversation.
        gate: The caps on what comes from outside.
        max_concurrent_handlers: How many handlers run at once.
        max_concurrent_per_agent: How many messages of one agent are handled at once.
        max_concurrent_pipelines: How many conversations may be open before `inject` waits.
        max_tokens_per_thread: How many tokens one conversation may spend on models; left out, as many as it likes.
        thread_scheduling: `breadth-first` serves conversations in turn; `depth-first` stays with the conversation
            served last while anything of it is ready, deepest frame first.
        identity: Who it is: an `Identity`, the path of its key, or a mapping as in YAML. Then all that leaves is signed,
            and whole messages that come in must be (see `Identity`).
        port: The reference's network port; there is no network door.
        llm: Not built yet.
        process_pool: The worker processes of `cpu_bound` listeners, started when first needed: `{"workers": how many work
            at once (default: the processors that this process may use, at most 4), "max_tasks_per_child": after how many
            handlers each is replaced, "start_method": "forkserver" | "spawn", "enabled": False for none at all}`.
        dask: Where listeners with `executor: dask` run: the `address` of a scheduler, or the `workers` of a cluster here.
        backend: Where its state is shared with workers and other kernels: a URL as `redis://localhost:6379/0`, a
            mapping as in YAML, or a `StateAddress` (see there); left out, `shared_state` stays in this process.
        hooks: Objects that keep a book of messages, in the order in which they are called (`DispatchHook`).

    Raises:
        ConfigError: When anything in it is wrong; it names every fault.

    Example:
        ```python
        async with Organism("hello", [greeter, shouter]) as hello:
            print(await hello.ask(Greeting("World"), to="greeter"))
        ```
    """

    def __init__(
        self,
        name: str = "organism",
        listeners: Iterable[ListenerConfig | Callable[..., Any]] = (),
        *,
        limits: Limits | None = None,
        gate: Any = None,
        max_concurrent_handlers: int | None = None,
        max_concurrent_per_agent: int | None = None,
        max_concurrent_pipelines: int | None = None,
        max_tokens_per_thread: int | None = None,
        thread_scheduling: str | None = None,
        identity: Identity | str | Path | Mapping[str, Any] | None = None,
        port: int | None = None,
        llm: Any = None,
        process_pool: Any = None,
        dask: Mapping[str, Any] | None = None,
        backend: Any = None,
        hooks: Iterable[Any] | None = None,
        **misspelt: Never,
    ) -> None:
        self._begin(
            settings_from(
                name=name,
                listeners=_listed(listeners),
                limits=limits,
                gate=gate,
                max_concurrent_handlers=max_concurrent_handlers,
                max_concurrent_per_agent=max_concurrent_per_agent,
                max_concurrent_pipelines=max_concurrent_pipelines,
                max_tokens_per_thread=max_tokens_per_thread,
                thread_scheduling=thread_scheduling,
                identity=identity,
                port=port,
                llm=llm,
                process_pool=process_pool,
                dask=dask,
                backend=backend,
                hooks=list(hooks) if hooks else None,
                **misspelt,
            )
        )

    def _begin(self, config: OrganismConfig, namespace: Mapping[str, Any] | None = None) -> None:
        from xpipe_nb.pump import StreamPump  # with the first organism, not with whatever only names the class

        self.pump: StreamPump = StreamPump(config, namespace)
        self._task: asyncio.Task[None] | None = None
        self._view: Any = None
        self._messages: MessageLog | None = None

    @classmethod
    def from_config(cls, config: OrganismConfig, namespace: Mapping[str, Any] | None = None) -> Organism:
        """Make an organism of settings that were read before.

        Args:
            config: The settings.
            namespace: Where names in annotations of handlers are looked up besides the handlers' own modules.
        """
        organism = cls.__new__(cls)
        organism._begin(config, namespace)  # noqa: SLF001 - one of us
        return organism

    @classmethod
    def from_yaml(cls, text: str | Path, namespace: Mapping[str, Any] | None = None) -> Organism:
        """Make an organism of YAML.

        Args:
            text: The text itself, or the path of a file as a `Path`.
            namespace: Where the names of handlers and payload classes are looked up first.

        Raises:
            ConfigError: When anything in it is wrong; it names every fault with its line.
        """
        load = ConfigLoader.load if isinstance(text, Path) else ConfigLoader.load_text
        return cls.from_config(load(text, namespace), namespace)  # type: ignore[arg-type]

    # ---- life

    async def start(self) -> Self:
        """Run on the current loop; to start a running organism does nothing.

        Raises:
            XPipeError: It was stopped.
            StoreError: The shared state that it is to write to cannot be opened.
        """
        if self.pump.state == "stopped":
            raise XPipeError(f"{self.name} was stopped; make a new one")
        if self._task is None:
            await self.pump.open_state()
        if self._task is None:  # another start may have been quicker
            self._task = asyncio.create_task(self.pump.run(), name=f"xpipe-{self.name}")
            for watcher in watchers:
                watcher(self)
            await asyncio.sleep(0)
        return self

    async def stop(self, grace: float = 10.0) -> None:
        """Refuse new work, let what is there end, and cancel what is left after `grace` seconds.

        Args:
            grace: Seconds that conversations have to end by themselves.
        """
        await self.pump.shutdown(grace)
        if self._task is not None:
            await asyncio.wait([self._task])

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    # ---- talking to it

    async def inject(
        self,
        message: Any,
        *,
        to: str | None = None,
        from_id: str = "console",
        conversation: Conversation | None = None,
        nowait: bool = False,
        repair: bool = False,
    ) -> Conversation:
        """Send a message from outside; return once it is admitted, which may be before it is handled.

        Args:
            message: A payload, an element, or a bare payload or whole envelope as text or bytes. With an identity all
                but payload objects are checked as `Identity` says, before anything else reads them.
            to: The listener it is for; left out, the one that accepts its class (or all that listen to broadcasts).
            from_id: The port that it comes in by, where the replies go.
            conversation: An earlier conversation that it continues.
            nowait: Refuse at once when too many conversations are open, instead of waiting.
            repair: Mend text that a person or a model wrote before it is read.

        Raises:
            Rejected: When it cannot be read, fits no schema, or no listener can take it. It is a dead letter, too.
            XPipeError: When the organism does not run.
        """
        return await self.pump.submit(
            message, to=to, from_id=from_id, conversation=conversation, nowait=nowait, repair=repair
        )

    async def ask(self, message: Any, *, to: str | None = None, from_id: str = "console", repair: bool = False) -> Any:
        """Send a message from outside and give the only reply.

        Raises:
            ConversationFailed: When an error came back, or not exactly one reply.
            Rejected: As `inject` does.
        """
        conversation = await self.inject(message, to=to, from_id=from_id, repair=repair)
        await conversation
        return conversation.reply

    async def resend(self, message_id: str, payload: Any = None) -> Conversation:
        """Send a dead letter again, into its conversation if that is still open, else into a new one.

        It comes in by the port by which its conversation began, and its replies go there.

        Args:
            message_id: The letter's (`organism.dead_letters[-1].message_id`).
            payload: What is sent in its place, in any form that `inject` takes; left out, what the letter holds.

        Raises:
            Rejected: As `inject` does; a letter whose payload could never be written needs another `payload`.
            XPipeError: When there is no such letter (any more), or the organism does not run.
        """
        return await self.pump.resend(message_id, payload)

    async def reload(
        self, source: str | Path | OrganismConfig | Iterable[Any], namespace: Mapping[str, Any] | None = None
    ) -> ReloadEvent:
        """Take over new listeners and settings while the organism runs, all at once or not at all.

        A turn that has started ends on the old code. Everything else is handled by the new: what waits is read again
        by the new classes, and becomes a dead letter `schema-changed` if they do not take it. Listeners that are
        gone stay at work in the frames that are open.

        YAML and a whole configuration bring settings, too: `limits`, `max_tokens_per_thread` and the `max_concurrent_*`
        count at once, for open conversations as well; what they leave out returns to its default. A budget that
        somebody has raised by hand stays as it is, and fewer places end nothing that runs. The other settings need a
        new start, and a change of one is refused. Of listeners alone the settings stay.

        Args:
            source: YAML text, the path of a YAML file as a `Path`, an `OrganismConfig`, or the listeners themselves;
                whatever it does not name is removed.
            namespace: Where the names in it are looked up first; left out, where they were when it was made.

        Returns:
            What changed; or, with `success` false, why nothing did.

        Example:
            ```python
            event = await hello.reload([greeter, shouter, whisperer])
            event.added_listeners  # ['whisperer']
            ```
        """
        return self.pump.reload(source, namespace)

    @property
    def generation(self) -> int:
        """How many different sets of listeners it has had, this one included; from 1."""
        return self.pump.reloader.generation

    def running(self, name: str) -> int:
        """Say how many messages a listener is handling now, also one that was removed meanwhile."""
        return self.pump.directory.running(name)

    def listener(self, function: Callable[..., Any] | None = None, /, **settings: Any) -> Any:
        """Add a function as a listener, while the organism runs or before: `@organism.listener(peers=["shouter"])`.

        Args:
            function: The handler; left out, the result is a decorator.
            settings: The settings of `ListenerConfig`.

        Raises:
            ConfigError: When it cannot be used as a listener.
        """

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            self.pump.register_listener(mark(**settings)(handler) if settings else handler)
            return handler

        return register if function is None else register(function)

    def subscribe(self, callback: Callable[[PumpEvent], Any]) -> Subscription:
        """Have every event handed to `callback`, in order.

        Each subscriber has a queue of its own, of 10,000 events; when it is full, the oldest goes. A callback that
        raises gets the next event all the same; one that is a coroutine function is awaited first.

        Args:
            callback: Called on the organism's loop, a turn after things happened; it never holds up a message.

        Returns:
            What ends the subscription when it is called; its `dropped` counts the events that did not fit.
        """
        return self.pump.bus.subscribe(callback)

    async def settle(self) -> SettleReport:
        """Wait until nothing is in flight, or nothing of it can go on."""
        await self.pump.until_quiet()
        return SettleReport(
            conversations=len(self.pump.conversations.finished),
            open=tuple(conversation.number for conversation in self.pump.conversations.active),
            dead_letters=len(self.dead_letters),
            paused=self.paused,
            questions=self.questions,
        )

    def pause(self) -> None:
        """Start no more handlers; injections are accepted and wait."""
        self.pump.pause()

    def resume(self) -> None:
        """Start handlers again."""
        self.pump.resume()

    def step(self) -> None:
        """Let one handler start while paused; else release what is held, and hold the next message of its conversation.

        What is released while the organism is paused waits with all others for its resumption, or a step.

        Raises:
            XPipeError: The organism is not paused, and nothing is held.
        """
        self.pump.step()

    def seal(
        self,
        payload: Any,
        *,
        to: str | None = None,
        from_id: str = "console",
        thread: str | None = None,
        organism: str | None = None,
    ) -> bytes:
        """Write a whole message for another organism that trusts this one's key: stamped, signed, canonical.

        Args:
            payload: A payload, or an element in no namespace.
            to: The listener it is for, there.
            from_id: The port that it comes in by, there. Answers are addressed to it, so it may well be the name of a
                listener here.
            thread: The sender's reference, a UUID of version 4; left out, a new one.
            organism: The name of the organism that it is for; left out, any that trusts the key takes it.

        Raises:
            Rejected: The payload cannot be written, or a name or the thread is none.
            XPipeError: The organism has no identity.

        Example:
            ```python
            message = hello.seal(Greeting("Ann"), to="greeter")
            conversation = await other.inject(message)
            conversation.envelopes  # the answers, signed by `other`
            ```
        """
        return self.pump.sealer.seal(payload, to=to, from_id=from_id, thread=thread, organism=organism)

    # ---- looking at it

    @property
    def name(self) -> str:
        """What people call it."""
        return self.pump.name

    @property
    def workers(self) -> WorkerList:
        """Its worker processes as they are now, with their processor and memory; `organism.workers.kill(pid)` ends one."""
        return self.pump.executors.look()

    @property
    def identity(self) -> Identity | None:
        """Who it is; trust, distrust and rotate keys here while it runs. `None` if it signs and checks nothing."""
        identity: Identity | None = self.pump.config.identity
        return identity

    @property
    def state(self) -> str:
        """In a word: `new`, `running`, `paused`, `stopping` or `stopped`."""
        return "paused" if self.pump.state == "running" and self.paused else self.pump.state

    @property
    def paused(self) -> bool:
        """No handler is started."""
        return self.pump.paused

    @property
    def config(self) -> OrganismConfig:
        """The settings that count now."""
        return self.pump.config

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """The listeners by name."""
        return self.pump.directory.of_the_person()

    @property
    def conversations(self) -> list[Conversation]:
        """The conversations that are remembered, oldest first; open ones last."""
        return self.pump.conversations.known

    def conversation(self, number: int) -> Conversation:
        """Give a remembered conversation by the number that people see; it stays the same one, whatever comes after it.

        Args:
            number: From 1, in the order in which they were begun.

        Raises:
            XPipeError: When there is none of that number, or it is forgotten: the oldest are (`limits.max_finished`).

        Example:
            `hello.conversation(3).output` is what the handlers of #3 have printed.
        """
        known = self.conversations
        for conversation in known:
            if conversation.number == number:
                return conversation
        if 0 < number <= self.pump.conversations.count:
            most = self.config.limits.max_finished
            raise XPipeError(f"#{number} of {self.name} is forgotten: it remembers {most:,} (limits.max_finished).")
        numbers = ", ".join(f"#{each.number}" for each in known[-5:])
        raise XPipeError(
            f"No conversation #{number} in {self.name}." + (f" The last are: {numbers}." if numbers else "")
        )

    @property
    def budgets(self) -> Budgets:
        """What its conversations may spend on models, and have spent."""
        return self.pump.budgets

    @property
    def breakpoints(self) -> Breakpoints:
        """Where messages are held before their handlers, and which ones are."""
        return self.pump.breakpoints

    @property
    def shared_state(self) -> SharedState:
        """Its conversations, threads and budgets, as workers and other kernels see them; see `SharedState`.

        Where no `backend` is named, it is kept in this process, from the first look on.

        Raises:
            XPipeError: A `backend` is named, and the organism has not been started.
        """
        return self.pump.shared().state

    @property
    def state_address(self) -> StateAddress:
        """What another process needs for `SharedState.open`; it holds the authkey, so give it to your own only.

        Raises:
            XPipeError: As `shared_state` does.
        """
        return self.pump.shared().address

    @property
    def prompts(self) -> Mapping[str, str]:
        """The whole system prompt of each agent: its own words, its peers' contracts, and the rules of answering."""
        return self.pump.prompts

    @property
    def attended(self) -> bool:
        """Somebody is there to be asked: a handler whose budget is used up then waits instead of failing.

        False unless it is set; a notebook sets it while a front end is attached.
        """
        return self.pump.questions.attended

    @attended.setter
    def attended(self, attended: bool) -> None:
        self.pump.questions.attended = attended

    @property
    def questions(self) -> tuple[Question, ...]:
        """What waits for a person's decision, oldest first."""
        return tuple(self.pump.questions.open.values())

    @property
    def dead_letters(self) -> DeadLetters:
        """What could not be delivered or handled, oldest first."""
        return self.pump.letters

    def xray(self, where: str | tuple[int, int] | DeadLetter) -> XRay:
        """Look at one message in all the forms that it took: raw, repaired, canonical, envelope, routed, payload.

        Args:
            where: Its numbers, as in `#1.2` (the second message of conversation 1), or a dead letter.

        Returns:
            The forms, each with what changed from the one before; where a message was refused is marked.

        Raises:
            XPipeError: When it is not (or no longer) known. Messages are kept from the first call on, the latest 500 of
                them; a notebook keeps them from the start.

        Example:
            ```python
            print(hello.xray("#1.1"))
            print(hello.xray(hello.dead_letters[-1]))
            ```
        """
        return self.pump.passages.xray(where, self.conversations)

    @property
    def messages(self) -> MessageLog:
        """Who sent what to whom and what became of it: a log of the newest 10,000 messages.

        It is kept from the first look on, so that nobody pays for it who never looks; in a notebook it is looked at
        when the organism starts, and holds everything.
        """
        if self._messages is None:
            from xpipe_nb.message_log import MessageLog

            self._messages = MessageLog()
            self._messages.fed_by(self.subscribe(self._messages.note))
        return self._messages

    def check(self) -> list[Advice]:
        """Look for what will probably not work: unreachable listeners, answers that nobody takes, endless circles."""
        return check(self.pump.listeners.values(), budget=self.budgets.max_tokens_per_thread)

    def graph(self) -> Graph:
        """Give the listeners and who may send to whom, to be drawn; of the pump's own those that are named as peers."""
        named = {peer for listener in self.listeners.values() for peer in listener.peers or ()}
        drawn = [each for each in self.pump.listeners.values() if each.name in named or each.name in self.listeners]
        return graph_of(drawn, title=self.name)

    def view(self) -> Any:
        """Give the live view of it: the value of a cell, it shows what happens; always the same one until it is closed.

        Raises:
            ImportError: When what a notebook needs is not installed.
        """
        if self._view is None or self._view.closed:
            # by name: the core knows no notebook until somebody asks for one
            self._view = import_module("xpipe_nb.notebook.view").LiveView(self)
        return self._view

    def __repr__(self) -> str:
        listeners = counted(len(self.listeners), "listener")
        flying, dead = len(self.pump.conversations.active), len(self.dead_letters)
        return f"Organism {self.name} · {self.state} · {listeners} · {flying} in flight · {dead} dead"


def _listed(listeners: Any) -> list[Any]:
    """Take a list of listeners; the likely slip is to forget its brackets."""
    if callable(listeners) or isinstance(listeners, str | ListenerConfig) or not isinstance(listeners, Iterable):
        name = getattr(listeners, "__name__", None) or getattr(listeners, "name", None) or "…"
        raise ConfigError(Fault("$.listeners", f"expected a list, got {name}", f"[{name}]"))
    return list(listeners)
