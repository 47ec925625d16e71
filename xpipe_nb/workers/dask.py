"""The executor `dask` of one organism: connected to its cluster when the first handler needs it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from xpipe_nb.errors import XPipeError
from xpipe_nb.events import WorkersStartedEvent
from xpipe_nb.wording import counted
from xpipe_nb.workers.cluster import Cluster, opened
from xpipe_nb.workers.remote import Remote
from xpipe_nb.workers.sizing import default_size

if TYPE_CHECKING:
    from xpipe_nb.config import OrganismConfig
    from xpipe_nb.dispatch.event_bus import EventBus
    from xpipe_nb.workers.executor import Hear
    from xpipe_nb.workers.jobs import Job
    from xpipe_nb.workers.parcels import Parcels
    from xpipe_nb.workers.reports import Ending

__all__ = ["DaskWorkers", "dask_workers"]

log = logging.getLogger(__name__)


class DaskWorkers:
    """The workers of a Dask cluster; see `Workers`.

    Args:
        address: The scheduler's; `None` for a cluster of this machine's own.
        size: How many workers that one has.
    """

    def __init__(self, address: str | None, size: int) -> None:
        self._address, self._size = address, size
        self._opening: asyncio.Future[Cluster] | None = None

    @property
    def is_free(self) -> bool:
        """A job given now is begun at once."""
        opening = self._opening
        return opening is not None and opening.done() and _is_usable(opening) and opening.result().is_free

    async def work(self, job: Job, hear: Hear) -> Ending:
        """Have a job done by a worker, and wait for it; see `Workers`."""
        if self._opening is not None and self._opening.done() and not _is_usable(self._opening):
            await self.stop()
        if self._opening is None:
            self._opening = asyncio.ensure_future(asyncio.to_thread(opened, self._address, self._size))
        cluster = await asyncio.shield(self._opening)
        return await cluster.perform(job, hear)

    async def stop(self) -> None:
        """Let go of the cluster; one of our own ends."""
        opening, self._opening = self._opening, None
        if opening is not None:
            with suppress(XPipeError):
                cluster = await opening
                await asyncio.to_thread(cluster.close)


def _is_usable(opening: asyncio.Future[Cluster]) -> bool:
    return not opening.cancelled() and opening.exception() is None and opening.result().is_open


def dask_workers(config: OrganismConfig, parcels: Parcels, bus: EventBus) -> Remote:
    """Make the executor `dask` of an organism; it connects, or starts a cluster, with the first job."""
    said = config.dask or {}
    address, size = said.get("address"), said.get("workers") or default_size()
    where = f"the cluster at {address}" if address else f"a cluster of this machine's own, {counted(size, 'worker')}"
    text = f"{config.name}: Dask is used now ({where})"
    log.info("%s", text)
    if bus.heard:
        bus.publish(WorkersStartedEvent("dask", 0 if address else size, text))
    return Remote(DaskWorkers(address, size), parcels)
