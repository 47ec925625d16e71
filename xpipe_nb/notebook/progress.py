"""How far the handlers of one organism are, shown under the cells that caused them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context, copy_context
from functools import partial
from threading import get_ident
from typing import TYPE_CHECKING

from xpipe_nb.conversation import Conversation
from xpipe_nb.errors import XPipeError
from xpipe_nb.events import OrganismStateEvent, ProgressEvent, PumpEvent, ThreadEvent, WorkersStartedEvent
from xpipe_nb.known import watchers as watchers_of_organisms
from xpipe_nb.names import is_system_name
from xpipe_nb.notebook.bars import Bars
from xpipe_nb.notebook.outputs import Outputs
from xpipe_nb.notebook.saying import say
from xpipe_nb.organism import Organism
from xpipe_nb.views.progress import Progress
from xpipe_nb.workers.onlookers import watchers

if TYPE_CHECKING:
    from xpipe_nb.workers.mapping import Batch

__all__ = ["ProgressShown", "show_batches"]

WAKE = 0.2
"""Seconds after which Stop acts at the latest, while a cell waits for `xp.map`."""


class ProgressShown:
    """Draws a bar for each frame in which a handler tells how far it is, and says when worker processes start.

    Args:
        organism: The organism.
        outputs: Where bars stand among what handlers print.
        parted: Is given the bars of each conversation that is over.
        over: Is called when there will be no more.
    """

    def __init__(
        self, organism: Organism, outputs: Outputs, parted: Callable[[Bars], None], over: Callable[[], object]
    ) -> None:
        self._organism, self._outputs, self._parted, self._over = organism, outputs, parted, over
        self._bars: dict[int, tuple[Context, Bars]] = {}
        self._subscription = organism.subscribe(self._note)

    def finish(self, conversation: int) -> None:
        """Show the last state of a conversation's bars, whatever of it was not told yet."""
        self._subscription.drain()
        self._finish(conversation)

    def look(self) -> None:
        """Draw what was told until now, at the end of a cell: what comes later belongs to none."""
        self._subscription.drain()

    def close(self) -> None:
        """Draw no more; what stands there stays as text."""
        self._subscription.drain()
        self._subscription()
        for number in list(self._bars):
            self._finish(number)
        self._over()

    def _note(self, event: PumpEvent) -> None:
        if isinstance(event, ProgressEvent):
            if not is_system_name(event.agent_name):  # what the system does for others, they tell themselves
                self._progress(event)
        elif isinstance(event, WorkersStartedEvent):
            self._say(event.text)
        elif isinstance(event, ThreadEvent) and event.status not in ("created", "active"):
            self._finish(event.conversation)
        elif isinstance(event, OrganismStateEvent) and event.state == "stopped":
            self.close()

    def _progress(self, event: ProgressEvent) -> None:
        try:
            conversation = self._organism.conversation(event.conversation)
        except XPipeError:  # it is forgotten already
            return
        context = conversation.context
        if context is None or (conversation.is_over and event.at > conversation.ended_at):  # it comes too late
            return
        shown = self._bars.get(event.conversation)
        if shown is None or shown[0] is not context:  # continued from another cell: shown anew
            self._finish(event.conversation)
            loop = asyncio.get_running_loop()
            self._outputs.use(loop)  # so that what is printed in a terminal does not stand in the same line
            bars = Bars(partial(self._outputs.beside, context), self._outputs.write_line, loop)
            shown = self._bars[event.conversation] = context, bars
        bars, key = shown[1], event.thread_id
        order = 0 if key in bars else _order(conversation, key)
        bars.tell(key, Progress(event.agent_name, event.done, event.total, event.text), order)

    def _say(self, text: str) -> None:
        """Say what takes time now under the cell that waits for it: the one whose conversation is the newest."""
        contexts = [each.context for each in self._organism.conversations if each.context is not None]
        if contexts:
            self._outputs.beside(contexts[-1], partial(say, text))

    def _finish(self, number: int) -> None:
        known = self._bars.pop(number, None)
        if known is not None:
            known[1].finish()
            self._parted(known[1])


def _order(conversation: Conversation, thread_id: str) -> int:
    """Give the place of a frame among those of its conversation, which is the same whoever of them is the fastest."""
    frames = conversation.frames
    return next((place for place, frame in enumerate(frames) if frame.thread_id == thread_id), len(frames))


class EveryProgress:
    """Shows how far the handlers of all organisms are that start in this thread, whoever has made them.

    Args:
        outputs: Where bars stand among what handlers print.
        parted: Is given the bars of each conversation that is over.
    """

    def __init__(self, outputs: Outputs, parted: Callable[[Bars], None]) -> None:
        self._outputs, self._parted, self._thread = outputs, parted, get_ident()
        self._shown: dict[Organism, ProgressShown] = {}

    def watch(self) -> Callable[[], None]:
        """Begin; give the function that ends it."""
        watchers_of_organisms.append(self._started)
        return self._close

    def of(self, organism: Organism) -> ProgressShown:
        """Give what draws the bars of one organism."""
        if organism not in self._shown:
            over = partial(self._shown.pop, organism, None)
            self._shown[organism] = ProgressShown(organism, self._outputs, self._parted, over)
        return self._shown[organism]

    @property
    def organisms(self) -> list[Organism]:
        """All that run, as far as they are known here."""
        return list(self._shown)

    def look(self) -> None:
        """Draw what was told until now, at the end of a cell."""
        for shown in list(self._shown.values()):
            shown.look()

    def _started(self, organism: Organism) -> None:
        if get_ident() == self._thread:  # what another thread does belongs to no cell
            self.of(organism)

    def _close(self) -> None:
        watchers_of_organisms.remove(self._started)
        for shown in list(self._shown.values()):
            shown.close()


def show_batches(outputs: Outputs, parted: Callable[[Bars], None]) -> Callable[[], None]:
    """Draw a bar under the cell for each call of `xp.map`; give the function that ends that.

    Args:
        outputs: Where bars stand among what else is displayed.
        parted: Is given the bar of each batch that is over.
    """

    def show(batch: Batch) -> None:
        bars = Bars(partial(outputs.beside, copy_context()), outputs.write_line, _loop_here())

        def tell(done: int, total: int) -> None:
            bars.tell(batch, Progress(batch.name, done, total))

        def finish() -> None:
            bars.finish()
            parted(bars)

        if batch.total:
            tell(0, batch.total)
            batch.subscribe(tell)
            batch.future.add_done_callback(lambda _future: batch.do_here(finish))
            _wake_while_it_runs(batch, _loop_here())

    watchers.append(show)
    return lambda: watchers.remove(show)


def _wake_while_it_runs(batch: Batch, loop: asyncio.AbstractEventLoop | None) -> None:
    """Let Stop act soon: a loop with nothing to do looks at it only when it wakes."""
    if loop is not None and not batch.future.done():
        loop.call_later(WAKE, _wake_while_it_runs, batch, loop)


def _loop_here() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # whoever calls waits until the batch is done
        return None
