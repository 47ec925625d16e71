"""The executors of one organism, each made when a handler first needs it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.workers.local import Inline, Threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.dispatch.threads import DaemonThreads
    from xpipe_nb.workers.executor import Executor
    from xpipe_nb.workers.parcels import Parcels
    from xpipe_nb.workers.watching import WorkerList

__all__ = ["Executors"]

log = logging.getLogger(__name__)


class Executors:
    """Finds the executor of a listener by its name.

    Args:
        threads: Where plain handlers run.
        makers: How executors with a price are made, by name; each is made at most once.
    """

    def __init__(self, threads: DaemonThreads, makers: dict[str, Callable[[], Executor]]) -> None:
        self._makers = makers
        self._parcels: Parcels | None = None
        self.known: dict[str, Executor] = {"inline": Inline(), "thread": Threads(threads)}

    def of(self, name: str) -> Executor:
        """Give the executor of a name, making it if it is the first time.

        Raises:
            XPipeError: There is none of that name.
        """
        executor = self.known.get(name)
        if executor is None:
            if name not in self._makers:
                raise XPipeError(
                    f"there is no executor {name!r} here; there are {', '.join([*self.known, *self._makers])}"
                )
            executor = self.known[name] = self._makers[name]()
        return executor

    @property
    def parcels(self) -> Parcels:
        """What packs handlers for other processes."""
        if self._parcels is None:
            from xpipe_nb.workers.parcels import Parcels  # a price that only those pay who need it

            self._parcels = Parcels(_warn_of)
        return self._parcels

    def look(self) -> WorkerList:
        """Give our own worker processes; none where none was needed yet."""
        from xpipe_nb.workers.watching import WorkerList

        own: Any = self.known.get("process")
        return WorkerList() if own is None else own.look()

    async def stop(self) -> None:
        """End all that was started."""
        for executor in list(self.known.values()):
            await executor.stop()


def _warn_of(owner: str, size: int, what: str) -> None:
    log.warning(
        "%s takes %d MB with it, most of it is %s: all of it is copied to each worker process. "
        "Pass what it needs in the message, or read it there.",
        owner,
        size // 1_000_000,
        what,
    )
