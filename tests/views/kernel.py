"""A real kernel, and a front end that speaks with the comm of a view as a page would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

__all__ = ["Front", "a_kernel"]


PATIENCE = 120.0
"""Seconds after which nothing will come any more; a machine may be slow, and busy with other things."""


class Front:
    """A front end: runs code, and keeps what comes on the comm of the one view."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.comm = ""
        self.state: dict[str, Any] = {}
        self.heard: list[dict[str, Any]] = []
        self.times: list[float] = []  # when each of them was sent, in seconds by the kernel's clock
        self.closed: list[str] = []
        self.displays: list[dict[str, Any]] = []

    def run(self, code: str, *, attended: bool = True) -> str:
        """Run a cell and give what it printed; an error in it is raised."""
        request = self.client.execute(code, allow_stdin=attended)
        printed = ""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            message = self._next(until - time.monotonic())
            content = message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            if message["msg_type"] == "stream":
                printed += content["text"]
            elif message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return printed
        raise AssertionError("the cell did not end")

    def until(self, claim: str) -> None:
        """Wait in the kernel until something holds there."""
        self.run(f"import asyncio\nwhile not ({claim}):\n    await asyncio.sleep(0.01)")

    def _next(self, seconds: float) -> dict[str, Any]:
        message: dict[str, Any] = self.client.get_iopub_msg(timeout=max(seconds, 0.01))
        content = message["content"]
        if message["msg_type"] == "comm_open" and "_esm" in content["data"].get("state", {}):
            self.comm, self.state = content["comm_id"], content["data"]["state"]
        elif message["msg_type"] == "comm_close":
            self.closed.append(content["comm_id"])
        elif message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm:
            if content["data"].get("method") == "custom":
                self.heard.append(content["data"]["content"])
                self.times.append(message["header"]["date"].timestamp())
        elif message["msg_type"] in ("display_data", "execute_result"):
            self.displays.append(content["data"])
        return message

    def listen(self, seconds: float) -> list[str]:
        """Hear for some time; gives the types of all messages that came."""
        until, came = time.monotonic() + seconds, []
        while time.monotonic() < until:
            try:
                came.append(self._next(until - time.monotonic())["msg_type"])
            except Empty:
                break
        return came

    def hear(self, what: str, seconds: float = PATIENCE) -> Any:
        """Wait for the next `snapshot`, `delta`, `detail` or `code`."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for at, content in enumerate(self.heard):
                if what in content:
                    del self.heard[: at + 1]
                    return content[what]
            try:
                self._next(until - time.monotonic())
            except Empty:
                break
        raise AssertionError(f"no {what} came")

    def tell(self, **content: Any) -> None:
        """Send a message on the view's comm."""
        data = {"method": "custom", "content": {"front": "f1", **content}}
        message = self.client.session.msg("comm_msg", {"comm_id": self.comm, "data": data})
        self.client.shell_channel.send(message)

    def ack(self) -> None:
        """Say that the last one was drawn."""
        self.tell(do="ack")


@contextmanager
def a_kernel() -> Iterator[Front]:
    """Start a kernel that can import this package."""
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=PATIENCE)
    try:
        front = Front(client)
        front.run("import sys; sys.path.insert(0, '')")
        yield front
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
