"""The backend `manager`: a client of the state server, and how an organism starts one."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import StoreAway, StoreError, StoreRefused
from xpipe_nb.stores.manager_server import CHANGES
from xpipe_nb.stores.store import Figures
from xpipe_nb.stores.wire import WrongKey, family_of, introduce, receive, send

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection

    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.store import Change

__all__ = ["ManagerStore", "StateServer"]

LOOPBACK = "127.0.0.1:0"
KEY_BYTES = 32
DYING_SECONDS = 0.5
ROOT = str(Path(__file__).resolve().parents[2])
"""Where this package is found, which the server has to find, too."""

_WORDS = {kind: word for word, kind in CHANGES.items()}


class ManagerStore:
    """Asks the state server, one question after the other; a lost connection is made again at the next question.

    Args:
        address: Where it serves, and the authkey.
    """

    prefix = ""

    def __init__(self, address: StateAddress) -> None:
        self.where, self._address, self._authkey = address.where, address.address, address.authkey or b""
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def ping(self) -> None:
        """Make sure that it is there and answers to us."""
        self._ask("ping")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            from multiprocessing.connection import Client

            place, family = family_of(self._address)
            self._connection = Client(place, family)
            introduce(self._connection, self._authkey)
        return self._connection

    def _ask(self, *question: Any) -> Any:
        with self._lock:
            try:
                connection = self._connected()
                send(connection, question)
                answer = receive(connection)
            except WrongKey:
                self._hang_up()
                raise StoreRefused(self.where, "it has another authkey", "give both the same one") from None
            except (OSError, EOFError, ValueError) as error:
                self._hang_up()
                raise StoreAway(self.where, f"it does not answer ({_words(error)})") from None
        if not isinstance(answer, list) or len(answer) != 2 or answer[0] != "ok":
            raise StoreError(self.where, f"it does not understand {question[0]}", "is it of the same version?")
        return answer[1]

    # ---- what a store does

    def write(self, changes: Sequence[Change]) -> None:
        """Write all of these, in their order."""
        self._ask("write", [[_WORDS[type(change)], *change] for change in changes])

    def record(self, kind: str, key: str) -> bytes | None:
        """Give a record."""
        found = self._ask("record", kind, key)
        return None if found is None else str(found).encode()

    def records(self, kind: str, group: str) -> list[tuple[str, bytes]]:
        """Give the records of a group with their keys, in the order in which they came."""
        return [(key, text.encode()) for key, text in self._ask("records", kind, group)]

    def slots(self, thread: str) -> list[tuple[int, bytes]]:
        """Give the slots of a thread with their indexes, ascending."""
        return [(index, text.encode()) for index, text in self._ask("slots", thread)]

    def reserve(self, account: str, ticket: str, tokens: int, limit: int | None) -> tuple[bool, Figures]:
        """Set tokens aside if there are so many; say whether there were."""
        granted, figures = self._ask("reserve", account, ticket, tokens, limit)
        return granted, Figures(*figures)

    def settle(self, account: str, ticket: str, prompt: int, completion: int) -> Figures:
        """Book what was spent of a reservation."""
        return Figures(*self._ask("settle", account, ticket, prompt, completion))

    def change_limit(self, account: str, limit: int | None) -> Figures:
        """Set another limit."""
        return Figures(*self._ask("change_limit", account, limit))

    def figures(self, account: str) -> Figures | None:
        """Give an account as it stands."""
        found = self._ask("figures", account)
        return None if found is None else Figures(*found)


class StateServer:
    """A state server as a process of our own; it ends when it is stopped, or when this process is gone.

    Args:
        address: Where it shall serve; without an address it takes a free port of this machine, without an authkey it
            makes one up.

    Raises:
        StoreError: It cannot serve there.
    """

    def __init__(self, address: StateAddress) -> None:
        key = address.authkey or secrets.token_bytes(KEY_BYTES)
        # -P: a file of the current folder that is called like a module of Python must not be taken for it
        command = [sys.executable, "-P", "-m", "xpipe_nb.stores.manager_server", address.address or LOOPBACK, "--child"]
        self._process = subprocess.Popen(  # noqa: S603 - our own module, and an address that was checked
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))},
            start_new_session=True,  # the Interrupt button is meant for the kernel
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # by its pipe: an environment and a command line can be read by others
            self._process.stdin.write(f"{key.hex()}\n")
            self._process.stdin.flush()
        except OSError:  # it could not even begin, and says below why
            pass
        served = self._process.stdout.readline().strip()
        if not served:
            said = self._process.communicate()[1].strip().splitlines() or ["it ended at once"]
            raise StoreError(address.where, said[-1])
        self.address = replace(address, address=served, authkey=key)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def has_ended(self) -> bool:
        """Say whether its process is no more; one that has just lost its connections has a moment for that."""
        try:
            self._process.wait(DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End it; what it kept is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return (isinstance(error, OSError) and error.strerror) or "the connection was lost"
