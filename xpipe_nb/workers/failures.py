"""Exceptions between processes: with their way through the code, their causes, and without a need to be made again."""

from __future__ import annotations

import traceback
from types import TracebackType
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.reports import Failed

__all__ = ["RemoteError", "failed", "raised"]

DEPTH = 8
"""How many causes of an error travel with it."""

STEPS, ENDS = 200, 10
"""How many steps the way to an error may have to travel whole; of a longer one its first and its last ones do."""


class RemoteError(XPipeError):
    """Stands for an exception of a worker that cannot travel itself.

    Args:
        kind: The name of its class.
        text: What it said.
    """

    def __init__(self, kind: str, text: str) -> None:
        self.kind, self.text = kind, text
        super().__init__(f"{kind}: {text}" if text else kind)


def failed(error: BaseException) -> Failed:
    """Make a report of an exception, where it was raised."""
    text = "".join(traceback.format_exception(error))
    return Failed(pack(_plain(error, DEPTH)), text=text)


def raised(report: Failed) -> BaseException:
    """Make the exception of a report, with real tracebacks of the code that it came through."""
    return _again(unpack(report.error))


def _plain(error: BaseException | None, depth: int) -> dict[str, Any] | None:
    """Take an exception apart: what cannot be packed in it is told in words."""
    if error is None or not depth:
        return None
    from tblib import Traceback  # only where something was raised

    way = error.__traceback__
    return {
        "error": _packed(error),
        "traceback": None if way is None else Traceback(_shortened(way)).as_dict(),
        "cause": _plain(error.__cause__, depth - 1),
        "context": None if error.__suppress_context__ else _plain(error.__context__, depth - 1),
        "hides": error.__suppress_context__,
    }


def _shortened(way: TracebackType) -> TracebackType:
    """Leave out the middle of a way that is too deep to travel, as that of an endless recursion is."""
    steps = []
    step: TracebackType | None = way
    while step is not None:
        steps.append(step)
        step = step.tb_next
    if len(steps) <= STEPS:
        return way
    short: TracebackType | None = None
    for each in reversed(steps[:ENDS] + steps[-ENDS:]):
        short = TracebackType(short, each.tb_frame, each.tb_lasti, each.tb_lineno)
    assert short is not None  # for the type checker
    return short


def _packed(error: BaseException) -> bytes:
    """Pack an exception in its own way, or else as its class, arguments and fields: many cannot be made again."""
    for form in (error, (type(error), error.args, vars(error))):
        try:
            data = pack(form)
            if _said(_opened(data)) == _said(error):
                return data
        except Exception:  # noqa: BLE001, S112 - an exception may hold anything
            continue
    kind, text = type(error).__name__, _said(error)
    return pack(RemoteError(kind, text))


def _opened(data: bytes) -> BaseException:
    form = unpack(data)
    if isinstance(form, BaseException):
        return form
    cls, args, fields = form
    error: BaseException = cls.__new__(cls, *args)
    error.args = args
    vars(error).update(fields)
    return error


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001 - it is a person's own `__str__`
        return f"(its text cannot be shown: {type(worse).__name__})"


def _again(plain: dict[str, Any]) -> BaseException:
    from tblib import Traceback

    error = _opened(plain["error"])
    if plain["traceback"] is not None:
        error.__traceback__ = Traceback.from_dict(plain["traceback"]).as_traceback()
    if plain["cause"] is not None:
        error.__cause__ = _again(plain["cause"])
    if plain["context"] is not None:
        error.__context__ = _again(plain["context"])
    error.__suppress_context__ = plain["hides"]
    return error
