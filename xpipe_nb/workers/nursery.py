"""A process that has imported what workers need and has no threads, so that a worker is a fork of it away.

`multiprocessing` has such a server, too; but each of its workers imports the person's script, which would start the
organism once more in it, and it is one for all who use it in a process.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
import traceback
from contextlib import suppress

from xpipe_nb.workers.process import ignore_interrupts, serve

__all__ = ["STATUS", "main"]

STATUS = struct.Struct("!qi")
"""What it tells of a worker that ended: its process id and how, as `os.waitstatus_to_exitcode` gives it."""


def main(descriptor: int) -> None:
    """Fork a worker for each socket that comes by this one; when it is closed, end all of them."""
    import xpipe_nb.payloads  # noqa: F401 - so that no worker has to

    ignore_interrupts()
    orders = socket.socket(fileno=descriptor)
    orders.setblocking(True)
    children: set[int] = set()
    signal.signal(signal.SIGCHLD, lambda _number, _frame: _reap(orders, children))
    gc.collect()
    gc.freeze()
    while True:
        try:
            data, descriptors, _flags, _address = socket.recv_fds(orders, 1, 1)
        except ConnectionError:  # it was closed before all was read that was told
            break
        if not data:
            break
        children.add(_forked(orders, descriptors[0]))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    for pid in children:  # so that the system keeps none of them
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    os._exit(0)


def _forked(orders: socket.socket, descriptor: int) -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # a child that ends at once is to be known first
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            orders.close()
            serve(socket.socket(fileno=descriptor))
        except BaseException:  # noqa: BLE001 - nothing of the child may come back into the server's loop
            traceback.print_exc(file=sys.__stderr__)
        os._exit(1)
    os.close(descriptor)
    return pid


def _reap(orders: socket.socket, children: set[int]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        children.discard(pid)
        # Nobody is left who would like to know, or nobody listens: to wait for that would be to start no worker any more.
        with suppress(OSError):
            orders.send(STATUS.pack(pid, os.waitstatus_to_exitcode(status)), socket.MSG_DONTWAIT)
