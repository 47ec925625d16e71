"""The executor of handlers that run elsewhere by value: makes a job of a turn, and does here what the worker tells."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
import logging
import sys
import warnings
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from xpipe_nb.dispatch.turn import TurnFailed, TurnOver
from xpipe_nb.errors import CannotTravel, WorkerDied
from xpipe_nb.messages import Kind
from xpipe_nb.payloads import codec_of, is_payload
from xpipe_nb.payloads.layout import classes_in
from xpipe_nb.spending import Spent
from xpipe_nb.workers.capture import logger_levels
from xpipe_nb.workers.culprits import culprit
from xpipe_nb.workers.failures import failed, raised
from xpipe_nb.workers.jobs import Answer, Facts, Job
from xpipe_nb.workers.packing import is_importable, pack, unpack
from xpipe_nb.workers.reports import (
    Asked,
    Ending,
    Failed,
    Lined,
    Logged,
    Printed,
    Progressed,
    Report,
    Started,
    Warned,
)

if TYPE_CHECKING:
    from xpipe_nb.dispatch.turn import Turn
    from xpipe_nb.listeners import Listener
    from xpipe_nb.workers.executor import Workers
    from xpipe_nb.workers.parcels import Packed, Parcels

__all__ = ["Remote", "reflect"]

log = logging.getLogger(__name__)
POISON = 2
"""How many workers one message may cost."""

MANY = 256
"""Listeners whose classes are remembered."""

_numbers = itertools.count(1)


class Remote:
    """Runs handlers in the processes of some `Workers`.

    Args:
        workers: The processes.
        parcels: Packs handlers.
    """

    def __init__(self, workers: Workers, parcels: Parcels) -> None:
        self.workers, self._parcels = workers, parcels
        self._known: dict[int, tuple[Listener, frozenset[type]]] = {}

    async def run(self, turn: Turn) -> None:
        """Have the turn's handler run by a worker, and hand on what it gives."""
        listener = turn.listener
        function = self._parcels.pack(listener.handler, self._classes(listener), listener.name)
        job = _job(turn, function)
        errand = _Errand(turn, function.classes)
        turn.services.queue_up(turn, is_free=self.workers.is_free)
        try:
            ending = await self.workers.work(job, errand.hear)
        except WorkerDied as died:
            raise self._poison(turn, died) from None
        finally:
            errand.end()
        if errand.problem is not None:
            raise errand.problem
        result = await _result(turn, ending)
        if turn.listener.form in ("generator", "async-generator"):
            return
        turn.services.conclude(turn, result)

    async def stop(self) -> None:
        """End the workers."""
        await self.workers.stop()

    def _classes(self, listener: Listener) -> frozenset[type]:
        """Give the payload classes of a listener that travel with its function."""
        known = self._known.get(id(listener))
        if known is None or known[0] is not listener:
            if len(self._known) > MANY:  # reloads have left the listeners of before
                self._known.clear()
            known = self._known[id(listener)] = (listener, _classes_of(listener))
        return known[1]

    def _poison(self, turn: Turn, died: WorkerDied) -> Exception:
        """A message that has cost two workers is not tried again, whatever its listener says."""
        turn.crashes += 1
        if turn.crashes < POISON or turn.attempt > turn.listener.retries:
            return died
        return TurnFailed("handler", f"{died}; it was the second one at this message, which is not tried again")


def _job(turn: Turn, function: Packed) -> Job:
    """Take a turn apart, so that it can travel."""
    listener, frame = turn.listener, turn.frame
    payload = turn.delivery.payload
    try:
        data = pack(payload, function.classes)
    except Exception as error:
        what, why = culprit(payload, error, "its message")
        raise CannotTravel(listener.name, what, why) from error
    return Job(
        number=next(_numbers),
        listener=listener.name,
        form=listener.form,
        takes_meta=listener.takes_meta,
        function=function.parcel,
        payload=data,
        facts=_facts(turn),
        timeout=listener.timeout,
        conversation=frame.conversation.number,
        levels=logger_levels(),
    )


def _facts(turn: Turn) -> Facts:
    send, frame, listener = turn.delivery.send, turn.frame, turn.listener
    return Facts(
        thread_id=frame.thread_id,
        conversation_id=str(frame.conversation.id),
        message_id=send.message_id,
        attempt=turn.attempt,
        from_id=send.from_id,
        own_name=listener.name if listener.agent else None,
        is_self_call=send.kind is Kind.ITSELF,
        todo_nudge="" if frame.todos is None else frame.todos.nudge(),
    )


