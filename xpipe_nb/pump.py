"""The pump: one aiostream expression that carries every message, and the workers at its end.

    source ▸ read ▸ verify ▸ open ▸ split ▸ assign ▸ route ▸ decode ▸ perform ▸ conclude

The stages up to decode are in `stages.py`; `perform` is the list of layers in `parts.py`, and `conclude` makes messages
of what a handler returned (`services.py`). `StreamPump.stages` is the list as a person sees and changes it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from xpipe_nb.config import check_config
from xpipe_nb.conversation import Gone, current_conversation
from xpipe_nb.errors import ConversationWaits, Rejected, StoreError, XPipeError
from xpipe_nb.events import OrganismStateEvent, ThoughtEvent
from xpipe_nb.letters import DeadLetters
from xpipe_nb.operators import unwatched
from xpipe_nb.resending import resend
from xpipe_nb.roster import Roster

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.conversation import Conversation
    from xpipe_nb.dispatch.event_bus import Subscription
    from xpipe_nb.dispatch.hooks import DispatchHook
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.events import PumpEvent
    from xpipe_nb.frames import Frame

__all__ = ["StreamPump"]

log = logging.getLogger(__name__)


class StreamPump(Roster):
    """Carries the messages of one organism.

    Args:
        config: The organism's settings and listeners.
        namespace: Where names in annotations of handlers are looked up besides the handlers' own modules.

    Raises:
        ConfigError: When anything in the settings or the listeners is wrong; it names every fault.
    """

    def __init__(self, config: OrganismConfig, namespace: Mapping[str, Any] | None = None) -> None:
        super().__init__(check_config(config), namespace)
        self._state = "new"
        self._ended: asyncio.Future[None] | None = None
        self._quiet: list[asyncio.Future[None]] = []

    def build_pipeline(self) -> Any:
        """Build the stream, from what comes in to decoded deliveries."""
        return self.pipeline.build()

    def _check_change(self) -> None:
        """See to it that the stages may be changed now.

        Raises:
            XPipeError: When messages are under way in them.
        """
        if self._state == "new" or (self._state == "running" and self.paused):
            self._check_loop("pump.stages")
            return
        remedy = "pause it first" if self._state == "running" else "make a new one"
        raise XPipeError(
            f"{self.name} is {self._state}; its stages are changed before the start or while paused: {remedy}"
        )

    # ---- running

    @property
    def state(self) -> str:
        """In a word: `new`, `running`, `stopping` or `stopped`."""
        return self._state

    async def run(self) -> None:
        """Carry messages until `shutdown`; a cancelled run cleans up and is cancelled.

        Raises:
            XPipeError: It runs already, or the shared state that it is to write to cannot be opened (`StoreError`).
        """
        await self.open_state()
        if self._state != "new":
            raise XPipeError(f"{self.name} is {self._state}; a pump runs once")
        loop = asyncio.get_running_loop()
        self._state, self._ended, self.services.loop = "running", loop.create_future(), loop
        self._tell_state()
        self.pipeline.begin()
        try:
            while not self._ended.done():
                self.pipeline.broken = loop.create_future()
                await self._carry(self._ended, self.pipeline.broken)
        finally:
            self._state = "stopped"
            self.pipeline.stop_sources()
            self._tell_state()
            self._look_for_quiet()
            await self.executors.stop()
            await self.hooks.flush()
            if self.conversations.mirror is not None:
                await self.conversations.mirror.close()
            await self.bus.flush()

    async def _carry(self, ended: asyncio.Future[None], broken: asyncio.Future[BaseException]) -> None:
        """Run one stream until the pump ends or the stream breaks; then a new one is built."""

        def broke(error: BaseException) -> None:
            if not broken.done():
                broken.set_result(error)

        async with self.build_pipeline().stream() as streamer:
            self.crew.start(unwatched(streamer), broke)
            try:
                either: list[asyncio.Future[Any]] = [ended, broken]
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.inbox.halt()
                if ended.done() or not broken.done():
                    await self._close()
                else:
                    await self.crew.leave()
        if broken.done() and not ended.done():
            self.pipeline.recover(broken.result())

    async def shutdown(self, grace: float = 10.0) -> None:
        """Refuse new work, let what is there end, and cancel what is left after `grace` seconds; then return.

        Args:
            grace: Seconds that conversations have to end by themselves.
        """
        if self._state in ("running", "stopping"):
            self._state = "stopping"
            self._tell_state()
            self.pipeline.stop_sources()
            self.reception.close(self.name)
            try:  # what a pause holds back is not let go by a stop: quiet is enough
                await asyncio.wait_for(self._until_written(), grace)
            except TimeoutError:
                await self._end_all("the organism was stopped")
            finally:  # also when it was one of our own handlers that asked, and is cancelled now
                if self._ended is not None and not self._ended.done():
                    self._ended.set_result(None)
        elif self._state == "new":
            self._state = "stopped"

    async def _until_written(self) -> None:
        """Wait until nothing moves, and what is shared of it is written, if anybody takes it."""
        await self.until_quiet()
        mirror = self.conversations.mirror
        if mirror is not None and not mirror.in_trouble:
            with suppress(StoreError):
                await mirror.written()

    async def _end_all(self, reason: str) -> None:
        gone = [
            handler
            for conversation in list(self.conversations.active)
            for handler in self.exchange.end_conversation(conversation, "killed", reason=reason)
        ]
        if gone:  # half a second for handlers to clean up; then their workers are cancelled all the same
            await asyncio.wait(gone, timeout=0.5)

    async def _close(self) -> None:
        self.reception.close(self.name)
        await self._end_all("the organism was stopped")
        self.services.stopping = True
        self.deadlines.stop()
        for item in self.inbox.clear():
            self.exchange.refused(item, Rejected("source", "closed", f"{self.name} was stopped"))
        self.pipeline.stopped(Rejected("source", "closed", f"{self.name} was stopped"))
        await self.crew.stop()

    # ---- injecting

    async def inject(self, raw_bytes: bytes | str, thread_id: str | None = None, from_id: str = "console") -> None:
        """Queue an envelope or a bare payload, as the reference's pump does; what is refused is a dead letter.

        This is the door for bytes from elsewhere: where signatures are required, none of them passes without one.

        Args:
            raw_bytes: The message.
            thread_id: The sender's reference; two messages with one reference belong to one open conversation.
            from_id: The port that it came in by.
        """
        self.reception.queue(raw_bytes, thread_id, from_id)

    async def submit(self, message: Any, **how: Any) -> Conversation:
        """Do what `Organism.inject` says.

        Raises:
            XPipeError: When the pump does not run.
        """
        self._check_running()
        return await self.reception.submit(message, **how)

    def _check_running(self) -> None:
        if self._state != "running":
            verb = "start it first" if self._state == "new" else "start a new one"
            raise XPipeError(f"{self.name} is not running ({self._state}); {verb}")
        self._check_loop("inject")

    async def resend(self, message_id: str, payload: Any = None) -> Conversation:
        """Do what `Organism.resend` says."""
        self._check_running()
        return await resend(self.reception, self.letters, self.conversations.known, message_id, payload)

    # ---- what conversations, handlers and people ask

    def new_thread_id(self, conversation: Conversation, frame: Frame) -> str:
        """Make the id of a frame."""
        return self.conversations.new_thread_id(conversation, frame)

    def kill(self, conversation: Conversation, reason: str | None) -> Awaitable[None]:
        """End a conversation now."""
        self._check_loop("conversation.cancel()")
        gone = self.exchange.end_conversation(conversation, "killed", reason=reason)
        return Gone(conversation, gone)

    def stand_by(self, waited_for: asyncio.Future[Any], on: Conversation) -> Awaitable[Any]:
        """Wait for a conversation; a handler that does keeps no place meanwhile."""
        self._check_loop("awaiting a conversation")
        return self.services.stand_by(waited_for, on)

    def leave(self, conversation: Conversation) -> None:
        """Say that a conversation waits for a person, if that person waits for it and can do nothing else."""
        questions = self.questions.of(conversation)
        if self.questions.blocks_person and questions and current_conversation() is None:
            first = questions[0]
            text = f"{first}; {conversation.organism_name}{first.remedy} lets it go on"
            raise ConversationWaits(conversation, text, questions)

    def _check_loop(self, what: str) -> None:
        """See to it that a person's thread does not reach into the organism's loop."""
        loop = asyncio._get_running_loop()  # noqa: SLF001 - the public form raises instead of asking
        if self._state != "new" and loop is not self.services.loop:
            raise XPipeError(
                f"{self.name} runs on another event loop, and {what} belongs there; from a thread write "
                "asyncio.run_coroutine_threadsafe(…, loop)"
            )

    def _thought(self, turn: Turn, prose: str) -> None:
        frame = turn.frame
        frame.conversation.thought(frame.listener, prose)
        if self.bus.heard:
            self.bus.publish(ThoughtEvent(frame.thread_id, frame.listener, prose, frame.conversation.number))

    def _abandon(self, turn: Turn) -> None:
        self.crew.abandon(turn)

    def subscribe_events(self, callback: Callable[[PumpEvent], Any]) -> Subscription:
        """Do what `Organism.subscribe` does."""
        return self.bus.subscribe(callback)

    def unsubscribe_events(self, callback: Callable[[PumpEvent], Any]) -> None:
        """End the subscriptions of `callback`."""
        self.bus.unsubscribe(callback)

    def register_dispatch_hook(self, hook: DispatchHook) -> None:
        """Have a hook told of every message from now on."""
        self.hooks.register(hook)

    def unregister_dispatch_hook(self, hook: DispatchHook) -> None:
        """Tell a hook of no further message."""
        self.hooks.unregister(hook)

    @property
    def dead_letters(self) -> DeadLetters:
        """What could not be delivered or handled, oldest first."""
        return self.letters

    # ---- pausing, and quiet

    @property
    def paused(self) -> bool:
        """No handler is started."""
        return self.scheduler.paused

    def pause(self) -> None:
        """Start no more handlers; those that run go on, and injections are taken and wait."""
        self.scheduler.paused = True
        self._tell_state()
        self._look_for_quiet()

    def resume(self) -> None:
        """Start handlers again."""
        self.scheduler.paused, self.scheduler.steps = False, 0
        self._tell_state()
        self._stir()

    def step(self) -> None:
        """Do what `Organism.step` says."""
        if self.paused:
            self.scheduler.steps += 1
            self._stir()
        elif self.breakpoints.held:
            self.breakpoints.step()
        else:
            raise XPipeError(f"{self.name} is not paused, and nothing of it is held; there is nothing to step through")

    def _tell_state(self) -> None:
        if self.bus.heard and self._state != "new":
            paused = self.paused and self._state == "running"
            self.bus.publish(OrganismStateEvent("paused" if paused else self._state))

    def _stir(self) -> None:
        if self._state in ("running", "stopping"):
            self.inbox.wake()
            self.crew.stir()

    @property
    def is_quiet(self) -> bool:
        """Nothing is in flight, or nothing of it can go on."""
        if self.scheduler.running:
            return False
        if self.scheduler.paused and not self.scheduler.steps:
            return not self.inbox.readable
        resting = self.conversations.resting
        if len(self.conversations.active) > len(resting) or len(self.inbox):
            return False
        return not self.crew.is_at_work(resting)

    async def until_quiet(self) -> None:
        """Wait until `is_quiet`."""
        while not self.is_quiet and self._state != "stopped":
            waiter = asyncio.get_running_loop().create_future()
            self._quiet.append(waiter)
            await waiter

    def _look_for_quiet(self) -> None:
        if self.questions.open or self.conversations.resting:
            self.questions.look_soon()
        if self._quiet and (self.is_quiet or self._state == "stopped"):
            waiters, self._quiet = self._quiet, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
