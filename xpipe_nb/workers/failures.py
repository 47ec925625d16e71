"""Exceptions between processes: with their way through the code, their causes, and without a need to be made again."""

from __future__ import annotations

import traceback
from typing import Any

from xpipe_nb.errors import XPipeError
from xpipe_nb.workers.packing import pack, unpack
from xpipe_nb.workers.reports import Failed

__all__ = ["RemoteError", "failed", "raised"]

DEPTH = 8
"""How many causes of an error travel with it."""


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
        "traceback": None if way is None else Traceback(way).as_dict(),
        "cause": _plain(error.__cause__, depth - 1),
        "context": None if error.__suppress_context__ else _plain(error.__context__, depth - 1),
        "hides": error.__suppress_context__,
    }


def _packed(error: BaseException) -> bytes:
    """Pack an exception as its class, arguments and fields: many cannot be made again by their arguments alone."""
    parts = (type(error), error.args, vars(error))
    try:
        data = pack(parts)
        unpack(data)
    except Exception:  # noqa: BLE001 - an exception may hold anything
        return pack(
            (
                RemoteError,
                (f"{type(error).__name__}: {_said(error)}",),
                {"kind": type(error).__name__, "text": _said(error)},
            )
        )
    return data


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as worse:  # noqa: BLE001 - it is a person's own `__str__`
        return f"(its text cannot be shown: {type(worse).__name__})"


def _again(plain: dict[str, Any]) -> BaseException:
    from tblib import Traceback

    cls, args, fields = unpack(plain["error"])
    error: BaseException = cls.__new__(cls, *args)
    error.args = args
    vars(error).update(fields)
    if plain["traceback"] is not None:
        error.__traceback__ = Traceback.from_dict(plain["traceback"]).as_traceback()
    if plain["cause"] is not None:
        error.__cause__ = _again(plain["cause"])
    if plain["context"] is not None:
        error.__context__ = _again(plain["context"])
    error.__suppress_context__ = plain["hides"]
    return error
