"""An organism: listeners that talk in messages, and the pump that carries them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never, Self

from xpipe_nb.config import ConfigLoader, OrganismConfig, settings_from
from xpipe_nb.controls import Controls, SettleReport
from xpipe_nb.errors import ConfigError, Fault, XPipeError
from xpipe_nb.known import watchers
from xpipe_nb.listeners import ListenerConfig
from xpipe_nb.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xpipe_nb.identity import Identity
    from xpipe_nb.limits import Limits
    from xpipe_nb.pump import StreamPump

__all__ = ["Organism", "SettleReport"]


class Organism(Controls):
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
        self._view = None
        self._messages = None

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