async def _result(turn: Turn, ending: Ending) -> Any:
    if isinstance(ending, Failed):
        error = raised(ending)
        if isinstance(error, asyncio.CancelledError):  # the handler's own affair; of ours this one knows nothing
            raise TurnFailed("handler", f"{turn.listener.name} was cancelled, but not by the pump")
        raise error
    try:
        return unpack(ending.result)
    except Exception as error:
        why = f"it cannot be read here ({type(error).__name__}: {error})"
        raise CannotTravel(turn.listener.name, "its result", why) from error


class _Errand:
    """What the pump does for one job while a worker has it.

    Args:
        turn: The turn.
        known: The payload classes that have a token on both sides.
    """

    def __init__(self, turn: Turn, known: frozenset[type]) -> None:
        self._turn, self._known = turn, known
        self._context = contextvars.copy_context()
        self._waits = True
        self._tasks: set[asyncio.Task[None]] = set()
        self.problem: BaseException | None = None

    def hear(self, report: Report, answer: Callable[[Answer], None]) -> None:
        """Do what a report asks for."""
        turn = self._turn
        if isinstance(report, Started):
            self._begin()
        elif isinstance(report, Asked):
            task = asyncio.get_running_loop().create_task(self._answer(report, answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(report, Progressed):
            self._context.run(turn.services.progress, turn, report.done, report.total, report.text)
        elif isinstance(report, Lined):
            self._context.run(turn.services.log, turn, report.text)
        else:
            self._context.run(reflect, report)

    def _begin(self) -> None:
        if self._waits:
            self._waits = False
            self._turn.services.begin(self._turn)

    def end(self) -> None:
        """The worker has it no more."""
        self._begin()
        for task in self._tasks:
            task.cancel()

    # ---- what a handler asks for

    async def _answer(self, asked: Asked, answer: Callable[[Answer], None]) -> None:
        try:
            result = await self._door(asked.door)(*unpack(asked.arguments))
            answer(Answer(asked.number, result=pack(result, self._known)))
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the handler asked
            answer(Answer(asked.number, error=failed(error.with_traceback(None)).error))

    def _door(self, name: str) -> Callable[..., Any]:
        turn, services = self._turn, self._turn.services
        match name:
            case "call":
                return partial(services.call, turn)
            case "call_all":
                return partial(services.call_all, turn)
            case "reserve":
                return partial(services.reserve, turn)
            case "settle":
                return self._settle
            case "reply":
                return self._reply
            case "usage_instructions":
                return self._usage
            case _:
                return self._history

    async def _reply(self, item: Any) -> bool:
        """Send what a generator has yielded; say whether more is wanted."""
        if self.problem is not None:
            return False
        try:
            self._turn.services.reply(self._turn, item)
        except (TurnFailed, TurnOver) as problem:
            self.problem = problem
        if self._turn.over and self.problem is None:
            self.problem = TurnOver()
        return self.problem is None and not self._turn.expired

    async def _settle(self, reserved: int, prompt: int, completion: int) -> None:
        self._turn.services.settle(self._turn, reserved, Spent(prompt, completion))

    async def _usage(self) -> str:
        return self._turn.services.usage_instructions(self._turn.listener.name)

    async def _history(self) -> list[Any]:
        from xpipe_nb.workers.remembered import remembered_slots

        return remembered_slots(self._turn.frame.history)


def _classes_of(listener: Listener) -> frozenset[type]:
    """Give the payload classes that a listener takes and gives, and those inside them, that cannot be imported."""
    found: set[type] = set()
    waiting = [*listener.accepts.values(), *(listener.output_class or ())]
    while waiting:
        cls = waiting.pop()
        if cls not in found and isinstance(cls, type) and is_payload(cls):
            found.add(cls)
            waiting += [inner for field in codec_of(cls).shape.fields for inner in classes_in(field.node)]
    return frozenset(cls for cls in found if not is_importable(cls))


def reflect(report: Report) -> None:
    """Do here what a handler did elsewhere: print, log, warn; whoever captures that captures it so, too."""
    match report:
        case Printed(stream=stream, text=text):
            out = sys.stdout if stream == "stdout" else sys.stderr
            if out is not None:
                out.write(text)
                out.flush()
        case Logged(record=record):
            made = logging.makeLogRecord(dict(record))
            logger = logging.getLogger(made.name)
            if logger.isEnabledFor(made.levelno):
                logger.handle(made)
        case Warned(text=text, category=category, file=file, line=line):
            try:
                warnings.warn_explicit(text, unpack(category), file, line)
            except Warning as raised_here:  # a filter makes errors of warnings; the handler is past that line
                log.warning("%s:%s: %s: %s", file, line, type(raised_here).__name__, raised_here)
        case _:
            log.warning("a worker told %r, which is not known here", report)
