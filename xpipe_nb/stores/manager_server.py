"""The state server: a process that keeps the shared state of the backend `manager` and serves it to whoever has the key.

An organism starts one where it needs one. To keep a state longer than any kernel, start it by hand:

    XPIPE_AUTHKEY=… python -m xpipe_nb.stores.manager_server 127.0.0.1:5555
"""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING, Any

from xpipe_nb.state_address import AUTHKEY
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.store import MOST, Change, Open, Put, PutSlot
from xpipe_nb.stores.wire import WrongKey, admit, family_of, receive, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection, Listener

__all__ = ["CHANGES", "Server", "main"]

CHANGES: dict[str, type[Change]] = {"put": Put, "slot": PutSlot, "open": Open}
"""The changes by the word that stands for each on the wire."""

_FORMS: dict[str, str] = {
    "ping": "",
    "record": "tt",
    "records": "tt",
    "slots": "t",
    "reserve": "ttnl",
    "settle": "ttnn",
    "change_limit": "tl",
    "figures": "t",
}
"""What may be asked, and of which form its arguments are: `t` a text, `n` a whole number from 0, `l` a limit or none."""

_CHANGE_FORMS = {"put": "tttt", "slot": "ttntn", "open": "tl"}


class Server:
    """Serves one store.

    Args:
        listener: Where clients come in; it has no authkey of its own.
        authkey: What they must know.
        store: What is served.
    """

    def __init__(self, listener: Listener, authkey: bytes, store: MemoryStore | None = None) -> None:
        self._listener, self._authkey = listener, authkey
        self._store = MemoryStore() if store is None else store

    def serve(self) -> None:
        """Let clients in until the process ends; a stranger who is slow holds up nobody else."""
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # it was gone before it was let in
                continue
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: Connection) -> None:
        try:
            admit(connection, self._authkey)
            while True:
                send(connection, self._answer(receive(connection)))
        except (WrongKey, EOFError, OSError, ValueError):
            pass  # it is gone, or is no client of ours
        finally:
            connection.close()

    def _answer(self, question: Any) -> list[Any]:
        try:
            _check(isinstance(question, list))
            word, *arguments = question
            if word == "write":
                changes, *rest = arguments
                _check(not rest)
                self._store.write([_change(*change) for change in changes])
                return ["ok", None]
            _check(_fits(_FORMS[word], arguments))
        except (KeyError, TypeError, ValueError):
            return ["no", "this is no question that the state server knows"]
        ask: Callable[..., Any] = getattr(self._store, word)
        return ["ok", _plain(ask(*arguments))]


def _change(word: str, *values: Any) -> Change:
    _check(_fits(_CHANGE_FORMS[word], values))
    return CHANGES[word](*values)


def _fits(form: str, values: Any) -> bool:
    return len(form) == len(values) and all(_IS[letter](value) for letter, value in zip(form, values, strict=True))


def _check(right: bool) -> None:
    if not right:
        raise ValueError


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


_IS: dict[str, Callable[[Any], bool]] = {
    "t": lambda value: isinstance(value, str),
    "n": _is_number,
    "l": lambda value: value is None or _is_number(value),
}


def _plain(value: Any) -> Any:
    """Give an answer in the types of JSON; what a store keeps is text in UTF-8."""
    if isinstance(value, bytes):
        return value.decode()
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _end_with(parent: Any) -> None:
    """End this process when whoever started it is gone: then its end of the pipe is closed."""
    parent.read()
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Serve at an address, with the key from the environment, or, for an organism, from the standard input.

    Args:
        arguments: The address, `host:port` or the path of a socket; port 0 is any that is free. `--child` after it: the
            first line of the standard input is the key in hexadecimal digits, and its end is the end of the server.
    """
    from multiprocessing.connection import Listener

    address, *options = arguments
    child = options == ["--child"]
    key = bytes.fromhex(sys.stdin.readline()) if child else os.environ.get(AUTHKEY, "").encode()
    if not key:
        sys.exit(f"set {AUTHKEY} in the environment: clients must know it, too")
    if child:
        threading.Thread(target=_end_with, args=(sys.stdin,), daemon=True).start()
    place, family = family_of(address)
    try:
        listener = Listener(place, family, backlog=64)
    except OSError as error:
        sys.exit(f"{address} cannot be served: {error.strerror}")
    found = listener.address
    served = found if isinstance(found, str) else f"{found[0]}:{found[1]}"
    sys.stdout.write(f"{served}\n")
    sys.stdout.flush()
    Server(listener, key).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
