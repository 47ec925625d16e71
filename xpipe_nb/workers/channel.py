"""Messages over a socket: a length, then a pickled object; one end waits in a thread, the other on an event loop."""

from __future__ import annotations

import asyncio
import pickle
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Channel", "Link"]

_LENGTH = struct.Struct("!Q")


def _frame(message: Any) -> bytes:
    data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(data)) + data


class Channel:
    """The worker's end: sending from any thread, receiving in one.

    Args:
        end: A connected socket that blocks.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._lock = threading.Lock()

    def send(self, message: Any) -> None:
        """Send a message; wait until there is room for it."""
        data = _frame(message)
        with self._lock:
            self._socket.sendall(data)

    def receive(self) -> Any:
        """Wait for the next message.

        Raises:
            EOFError: The other end is closed.
        """
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        return pickle.loads(self._exactly(length))  # noqa: S301 - nobody else has the other end

    def _exactly(self, count: int) -> bytearray:
        data = bytearray(count)
        view, got = memoryview(data), 0
        while got < count:
            new = self._socket.recv_into(view[got:])
            if not new:
                raise EOFError
            got += new
        return data


class Link(asyncio.Protocol):
    """The pool's end.

    Args:
        received: Is told of each message.
        lost: Is told once that there will be no more.
    """

    transport: asyncio.Transport

    def __init__(self, received: Callable[[Any], None], lost: Callable[[], None]) -> None:
        self._received, self._lost = received, lost
        self._data = bytearray()

    def send(self, message: Any) -> None:
        """Send a message; what there is no room for waits here."""
        if not self.transport.is_closing():
            self.transport.write(_frame(message))

    def close(self) -> None:
        """Cut the connection, whatever is still to be sent."""
        self.transport.abort()

    # ---- what the event loop tells, see `asyncio.Protocol`

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # for the type checker
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand on the messages that are complete."""
        self._data += data
        while len(self._data) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._data)
            end = _LENGTH.size + length
            if len(self._data) < end:
                return
            message = pickle.loads(memoryview(self._data)[_LENGTH.size : end].toreadonly().tobytes())  # noqa: S301
            del self._data[:end]
            self._received(message)

    def connection_lost(self, _error: Exception | None) -> None:
        """Tell that it is over."""
        self._lost()
