"""A real JupyterLab and a real Chromium for tests, both with nothing of the machine's own settings."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from tests.support import ROOT

__all__ = ["FOLDERS", "SHOTS", "chromium", "execute", "lab_in", "open_notebook", "page_in_chromium", "wait_for_idle"]

SHOTS = Path(__file__).parent / "shots"
"""Where screenshots are kept; git ignores them."""

FOLDERS: dict[str, Path] = {}
"""The folders of the servers that run, by their addresses: when a test fails, their logs are looked at."""

_SETTINGS = {
    "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
}
_BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


def chromium() -> str | None:
    """Find the system's Chromium."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def lab_in(folder: Path) -> Iterator[str]:
    """Serve the notebooks in `folder/notebooks` by a JupyterLab of its own; gives its address."""
    (folder / "notebooks").mkdir(exist_ok=True)
    for name, values in _SETTINGS.items():
        path = folder / "settings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))
    (folder / "data" / "labextensions").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "labextensions" / "xpipe_nb").symlink_to(ROOT / "xpipe_nb" / "labextension")
    private = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    private |= {f"JUPYTERLAB_{name}_DIR": str(folder / name.lower()) for name in ("SETTINGS", "WORKSPACES")}
    # What is tested is this tree's labextension, not the copy that an installation has put into the environment.
    private["JUPYTER_PREFER_ENV_PATH"] = "0"
    environment = {**os.environ, **private, "PYTHONPATH": str(ROOT), "IPYTHONDIR": str(folder / "ipython")}
    server, address = _start(folder, environment)
    FOLDERS[address] = folder
    try:
        yield address
    finally:
        del FOLDERS[address]
        _stop(server)


def _start(folder: Path, environment: dict[str, str]) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server, on another port where the first was taken a moment after it had been free."""
    log = folder / "lab.log"
    for _ in range(3):
        port = _free_port()
        with log.open("ab") as output:
            server = subprocess.Popen(_command(folder, port), cwd=folder, env=environment, stdout=output, stderr=output)
        address = f"http://127.0.0.1:{port}"
        if _answers(f"{address}/api/status", server):
            return server, address
        _stop(server)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End the server and its kernels; on a busy machine this takes its time, and is no test's matter."""
    server.terminate()
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _command(folder: Path, port: int) -> list[str]:
    options = {
        "ServerApp.ip": "127.0.0.1", "ServerApp.port": str(port), "ServerApp.port_retries": "0",
        "IdentityProvider.token": "", "ServerApp.disable_check_xsrf": "True",
        "ServerApp.root_dir": str(folder / "notebooks"), "LabApp.expose_app_in_browser": "True",
        "LabApp.extension_manager": "readonly", "LabApp.news_url": "",
        "JupyterNotebookApp.expose_app_in_browser": "True",
    }  # fmt: skip
    given = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *given]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Wait until it answers, or has ended."""
    end = time.monotonic() + 120
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=20).close()
            return True
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
    return False


@contextmanager
def page_in_chromium(width: int, height: int) -> Iterator[Page]:
    """Open a page of that size in headless Chromium."""
    expect.set_options(timeout=60_000)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=_BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(120_000)
        try:
            yield page
        finally:
            browser.close()


def open_notebook(page: Page, address: str, name: str) -> None:
    """Open a notebook and wait until its cells are drawn and its kernel is ready."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0")
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    wait_for_idle(page)


def execute(page: Page, command: str, **arguments: Any) -> None:
    """Have JupyterLab do something, to its end.

    What a command gives stays in the page: it may be a whole notebook, which would take ten seconds to be told.
    """
    call = "async ([name, given]) => { await window.jupyterapp.commands.execute(name, given); }"
    page.evaluate(call, [command, arguments])


def wait_for_idle(page: Page, seconds: float = 120) -> None:
    """Wait until the kernel has nothing to do: it answers a request that stands behind all others.

    What it calls itself would not do: that may be about another request, or about the kernel before a restart. While a
    page looks for its kernel again a request may be lost, so it is asked once more every few seconds.
    """
    assert page.evaluate(_ANSWERED, [3000, seconds * 1000]), f"the kernel has not answered in {seconds} s"


_ANSWERED = """async ([patience, deadline]) => {
  const end = Date.now() + deadline;
  const after = pause => new Promise(resolve => setTimeout(resolve, pause, false));
  const answers = [];
  const ask = async kernel => {
    const reply = await kernel.requestExecute({ code: '', silent: true, store_history: false }).done;
    return reply.content.status === 'ok' || new Promise(() => undefined);
  };
  while (Date.now() < end) {
    const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    if (kernel && kernel.status !== 'dead') {
      answers.push(ask(kernel).catch(() => new Promise(() => undefined)));
    }
    if (await Promise.race([...answers, after(kernel ? patience : 100)])) {
      return true;
    }
  }
  return false;
}"""
"""Gives whether the kernel has answered: asks every `patience` ms, and gives up after `deadline` ms."""
