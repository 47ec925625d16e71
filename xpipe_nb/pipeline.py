"""The stream between the inbox and the workers: built of the stages as they are now, and built anew when it must be.

It is built anew when a person has changed the stages, and when an operator of theirs has raised or ended the stream.
Nothing that was queued is lost by that: what the old stream had read goes through the new one, and only what was inside
the operator that failed becomes a dead letter.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from xpipe_nb.doors import Door, Doors, OperatorFailed
from xpipe_nb.errors import Rejected
from xpipe_nb.events import PipelineFailed
from xpipe_nb.inbox import Inbox, incoming
from xpipe_nb.operators import Operator, Stage, expression
from xpipe_nb.sources import Source
from xpipe_nb.stage_list import Stages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xpipe_nb.crew import Crew
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.messages import Delivery
    from xpipe_nb.reception import Reception
    from xpipe_nb.services import Services
    from xpipe_nb.settlements import Settlements
    from xpipe_nb.stages import Steps

__all__ = ["Changed", "Pipeline"]

log = logging.getLogger(__name__)


class Changed(Exception):
    """Not a fault: the stages were changed, and the stream has to be built anew."""


class Pipeline:
    """Builds the stream, and saves what was in it when it broke.

    Args:
        steps: The pump's own stages, from `read` to `decode`.
        settlements: Settles what a person's stages give.
        exchange: Where messages end.
        inbox: What feeds the stream.
        crew: Who reads it.
        services: What makes messages of what a handler returned.
        reception: Takes what second sources give.
        bus: Where failures are published.

    Its `broken` is the future that ends the present stream; `may_change` raises when the stages may not be changed.
    """

    may_change: Callable[[], None]
    broken: asyncio.Future[BaseException] | None = None

    def __init__(
        self,
        steps: Steps,
        settlements: Settlements,
        exchange: Exchange,
        inbox: Inbox,
        crew: Crew,
        services: Services,
        reception: Reception,
        bus: EventBus,
    ) -> None:
        self._steps = steps
        self._exchange, self._inbox, self._crew, self._services = exchange, inbox, crew, services
        self._reception, self._bus = reception, bus
        ends: dict[str, Callable[..., Any]] = {"perform": crew.perform, "conclude": services.conclude}
        self.stages = Stages(
            [*steps.build(), *(Stage(name, (), step) for name, step in ends.items())],
            settlements,
            crew.stir,
            self._source,
            self._check,
            self._changed,
        )
        self._doors = Doors()
        self._barred: dict[Door, str] = {}
        self._sources: list[Source] = []
        self._running = False

    def build(self) -> Any:
        """Give the stream of the stages as they are now."""
        if any(each.kind != "built-in" for each in self.stages):
            self._steps.may_alter = True  # for good: what a stage has changed may come by long after it was removed
        stages = [self._unless_barred(each) for each in self.stages.expressed()]
        doors = [each.door for each in stages if isinstance(each, Operator)]
        self._doors.become(doors)
        self._inbox.beyond = self._doors if doors else ()
        source = partial(incoming, self._inbox)
        return expression(source, stages, self._exchange.refused, self._exchange.failed)

    def _unless_barred(self, stage: Stage | Operator) -> Stage | Operator:
        """Put a stage that refuses everything in the place of an operator that does not even start.

        To leave it out would let through what it may be there to stop, and to try for ever would hold the loop.
        """
        if not isinstance(stage, Operator) or stage.door not in self._barred:
            return stage
        name, problem = stage.door.name, self._barred[stage.door]

        def refuse(_item: Any) -> Any:
            raise Rejected(name, "internal", f"{name} {problem} before it took anything in; replace or remove it")

        return Stage(name, stage.door.gives, refuse)

    # ---- changes

    def _check(self) -> None:
        self.may_change()

    def _changed(self) -> None:
        """Have the stream built anew, and nothing more read from the old one; what was barred may be tried again."""
        self._crew.perform = self.stages["perform"].function
        # an instance's own function hides the class's, so that nobody pays for the choice at every message
        self._services.conclude = self.stages["conclude"].function  # type: ignore[method-assign]
        self._barred.clear()
        if self.broken is not None and not self.broken.done():
            self._crew.hold()
            self._inbox.halt()
            self.broken.set_result(Changed())
        self._read_sources()

    def _source(self, name: str, given: Any) -> Source:
        return Source(name, given, self._reception, self._source_failed)

    def _source_failed(self, name: str, error: Exception) -> None:
        self._tell(OperatorFailed(name, f"raised {type(error).__name__}: {error}"))

    def begin(self) -> None:
        """The pump runs: read the second sources from now on."""
        self._running = True
        self._read_sources()

    def _read_sources(self) -> None:
        """Read the second sources that are there, and no longer those that are not."""
        sources = [each.source for each in self.stages if each.source is not None]
        for gone in self._sources:
            if gone not in sources:
                gone.stop()
        self._sources = sources
        if self._running:
            for source in sources:
                source.start()

    def stop_sources(self) -> None:
        """Read no second source any more."""
        self._running = False
        for source in self._sources:
            source.stop()

    # ---- the stream is no more

    def recover(self, error: BaseException) -> None:
        """Tell why the stream ended, and save what was in it.

        Args:
            error: What ended it; `Changed` is no fault.
        """
        door = self._doors.broken
        failed = None if door is None else door.error
        if door is not None and failed is not None and not isinstance(error, Changed):
            log.error("%s; a new stream is built", failed, exc_info=failed.__cause__)
            self._tell(failed)
            if not door.took_in:
                self._barred[door] = failed.problem
        elif not isinstance(error, Changed):
            log.error("the stream broke, a new one is built", exc_info=error)
            self._tell(OperatorFailed("source", repr(error)))
        again: list[Any] = []
        for each in self._doors:
            inside, made = each.close()
            again += made
            if each is door and not isinstance(error, Changed):
                detail = f"it was inside {door.name}, which {failed.problem if failed else 'broke'}"
                self._refuse(inside, Rejected(door.name, "internal", detail))
            else:
                again += inside
        self._inbox.go_on(again)

    def stopped(self, rejection: Rejected) -> None:
        """Refuse what is inside operators; the pump ends."""
        for door in self._doors:
            inside, made = door.close()
            self._refuse([*inside, *made], rejection)

    def _refuse(self, items: Sequence[Delivery | Any], rejection: Rejected) -> None:
        for item in items:
            self._exchange.refused(item, Rejected(rejection.stage, rejection.reason, rejection.detail))

    def _tell(self, failed: OperatorFailed) -> None:
        if self._bus.heard:
            self._bus.publish(PipelineFailed(failed.name, failed.problem))
