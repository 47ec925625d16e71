"""What goes over the wire between the state server and its clients: both prove that they know the authkey, then JSON.

`multiprocessing.managers` would do the same with pickles, which run code of whoever sends them. Here a message is one
text in JSON, read as such and checked, so that not even somebody who knows the key can make the other side run anything.
"""

from __future__ import annotations

import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

__all__ = ["LONGEST", "PATIENCE", "WrongKey", "admit", "family_of", "introduce", "receive", "send"]

LONGEST = 256 * 1024 * 1024
"""How many bytes a message of a known peer may have."""

PATIENCE = 5.0
"""Seconds that each side waits for the other to prove itself."""

_NONCE = 32
_TAG = 32


class WrongKey(Exception):
    """The other side has another authkey, or does not speak as we do."""


def admit(connection: Connection, authkey: bytes) -> None:
    """As the server: ask for a proof, and give one.

    Raises:
        WrongKey: The client could not give it; it was told.
        OSError: The client is gone.
    """
    ours = secrets.token_bytes(_NONCE)
    connection.send_bytes(ours)
    answer = _proof(connection, _TAG + _NONCE)
    proof, theirs = answer[:_TAG], answer[_TAG:]
    if not hmac.compare_digest(proof, _tag(authkey, b"client", ours, theirs)):
        connection.send_bytes(b"no")
        raise WrongKey
    connection.send_bytes(_tag(authkey, b"server", ours, theirs))


def introduce(connection: Connection, authkey: bytes) -> None:
    """As a client: give a proof, and check the server's.

    Raises:
        WrongKey: The server does not take it, or has none itself.
        OSError: The server is gone.
    """
    theirs = _proof(connection, _NONCE)
    ours = secrets.token_bytes(_NONCE)
    connection.send_bytes(_tag(authkey, b"client", theirs, ours) + ours)
    if not hmac.compare_digest(_proof(connection, _TAG), _tag(authkey, b"server", theirs, ours)):
        raise WrongKey


def _proof(connection: Connection, length: int) -> bytes:
    """Receive what a stranger says: not for long, and not more than was asked for."""
    if not connection.poll(PATIENCE):
        raise WrongKey
    try:
        return connection.recv_bytes(length)
    except EOFError:
        raise ConnectionResetError from None


def _tag(authkey: bytes, side: bytes, servers: bytes, clients: bytes) -> bytes:
    return hmac.digest(authkey, b"xpipe_nb state " + side + servers + clients, "sha256")


def send(connection: Connection, message: Any) -> None:
    """Send a message of lists, texts, numbers, truths and `None`."""
    connection.send_bytes(json.dumps(message, separators=(",", ":")).encode())


def receive(connection: Connection) -> Any:
    """Receive a message.

    Raises:
        ValueError: It is not JSON.
        EOFError: The other side is gone.
    """
    return json.loads(connection.recv_bytes(LONGEST))


def family_of(address: str) -> tuple[Any, str]:
    """Give an address as `multiprocessing.connection` takes it, and its family."""
    if address.startswith("/"):
        return address, "AF_UNIX"
    host, _, port = address.rpartition(":")
    return (host, int(port)), "AF_INET"
