"""The parts of one pump, put together: the only place where one part learns of another."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from xpipe_nb.accounts import Budgets
from xpipe_nb.breakpoints import Breakpoints
from xpipe_nb.composing import Composer
from xpipe_nb.config.pool import check_pool
from xpipe_nb.conversation import Conversation, Keeper
from xpipe_nb.conversations import Conversations
from xpipe_nb.crew import Crew
from xpipe_nb.depth_first import DepthFirst
from xpipe_nb.directory import Directory
from xpipe_nb.dispatch.announced import announced
from xpipe_nb.dispatch.around import Around, Where
from xpipe_nb.dispatch.booked import booked
from xpipe_nb.dispatch.context import in_context
from xpipe_nb.dispatch.deadlines import Deadlines
from xpipe_nb.dispatch.event_bus import EventBus
from xpipe_nb.dispatch.guarded import guarded
from xpipe_nb.dispatch.handled import handled
from xpipe_nb.dispatch.hooks import Hooks
from xpipe_nb.dispatch.remembered import remembered
from xpipe_nb.dispatch.retried import retried
from xpipe_nb.dispatch.threads import DaemonThreads
from xpipe_nb.dispatch.timed import timed
from xpipe_nb.effects import FrameEffects
from xpipe_nb.errors import XPipeError
from xpipe_nb.exchange import Exchange
from xpipe_nb.frame_rules import FrameRules
from xpipe_nb.inbox import Inbox
from xpipe_nb.letters import DeadLetters
from xpipe_nb.listeners import resolve_all
from xpipe_nb.losses import Losses
from xpipe_nb.passages import Passages
from xpipe_nb.pipeline import Pipeline
from xpipe_nb.primitives.desk import Desk
from xpipe_nb.primitives.table import system_listeners
from xpipe_nb.prompts import Prompts
from xpipe_nb.questions import Questions
from xpipe_nb.reception import Reception
from xpipe_nb.reloading import Reloader
from xpipe_nb.scheduling import BreadthFirst
from xpipe_nb.sealing import Sealer
from xpipe_nb.services import Services
from xpipe_nb.settlements import Settlements
from xpipe_nb.stages import Steps
from xpipe_nb.thread_ids import ThreadIds
from xpipe_nb.workers.executors import Executors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.dispatch.around import Layer
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.stores.mirror import Mirror
    from xpipe_nb.workers.executor import Executor

__all__ = ["Parts"]


class Parts(Keeper, ABC):
    """Builds what a pump is made of, and connects it; what depends on how the pump runs is asked of the pump.

    Args:
        config: The organism's settings and listeners, checked.
        namespace: Where names in annotations of handlers are looked up besides the handlers' own modules.

    Raises:
        ConfigError: When a listener cannot be used; it names every fault.
    """

    def __init__(self, config: OrganismConfig, namespace: Mapping[str, Any] | None = None) -> None:
        listeners = resolve_all(config.listeners, namespace)
        check_pool(listeners, config.process_pool)
        limits = config.limits
        self.config, self.name = config, config.name
        self.letters = DeadLetters(limits.max_dead_letters)
        self.bus = EventBus()
        order = DepthFirst() if config.thread_scheduling == "depth-first" else BreadthFirst()
        self.directory = Directory(config.name, listeners, config.max_concurrent_per_agent, order.queue)
        self.scheduler = order.scheduler(config.max_concurrent_handlers, self.directory.gate_of)
        losses = Losses(self.directory, self.bus, self.letters)
        self.exchange = Exchange(self.bus, losses, self.scheduler, self._look_for_quiet)
        self.effects = FrameEffects(self.exchange, self.directory, self.bus, self.scheduler, self._look_for_quiet)
        self.rules = FrameRules(self.effects, limits.max_depth, Conversation.opened)
        self.conversations = Conversations(
            self, ThreadIds(), self.bus, limits, config.max_concurrent_pipelines, self.rules.open_root
        )
        self._open_registries(config)
        self.composer = Composer(self.directory, config.gate, self._thought)
        self.directory.adopt(system_listeners(Desk(self.directory, self.exchange, self.composer, self.bus)))
        self.hooks = Hooks(config.hooks)
        self.deadlines = Deadlines(self._abandon)
        self.services = Services(self.exchange, self.composer, self.directory, self.deadlines, self.bus)
        self.around = Around(self.layers(), handled(self.executors))
        self.crew = Crew(self.directory, self.exchange, self.scheduler, self.services, self.around.perform)
        self.inbox = Inbox(self.scheduler.has_place, self.crew.stir, order.work, self._look_for_quiet)
        order.connect(lambda: self.inbox.has_made)
        self.steps = Steps(
            config.gate,
            self.conversations,
            self.directory,
            self.composer,
            self.rules,
            limits.max_messages,
            config.identity,
        )
        self.breakpoints = Breakpoints(
            self.directory,
            self.exchange,
            self.questions,
            self.services,
            self.deadlines,
            self.bus,
            self.steps,
            self.crew,
            self._check_loop,
        )
        self._open_doors(config, namespace)
        self._opening = asyncio.Lock()
        self._connect()
        self._put_stages()

    def _open_doors(self, config: OrganismConfig, namespace: Mapping[str, Any] | None) -> None:
        """Make what messages and settings from outside come in by, and what leaves."""
        self.sealer = Sealer(config.name, self.composer, config.identity)
        self.reception = Reception(
            self.inbox, self.directory, self.composer, self.conversations, self.exchange, config.gate
        )
        self.reloader = Reloader(config, namespace, self.directory, self.bus, self._apply)

    def _open_registries(self, config: OrganismConfig) -> None:
        """Make what is kept of conversations and agents besides their messages."""
        self.questions = Questions(self.conversations, self.bus, self._look_for_quiet)
        self.budgets = Budgets(
            config.max_tokens_per_thread,
            self.conversations,
            self.questions,
            self.directory,
            self.exchange,
            self.bus,
            self._check_loop,
        )
        self.prompts = Prompts(self.directory)
        self.threads = DaemonThreads()
        self.executors = Executors(self.threads, {"process": self._own_workers, "dask": self._dask_workers})

    def _connect(self) -> None:
        """Close the circle: what is below learns of what was built after it."""
        self.exchange.rules, self.exchange.steps = self.rules, self.steps
        for part in (self.exchange, self.effects):
            part.conversations, part.inbox, part.questions = self.conversations, self.inbox, self.questions
        self.effects.deadlines, self.effects.held = self.deadlines, self.breakpoints.turns
        self.services.questions = self.questions
        self.services.budgets, self.services.prompts = self.budgets, self.prompts
        self.services.crew, self.services.shared = self.crew, self.shared
        self.crew.inbox = self.inbox
        self.conversations.ended = self.hooks.completed
        self.conversations.max_tokens = lambda: self.budgets.max_tokens_per_thread
        self.scheduler.freed = self.inbox.wake
        self.bus.heard_changed = self.hooks.changed = self.directory.changed = self.around.changed

    async def open_state(self) -> None:
        """Open the shared state that the settings name; a second time it does nothing.

        Raises:
            StoreError: Nobody answers there, or we are refused.
            ConfigError: A package that it needs is not installed.
        """
        address = self.config.backend
        if address is None or address.type == "memory":
            return
        from xpipe_nb.stores.mirror import Mirror

        async with self._opening:
            if self.conversations.mirror is None:
                self.conversations.mirror = await Mirror.open(
                    self.name, address, self.directory, self.bus, self.conversations
                )

    def shared(self) -> Mirror:
        """Give what writes into the shared state; where none is named, it is kept in this process from now on.

        Raises:
            XPipeError: The state that the settings name is not open yet.
        """
        mirror = self.conversations.mirror
        if mirror is None:
            if self.config.backend is not None and self.config.backend.type != "memory":
                raise XPipeError(f"{self.name} shares its state once it runs; start it first")
            from xpipe_nb.stores.mirror import Mirror

            mirror = Mirror.in_memory(self.name, self.directory, self.bus, self.conversations)
            self.conversations.mirror = mirror
        return mirror

    def _put_stages(self) -> None:
        """Put the stages in order; a person may change the list before the start, or while paused."""
        settlements = Settlements(self.exchange, self.rules, self.composer, self.directory, self.reception, self.bus)
        self.pipeline = Pipeline(
            self.steps,
            settlements,
            self.exchange,
            self.inbox,
            self.crew,
            self.services,
            self.reception,
            self.bus,
        )
        self.pipeline.may_change = self._check_change
        self.stages = self.pipeline.stages
        self.passages = Passages(self.bus.subscribe, self.letters, self.stages)

    def _own_workers(self) -> Executor:
        """Start worker processes, and say so."""
        from xpipe_nb.workers.starting import own_workers  # a price that only those pay who need them

        return own_workers(self.config, self.executors.parcels, self.bus)

    def _dask_workers(self) -> Executor:
        """Get ready to connect to a cluster, and say so."""
        from xpipe_nb.workers.dask import dask_workers  # likewise

        return dask_workers(self.config, self.executors.parcels, self.bus)

    def layers(self) -> list[Layer | Where]:
        """Give what stands around a handler's call, the outermost first."""
        return [
            Where(lambda _: self.bus.heard, announced(self.bus)),
            remembered(self.conversations, self.bus),
            guarded,
            Where(lambda _: bool(self.hooks), booked(self.hooks)),
            Where(lambda listener: listener.retries > 0, retried(self.bus)),
            Where(lambda listener: listener.timeout is not None, timed(self.deadlines)),
            in_context,
        ]

    # ---- what the parts ask of the pump that they are in

    @abstractmethod
    def _look_for_quiet(self) -> None:
        """Something may have become quiet."""

    @abstractmethod
    def _check_loop(self, what: str) -> None:
        """See to it that a person's thread does not reach into the organism's loop."""

    @abstractmethod
    def _check_change(self) -> None:
        """See to it that the stages may be changed now."""

    @abstractmethod
    def _apply(self, config: OrganismConfig) -> None:
        """Take over the settings of a reload."""

    @abstractmethod
    def _thought(self, turn: Turn, prose: str) -> None:
        """Keep the prose around the payloads of a text."""

    @abstractmethod
    def _abandon(self, turn: Turn) -> None:
        """Leave a handler behind that would not be cancelled."""
