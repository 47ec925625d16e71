"""The stream between the inbox and the workers: built of the stages as they are now, and built anew when it must be.

It is built anew when a person has changed the stages, and when an operator of theirs has raised or ended the stream.
Nothing that was queued is lost by that: what the old stream had read goes through the new one, and only what was inside
the operator that failed becomes a dead letter.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from xpipe_nb.doors import Door, Doors, OperatorFailed
from xpipe_nb.errors import Rejected
from xpipe_nb.events import PipelineFailed
from xpipe_nb.inbox import Inbox, incoming
from xpipe_nb.operators import Operator, Stage, expression

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.exchange import Exchange
    from xpipe_nb.messages import Delivery
    from xpipe_nb.stage_list import Stages

__all__ = ["Changed", "Pipeline"]

log = logging.getLogger(__name__)


class Changed(Exception):
    """Not a fault: the stages were changed, and the stream has to be built anew."""


class Pipeline:
    """Builds the stream, and saves what was in it when it broke.

    Args:
        stages: The stages.
        inbox: What feeds the stream.
        exchange: Where messages end.
        bus: Where failures are published.
    """

    def __init__(self, stages: Stages, inbox: Inbox, exchange: Exchange, bus: EventBus) -> None:
        self._stages, self._inbox, self._exchange, self._bus = stages, inbox, exchange, bus
        self._doors = Doors()
        self._barred: dict[Door, str] = {}

    def build(self) -> Any:
        """Give the stream of the stages as they are now."""
        while True:
            stages = [self._unless_barred(each) for each in self._stages.expressed()]
            doors = [each.door for each in stages if isinstance(each, Operator)]
            try:
                stream = self._expressed(stages)
            except OperatorFailed as failed:
                self._bar(next(door for door in doors if door.error is failed), failed)
                continue
            self._doors.become(doors)
            self._inbox.beyond = self._doors if doors else ()
            return stream

    def _expressed(self, stages: Sequence[Stage | Operator]) -> Any:
        return expression(partial(incoming, self._inbox), stages, self._exchange.refused, self._exchange.failed)

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

    def changed(self) -> None:
        """The stages were changed: what was barred may be tried again."""
        self._barred.clear()

    # ---- the stream is no more

    def broken(self, error: BaseException) -> None:
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
                self._bar(door, failed, told=True)
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

    def _bar(self, door: Door, failed: OperatorFailed, *, told: bool = False) -> None:
        self._barred[door] = failed.problem
        if not told:
            log.error("%s; it refuses everything until it is replaced", failed)
            self._tell(failed)

    def _tell(self, failed: OperatorFailed) -> None:
        if self._bus.heard:
            self._bus.publish(PipelineFailed(failed.name, failed.problem))
