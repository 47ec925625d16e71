"""One job in the process of a worker, whoever has started it: the handler's call, and all that it tells meanwhile."""

from __future__ import annotations

import asyncio
import inspect
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from xpipe_nb.errors import CannotTravel
from xpipe_nb.workers.capture import captured
from xpipe_nb.workers.culprits import culprit
from xpipe_nb.workers.doors import Doors, Over
from xpipe_nb.workers.failures import failed
from xpipe_nb.workers.jobs import Answer, Job, Parcel
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.parcels import opened
from xpipe_nb.workers.reports import Done, Ending, Report

__all__ = ["Performer"]

KEPT = 64
"""How many functions a worker keeps."""


class Performer:
    """Does jobs, one after the other, in the thread that asks for it.

    Args:
        tell: Sends a report; from any thread.

    Example:
        ```python
        performer = Performer(send)             # send(report) hands it to the process that the job came from
        ending = performer.perform(job)         # meanwhile performer.hear(answer) is called from another thread
        ```
    """

    def __init__(self, tell: Callable[[Report], None]) -> None:
        self._tell = tell
        self._functions: OrderedDict[str, tuple[Callable[..., Any], frozenset[type]]] = OrderedDict()
        self._doors: Doors | None = None
        self._runner: asyncio.Runner | None = None

    def knows(self, digest: str) -> bool:
        """Say whether the function of a parcel is here."""
        return digest in self._functions

    def hear(self, answer: Answer) -> None:
        """Hand the pump's answer to the handler that waits for it."""
        if self._doors is not None:
            self._doors.hear(answer)

    def perform(self, job: Job) -> Ending:
        """Do a job; whatever the handler does to end this process is its own affair."""
        with captured(self._tell, job.levels):
            try:
                function, known = self._function(job.function, job.listener)
                doors = self._doors = Doors(job, self._tell, known)
                arguments = [_payload(job)] + ([doors.metadata()] if job.takes_meta else [])
                return Done(_packed(job, self._called(job, function, arguments, doors), known))
            except BaseException as error:  # noqa: BLE001 - SystemExit, too, is an error of the handler's
                return failed(_without_ours(error))
            finally:
                self._doors = None

    def _function(self, parcel: Parcel, owner: str) -> tuple[Callable[..., Any], frozenset[type]]:
        found = self._functions.pop(parcel.hash, None)
        if found is None:
            try:
                found = opened(parcel)
            except ModuleNotFoundError as error:
                why = f"there is no module {error.name!r} where the worker looks for modules"
                raise CannotTravel(owner, "its function", why, "put it beside the notebook, or install it") from error
            except Exception as error:
                what, why = "its function", f"it cannot be opened there ({type(error).__name__}: {error})"
                raise CannotTravel(owner, what, why) from error
        self._functions[parcel.hash] = found
        while len(self._functions) > KEPT:
            self._functions.popitem(last=False)
        return found

    def _called(self, job: Job, function: Callable[..., Any], arguments: list[Any], doors: Doors) -> Any:
        if job.form == "async":
            return self._awaited(function(*arguments), doors)
        if job.form == "async-generator":
            return self._awaited(_iterate(function(*arguments), doors), doors)
        if job.form == "generator":
            return _iterate_plainly(function(*arguments), doors)
        result = function(*arguments)
        return self._awaited(result, doors) if inspect.isawaitable(result) else result

    def _awaited(self, awaitable: Any, doors: Doors) -> Any:
        async def main() -> Any:
            doors.loop = asyncio.get_running_loop()
            return await awaitable

        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(main())


def _payload(job: Job) -> Any:
    try:
        return unpack(job.payload)
    except Exception as error:
        why = f"it cannot be read there ({type(error).__name__}: {error})"
        raise CannotTravel(job.listener, "its message", why) from error


def _packed(job: Job, result: Any, known: frozenset[type]) -> bytes:
    try:
        return pack(result, known)
    except Exception as error:
        what, why = culprit(result, error, "its result")
        raise CannotTravel(
            job.listener, f"{what} ({type(result).__name__})" if what == "its result" else what, why
        ) from error


async def _iterate(generator: Any, doors: Doors) -> None:
    try:
        async for item in generator:
            if not await asyncio.wrap_future(doors.ask("reply", item)):
                return
    finally:
        await generator.aclose()


def _iterate_plainly(generator: Any, doors: Doors) -> None:
    try:
        for item in generator:
            doors.yielded(item)
    except Over:
        return
    finally:
        generator.close()


def _without_ours(error: BaseException) -> BaseException:
    """Take the steps of this file out of a traceback, so that it begins in the handler."""
    way = error.__traceback__
    while way is not None and way.tb_frame.f_code.co_filename == __file__:
        way = way.tb_next
    return error.with_traceback(way) if way is not None else error
