"""What a failed test in JupyterLab tells of its notebook: the cells, what page and server know of the kernel, its log."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking import BlockingKernelClient
from playwright.sync_api import Page

from tests.browser.lab import FOLDERS

__all__ = ["told_of"]

_PAGE = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  const cells = [...document.querySelectorAll('.jp-CodeCell')].map(cell =>
    cell.querySelector('.jp-InputPrompt')?.textContent + ' ' + cell.querySelector('.cm-line')?.textContent);
  // Of a request that is under way: 1 its reply has come, 2 its end has been told.
  const waits = [...(kernel?._futures?.values() ?? [])].map(each =>
    `${each.msg.header.msg_type} ${each.msg.header.msg_id} ${each._status & 3} ${each.msg.content.code ?? ''}`);
  return { notebook: panel?.context?.path, cells, kernel: kernel && { id: kernel.id, status: kernel.status,
    connection: kernel.connectionStatus, restarting: kernel._isRestarting, pending: kernel._pendingMessages?.length, waits } };
}"""

_STACKS = """
import asyncio, sys, threading, traceback
for thread in threading.enumerate():
    print(thread.name, *traceback.format_stack(sys._current_frames()[thread.ident])[-4:], sep="\\n")
for task in asyncio.all_tasks(get_ipython().kernel.io_loop.asyncio_loop):
    print(task, *map(str, task.get_stack(limit=4)), sep="\\n  ")
"""


def told_of(page: Page) -> str:
    """Ask everybody who may know why a notebook stands still; never raises."""
    parts = []
    for ask in (_the_page, _the_server, _the_kernel, _the_log):
        try:
            parts.append(f"{ask.__name__.strip('_').replace('_', ' ')}: {ask(page)}")
        except Exception as error:
            parts.append(f"{ask.__name__.strip('_').replace('_', ' ')}: {type(error).__name__}: {error}")
    return "\n\n".join(parts)


def _the_page(page: Page) -> str:
    return json.dumps(page.evaluate(_PAGE), indent=1, ensure_ascii=False)


def _the_server(page: Page) -> str:
    with urllib.request.urlopen(f"{_address(page)}/api/kernels", timeout=20) as answer:
        return str(answer.read().decode())


def _the_kernel(page: Page) -> str:
    """What each thread and task of each kernel does; asked in a thread of its own, so also while a cell runs."""
    return "\n".join(
        f"{path.name}\n{_stacks(path)}" for path in sorted((FOLDERS[_address(page)] / "runtime").glob("kernel-*.json"))
    )


def _the_log(page: Page) -> str:
    return (FOLDERS[_address(page)] / "lab.log").read_text(errors="replace")[-6000:]


def _address(page: Page) -> str:
    return next(address for address in FOLDERS if page.url.startswith(address))


def _stacks(connection: Path) -> str:
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    try:
        client.control_channel.send(client.session.msg("create_subshell_request"))
        while (reply := client.get_control_msg(timeout=10))["msg_type"] != "create_subshell_reply":
            pass
        request = client.session.msg("execute_request", {"code": _STACKS, "silent": False, "store_history": False})
        request["header"]["subshell_id"] = reply["content"]["subshell_id"]
        client.shell_channel.send(request)
        return "".join(_printed(client, request["header"]["msg_id"]))
    finally:
        client.stop_channels()


def _printed(client: BlockingKernelClient, request: str) -> list[str]:
    texts: list[str] = []
    try:
        while True:
            message: dict[str, Any] = client.get_iopub_msg(timeout=5)
            if message["msg_type"] == "stream":
                texts.append(message["content"]["text"])
            ended = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if ended and message["parent_header"].get("msg_id") == request:
                return texts
    except Empty:
        return [*texts, "(it says no more)"]
