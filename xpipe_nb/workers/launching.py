"""How worker processes are started: forked by a server that has imported all they need, or each on its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from xpipe_nb.workers.nursery import STATUS

__all__ = ["Forkserver", "Launcher", "Spawn", "interrupts_blocked", "launcher"]


KEPT = 64
"""Of how many workers it is remembered how they ended."""


class Launcher(Protocol):
    """Starts worker processes."""

    def launch(self, end: socket.socket) -> None:
        """Start a worker that has this end of a socket; the caller closes its own copy of it."""

    def status(self, pid: int) -> int | None:
        """Say how a worker ended: its exit code, or minus the number of its signal; `None` if it is not known (yet)."""

    def disown(self) -> None:
        """Let go, in a fork, of the connections of the process above, and end nothing."""

    def close(self) -> None:
        """End what is only there to start others, until the next one is started."""

    def is_gone(self, *, kill: bool = False) -> bool:
        """Say whether nothing is left of what was started, not even for the system to keep.

        Args:
            kill: End at once what is left.
        """


def launcher(method: str) -> Launcher:
    """Make the launcher of a start method: `forkserver`, where the system can pass sockets on, else `spawn`."""
    return Forkserver() if method == "forkserver" and hasattr(socket, "recv_fds") else Spawn()


class Spawn:
    """Starts each worker as a fresh interpreter."""

    def __init__(self) -> None:
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def launch(self, end: socket.socket) -> None:
        """Start a worker that has this end of a socket."""
        if len(self._processes) > KEPT:  # whoever asks how one ended does so soon
            self._processes = {pid: each for pid, each in self._processes.items() if each.poll() is None}
        process = _python("xpipe_nb.workers.process", end)
        self._processes[process.pid] = process

    def status(self, pid: int) -> int | None:
        """Say how a worker ended."""
        process = self._processes.get(pid)
        return None if process is None else process.poll()

    def disown(self) -> None:
        """There are none."""

    def close(self) -> None:
        """There is nothing but the workers themselves."""

    def is_gone(self, *, kill: bool = False) -> bool:
        """Say whether no worker is left."""
        return _all_gone(self._processes.values(), kill=kill)


class Forkserver:
    """Has each worker forked by a server; a server that is killed is replaced when the next worker is started."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None
        self._before: list[subprocess.Popen[bytes]] = []
        self._orders: socket.socket | None = None
        self._told = b""
        self._statuses: dict[int, int] = {}

    def launch(self, end: socket.socket) -> None:
        """Ask the server for a worker."""
        self._listen()  # what it has told and nobody reads would fill the socket in the end
        if self._orders is not None and self._server is not None and self._server.poll() is None:
            with suppress(OSError):
                socket.send_fds(self._orders, [b"+"], [end.fileno()])
                return
        self.close()
        self._orders, theirs = socket.socketpair()
        with theirs:
            self._server = _python("xpipe_nb.workers.nursery", theirs)
        socket.send_fds(self._orders, [b"+"], [end.fileno()])

    def status(self, pid: int) -> int | None:
        """Say how a worker ended, if the server has told."""
        self._listen()
        return self._statuses.pop(pid, None)

    def _listen(self) -> None:
        if self._orders is None:
            return
        with suppress(OSError):
            while data := self._orders.recv(65536, socket.MSG_DONTWAIT):
                self._told += data
        whole = len(self._told) - len(self._told) % STATUS.size
        for pid, status in STATUS.iter_unpack(self._told[:whole]):
            self._statuses[pid] = status
        self._told = self._told[whole:]
        while len(self._statuses) > KEPT:  # nobody has asked for the oldest
            self._statuses.pop(next(iter(self._statuses)))

    def disown(self) -> None:
        """Close this process's copy of the connection to the server."""
        if self._orders is not None:
            self._orders.close()

    def close(self) -> None:
        """End the server, and with it whoever of its workers is still there."""
        self._listen()
        if self._orders is not None:
            self._orders.close()
        if self._server is not None:
            self._before.append(self._server)
        self._before = [server for server in self._before if server.poll() is None]
        self._server = self._orders = None
        self._told = b""

    def is_gone(self, *, kill: bool = False) -> bool:
        """Say whether no server is left; one that ends takes its workers with it."""
        return _all_gone([*self._before, *([self._server] if self._server else [])], kill=kill)


def _all_gone(processes: Iterable[subprocess.Popen[bytes]], *, kill: bool) -> bool:
    left = [process for process in processes if process.poll() is None]
    for process in left:
        if kill:
            process.kill()
            process.wait()
    return kill or not left


def _python(module: str, end: socket.socket) -> subprocess.Popen[bytes]:
    """Start an interpreter that runs the `main` of a module on its copy of a socket.

    It finds modules where this process does. `-c` and not `-m`: the folder of a script is not to come first.
    """
    if sys.platform == "win32":  # sockets are handed on in another way there, which is not built
        raise OSError("worker processes are built for Linux and macOS only")
    path = [each for each in sys.path if isinstance(each, str)]
    code = f"import sys; sys.path[:] = {path!r}; from {module} import main; main({end.fileno()})"
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001 - as `multiprocessing` does
    with interrupts_blocked():
        return subprocess.Popen(  # noqa: S603 - it is this interpreter, and our own code
            [sys.executable, *flags, "-c", code], pass_fds=[end.fileno()], stdin=subprocess.DEVNULL
        )


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Let a process that is started meanwhile not be interrupted before it can say that it ignores that."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
