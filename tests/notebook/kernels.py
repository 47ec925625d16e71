"""A real kernel for tests: run a cell, see what a person would see under it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.support import ROOT

__all__ = ["CELLS", "FRESH", "LOAD", "ORGANISM", "OTHER_KERNEL", "Kernel", "Ran", "kernel_in"]

PATIENCE = 120.0
"""Seconds after which a kernel says nothing any more; a machine may be slow, and busy with other things."""

OTHER_KERNEL = "XPIPE_KERNEL"
"""The variable that names a folder with another ipykernel, which is then used in place of the installed one."""

LOAD = "%load_ext xpipe_nb\nimport xpipe_nb as xp"

CELLS = """\
@xp.payload
class Greeting:
    name: str

@xp.payload
class Shout:
    text: str

@xp.listener(peers=["shouter"])
async def greeter(message: Greeting, meta) -> Shout:
    "Greets politely, loudly."
    return await meta.call(Greeting(f"hello {message.name}"), to="shouter")

@xp.listener
def shouter(message: Greeting) -> Shout:
    "Shouts."
    return Shout(message.name.upper())
"""

ORGANISM = "%%organism hello\nlisteners:\n  - greeter\n  - shouter\n"

FRESH = ORGANISM.replace("hello", "hello --replace", 1)
"""The same, started anew: conversations are counted from 1."""


@dataclass
class Ran:
    """What one cell has done.

    Args:
        outputs: Its outputs in order, as a notebook holds them, neighbouring streams joined.
        late: What other cells' messages have brought meanwhile, with the id of the cell they belong to.
        id: What the kernel knows the request by.
        count: The number of the cell.
        seconds: How long it took.
    """

    outputs: list[dict[str, Any]] = field(default_factory=list)
    late: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    id: str = ""
    count: int = 0
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """Everything shown, as text, in order."""
        return "".join(each["text"] if "text" in each else each["data"]["text/plain"] + "\n" for each in self.plain)

    @property
    def plain(self) -> list[dict[str, Any]]:
        """The outputs that are no errors."""
        return [each for each in self.outputs if each["type"] != "error"]

    @property
    def error(self) -> dict[str, Any] | None:
        """The error that has failed the cell, if it has failed."""
        return next((each for each in self.outputs if each["type"] == "error"), None)

    @property
    def said(self) -> str:
        """The error as the person sees it."""
        return "\n".join(self.error["traceback"]) if self.error else ""

    @property
    def value(self) -> str | None:
        """The text of `Out[n]`, if there is one."""
        return next((each["data"]["text/plain"] for each in self.outputs if each["type"] == "execute_result"), None)


class Kernel:
    """A kernel and a client that runs one cell after the other."""

    def __init__(self, manager: KernelManager, client: BlockingKernelClient) -> None:
        self._manager, self._client = manager, client
        self._begun = 0.0

    def __call__(
        self,
        code: str,
        *,
        on_output: Callable[[dict[str, Any]], None] | None = None,
        on_update: Callable[[dict[str, Any]], None] | None = None,
        cell: str | None = None,
        attended: bool = False,
    ) -> Ran:
        """Run a cell to its end, outputs included.

        Args:
            code: The cell.
            on_output: Told of each output as it comes.
            on_update: Told of each update of a display.
            cell: What a front end knows the cell by; JupyterLab tells it to the kernel.
            attended: Whether a person looks on, who could be asked for input.
        """
        ran = Ran()
        self._begun = begun = time.monotonic()

        def keep(message: dict[str, Any]) -> None:
            output = _output(message)
            if on_update and message["msg_type"] == "update_display_data":
                on_update(message["content"])
            if output is None:
                return
            if message["parent_header"].get("msg_id") != ran.id:
                ran.late.append((message["parent_header"].get("msg_id"), output))
                return
            _add(ran.outputs, output)
            if on_output:
                on_output(output)

        ran.id = self.begin(code, cell=cell, attended=attended)
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE)
            keep(message)
            is_idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if is_idle and message["parent_header"].get("msg_id") == ran.id:
                break
        while (reply := self._client.get_shell_msg(timeout=PATIENCE))["parent_header"].get("msg_id") != ran.id:
            pass
        ran.count = reply["content"]["execution_count"]
        ran.seconds = time.monotonic() - begun
        return ran

    def begin(self, code: str, *, cell: str | None = None, attended: bool = False) -> str:
        """Send a cell and do not wait for it; gives what the kernel knows the request by."""
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": attended,
        }
        request = self._client.session.msg("execute_request", {**content, "stop_on_error": True})
        request["metadata"] |= {} if cell is None else {"cellId": cell}
        self._client.shell_channel.send(request)
        return str(request["header"]["msg_id"])

    def say(self, comm: str) -> None:
        """Send a display's message to the kernel, as a front end does."""
        self._client.shell_channel.send(self._client.session.msg("comm_msg", {"comm_id": comm, "data": {}}))

    def beside(self, code: str) -> None:
        """Begin a cell in a subshell: a thread of its own, beside the cells that follow."""
        control = self._client.control_channel
        control.send(self._client.session.msg("create_subshell_request"))
        while (reply := self._client.get_control_msg(timeout=PATIENCE))["msg_type"] != "create_subshell_reply":
            pass
        content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}
        request = self._client.session.msg("execute_request", content)
        request["header"]["subshell_id"] = reply["content"]["subshell_id"]
        self._client.shell_channel.send(request)

    def complete(self, code: str, cursor: int) -> tuple[list[str], int]:
        """Ask what may stand at the cursor: the completions, and where what they replace begins."""
        request = self._client.complete(code, cursor)
        while (reply := self._client.get_shell_msg(timeout=PATIENCE))["parent_header"].get("msg_id") != request:
            pass
        return reply["content"]["matches"], reply["content"]["cursor_start"]

    def silently(self, code: str) -> None:
        """Run code as front ends do for themselves: no history, no events."""
        request = self._client.execute(code, silent=True, store_history=False)
        while self._client.get_shell_msg(timeout=PATIENCE)["parent_header"].get("msg_id") != request:
            pass

    def next_output(self) -> tuple[str, dict[str, Any]]:
        """Wait for the next output while no cell runs: the id of the cell it belongs to, and the output."""
        while True:
            message = self._client.get_iopub_msg(timeout=PATIENCE)
            output = _output(message)
            if output is not None:
                return message["parent_header"]["msg_id"], output

    def seconds(self) -> float:
        """How long the present cell has been running."""
        return time.monotonic() - self._begun

    def interrupt(self) -> None:
        """Press the interrupt button."""
        self._manager.interrupt_kernel()


