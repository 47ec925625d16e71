"""What a handler prints, logs and warns of in a worker, sent to where it was caused."""

from __future__ import annotations

import io
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from logging.handlers import QueueHandler
from time import monotonic
from typing import Any

from xpipe_nb.workers.packing import pack
from xpipe_nb.workers.reports import Logged, Printed, Report, Warned

__all__ = ["captured", "logger_levels"]

PAUSE = 0.02
"""Seconds between two reports of what is printed: a loop that prints a lot must not drown the kernel in messages."""

LONG = 8_192
"""Characters that do not wait for that."""


class Stream(io.TextIOBase):
    """Stands for `sys.stdout` or `sys.stderr` while a handler runs.

    Args:
        name: Which of the two.
        tell: Sends a report.
        instead: The real one.
    """

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, tell: Callable[[Report], None], instead: Any) -> None:
        self._name, self._tell, self._instead = name, tell, instead
        self._lock = threading.RLock()
        self._waiting: list[str] = []
        self._length = 0
        self._told_at = 0.0
        self._timer: threading.Timer | None = None

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return int(self._instead.fileno())

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            self._waiting.append(text)
            self._length += len(text)
            if self._length >= LONG or ("\n" in text and monotonic() - self._told_at >= PAUSE):
                self._send()
            elif self._timer is None:
                self._timer = threading.Timer(PAUSE, self._send)
                self._timer.daemon = True
                self._timer.start()
        return len(text)

    def flush(self) -> None:
        if monotonic() - self._told_at >= PAUSE:
            self._send()

    def end(self) -> None:
        """Send all that is left."""
        self._send()

    def _send(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            text, self._waiting, self._length = "".join(self._waiting), [], 0
            if text:
                self._told_at = monotonic()
                self._tell(Printed(self._name, text))


class _Records(QueueHandler):
    """Sends the records of all loggers."""

    def __init__(self, tell: Callable[[Report], None]) -> None:
        super().__init__(None)  # type: ignore[arg-type]  # it sends instead of queueing
        self._send = tell

    def enqueue(self, record: logging.LogRecord) -> None:
        self._send(Logged({name: _plain(value) for name, value in vars(record).items()}))


def _plain(value: Any) -> Any:
    """Give what can be read where a class of the worker's is not known: plain values as they are, others as text."""
    if type(value) in (str, bytes, int, float, bool, type(None)):
        return value
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if type(value) is dict:
        return {_plain(key): _plain(each) for key, each in value.items()}
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - it is a person's own
        return f"(it cannot be shown: {type(error).__name__})"


@contextmanager
def captured(tell: Callable[[Report], None], levels: Mapping[str, int]) -> Iterator[Callable[[Report], None]]:
    """Send what is printed, logged and warned of meanwhile; all of it is sent when this ends.

    Args:
        tell: Sends a report.
        levels: The levels of loggers where it is sent to, so that what nobody there would see is not sent.

    Yields:
        What sends any other report, after all that was printed before it.
    """
    streams = Stream("stdout", tell, sys.__stdout__), Stream("stderr", tell, sys.__stderr__)

    def tell_in_order(report: Report) -> None:
        for stream in streams:
            stream.end()
        tell(report)

    before = sys.stdout, sys.stderr
    records = _Records(tell_in_order)
    for name, level in levels.items():
        logging.getLogger(name or None).setLevel(level)
    logging.root.addHandler(records)
    sys.stdout, sys.stderr = streams
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = _shower(tell_in_order)
            yield tell_in_order
    finally:
        sys.stdout, sys.stderr = before
        logging.root.removeHandler(records)
        for stream in streams:
            stream.end()


def _shower(tell: Callable[[Report], None]) -> Callable[..., None]:
    def show(message: Any, category: type, filename: str, lineno: int, *_more: Any) -> None:
        tell(Warned(str(message), pack(category), filename, lineno))

    return show


def logger_levels() -> dict[str, int]:
    """Give the levels of the loggers of this process that have one of their own; the root's under `""`."""
    levels = {
        name: logger.level
        for name, logger in list(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and logger.level
    }
    levels[""] = logging.root.level
    return levels
