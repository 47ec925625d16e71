"""The executors of one organism, each made when a handler first needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xpipe_nb.workers.local import Inline, Threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from xpipe_nb.dispatch.threads import DaemonThreads
    from xpipe_nb.workers.executor import Executor
    from xpipe_nb.workers.parcels import Parcels
    from xpipe_nb.workers.watching import WorkerList

__all__ = ["Executors"]


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
        """Give the executor of a name, making it if it is the first time."""
        executor = self.known.get(name)
        if executor is None:
            executor = self.known[name] = self._makers[name]()
        return executor

    @property
    def parcels(self) -> Parcels:
        """What packs handlers for other processes."""
        if self._parcels is None:
            from xpipe_nb.workers.parcels import Parcels  # a price that only those pay who need it

            self._parcels = Parcels()
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
