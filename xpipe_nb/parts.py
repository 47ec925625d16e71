"""The parts of one pump, put together: the only place where one part learns of another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from xpipe_nb.accounts import Budgets
from xpipe_nb.breakpoints import Breakpoints
from xpipe_nb.composing import Composer
from xpipe_nb.conversation import Keeper
from xpipe_nb.conversations import Conversations
from xpipe_nb.crew import Crew
from xpipe_nb.depth_first import DepthFirst
from xpipe_nb.directory import Directory
from xpipe_nb.dispatch.announced import announced
from xpipe_nb.dispatch.around import around
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
from xpipe_nb.exchange import Exchange
from xpipe_nb.frames import FrameRules
from xpipe_nb.inbox import Inbox
from xpipe_nb.letters import DeadLetters
from xpipe_nb.listeners import resolve_all
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

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.frames import Frame

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
        limits = config.limits
        self.config = config
        self.name = config.name
        self.letters = DeadLetters(limits.max_dead_letters)
        self.bus = EventBus()
        order = DepthFirst() if config.thread_scheduling == "depth-first" else BreadthFirst()
        self.directory = Directory(config.name, listeners, config.max_concurrent_per_agent, order.queue)
        self.scheduler = order.scheduler(config.max_concurrent_handlers, self.directory.gate_of)
        self.exchange = Exchange(self.directory, self.bus, self.letters, self.scheduler, self._look_for_quiet)
        self.rules = FrameRules(self.exchange, limits.max_depth, _list_frame)
        self.conversations = Conversations(
            self, ThreadIds(), self.bus, limits, config.max_concurrent_pipelines, self.rules.open_root
        )
        self._open_registries(config)
        self.threads = DaemonThreads()
        self.composer = Composer(self.directory, config.gate, self._thought)
        self.directory.adopt(system_listeners(Desk(self.directory, self.exchange, self.composer, self.bus)))
        self.hooks = Hooks(config.hooks)
        self.deadlines = Deadlines(self._abandon)
        self.services = Services(self.exchange, self.composer, self.directory, self.deadlines, self.bus)
        perform = around(self.layers(), handled(self.threads))
        self.crew = Crew(self.directory, self.exchange, self.scheduler, self.services, perform)
        self.inbox = Inbox(lambda: self.scheduler.has_place, self.crew.stir, order.work, self._look_for_quiet)
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
        self.sealer = Sealer(config.name, self.composer, config.identity)
        self.reception = Reception(
            self.inbox, self.directory, self.composer, self.conversations, self.exchange, config.gate
        )
        self.reloader = Reloader(config, namespace, self.directory, self.bus, self._apply)
        self._connect()
        self._put_stages()

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

    def _connect(self) -> None:
        """Close the circle: what is below learns of what was built after it."""
        self.exchange.rules, self.exchange.conversations, self.exchange.inbox = (
            self.rules,
            self.conversations,
            self.inbox,
        )
        self.exchange.steps, self.exchange.deadlines = self.steps, self.deadlines
        self.exchange.questions = self.services.questions = self.questions
        self.services.budgets, self.services.prompts = self.budgets, self.prompts
        self.services.crew = self.crew
        self.exchange.held = self.breakpoints.turns
        self.crew.inbox = self.inbox
        self.conversations.ended = self.hooks.completed
        self.scheduler.freed = self.inbox.wake

    def _put_stages(self) -> None:
        """Put the stages in order; a person may change the list before the start, or while paused."""
        settlements = Settlements(self.exchange, self.rules, self.composer, self.directory, self.reception, self.bus)
        self.pipeline = Pipeline(
            self.steps.build(),
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

    def layers(self) -> list[Callable[[Turn, Callable[[Turn], Awaitable[Any]]], Awaitable[Any]]]:
        """Give what stands around a handler's call, the outermost first."""
        return [
            announced(self.bus),
            remembered(self.conversations, self.bus),
            guarded,
            booked(self.hooks),
            retried(self.bus),
            timed(self.deadlines),
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


def _list_frame(frame: Frame) -> None:
    frame.conversation.opened(frame)