def _output(message: dict[str, Any]) -> dict[str, Any] | None:
    kind, content = message["msg_type"], message["content"]
    if kind == "stream":
        return {"type": "stream", "name": content["name"], "text": content["text"]}
    if kind in ("display_data", "execute_result"):
        return {"type": kind, "data": content["data"], "metadata": content["metadata"]}
    if kind == "error":
        return {"type": "error", **content}
    return None


def _add(outputs: list[dict[str, Any]], output: dict[str, Any]) -> None:
    last = outputs[-1] if outputs else {}
    if output["type"] == "stream" and (last.get("type"), last.get("name")) == ("stream", output["name"]):
        last["text"] += output["text"]
    else:
        outputs.append(output)


@contextmanager
def kernel_in(folder: Path, *cells: str) -> Iterator[Kernel]:
    """Start a kernel that keeps nothing outside a folder, and run some cells that must not fail."""
    path = os.pathsep.join(filter(None, [os.environ.get(OTHER_KERNEL), str(ROOT)]))
    private = {"PYTHONPATH": path, "IPYTHONDIR": str(folder), "JUPYTER_RUNTIME_DIR": str(folder)}
    environment = {**os.environ, **private}
    manager = KernelManager(kernel_name="python3", transport="ipc", ip=str(folder / "k"))
    manager.start_kernel(env=environment, cwd=str(folder))
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        kernel = Kernel(manager, client)
        for cell in cells:
            assert not (ran := kernel(cell)).error, ran.said
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
