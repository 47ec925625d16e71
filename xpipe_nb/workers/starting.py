"""The worker processes of one organism: as many as its settings say, told of when the first one is needed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from xpipe_nb.events import WorkersStartedEvent
from xpipe_nb.wording import counted
from xpipe_nb.workers.condition import PoolCondition
from xpipe_nb.workers.pool import WorkerPool
from xpipe_nb.workers.remote import Remote
from xpipe_nb.workers.sizing import default_size
from xpipe_nb.workers.watching import Watch, WorkerList

if TYPE_CHECKING:
    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.workers.parcels import Parcels

__all__ = ["OwnWorkers", "own_workers", "planned"]

log = logging.getLogger(__name__)


class OwnWorkers(Remote):
    """The executor `process`.

    Args:
        pool: The processes.
        parcels: Packs handlers.
        bus: Where is published what they do.
    """

    def __init__(self, pool: WorkerPool, parcels: Parcels, bus: EventBus) -> None:
        super().__init__(pool, parcels)
        self._pool = pool
        self._watch = Watch(lambda: pool.workers, bus)
        pool.changed = self._watch.changed

    def look(self) -> WorkerList:
        """Give what each process does."""
        return WorkerList(self._watch.measured(), self._pool.kill, self._pool.condition)

    async def stop(self) -> None:
        """End the processes."""
        await super().stop()
        self._watch.stop()


def own_workers(config: OrganismConfig, parcels: Parcels, bus: EventBus) -> OwnWorkers:
    """Make the executor `process` of an organism; the processes themselves are started one by one, as they are needed."""
    plan = planned(config)
    pool = WorkerPool(
        plan.size,
        start_method=plan.start_method,
        max_tasks_per_child=(config.process_pool or {}).get("max_tasks_per_child"),
        max_waiting=config.limits.max_depth,
    )
    text = f"{config.name}: worker processes start now ({counted(plan.size, 'worker')} at most, {plan.start_method})"
    log.info("%s", text)
    if bus.heard:
        bus.publish(WorkersStartedEvent("process", plan.size, text))
    return OwnWorkers(pool, parcels, bus)


def planned(config: OrganismConfig) -> PoolCondition:
    """Say how the worker processes of an organism will be, before anybody needs one."""
    said = config.process_pool or {}
    return PoolCondition(said.get("workers") or default_size(), said.get("start_method", "forkserver"))
