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

from playwright.sync_api import Page, expect, sync_playwright

from tests.support import ROOT

__all__ = ["SHOTS", "chromium", "lab_in", "open_notebook", "page_in_chromium", "wait_for_idle"]

SHOTS = Path(__file__).parent / "shots"
"""Where screenshots are kept; git ignores them."""

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
    port = _free_port()
    with (folder / "lab.log").open("wb") as log:
        server = subprocess.Popen(_command(folder, port), cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        address = f"http://127.0.0.1:{port}"
        _wait_for(f"{address}/api/status", server, folder / "lab.log")
        yield address
    finally:
        server.terminate()
        server.wait(20)


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


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        if server.poll() is not None:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


@contextmanager
def page_in_chromium(width: int, height: int) -> Iterator[Page]:
    """Open a page of that size in headless Chromium."""
    expect.set_options(timeout=30_000)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), headless=True, args=_BROWSER_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(60_000)
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


def wait_for_idle(page: Page) -> None:
    """Wait until the kernel has nothing to do."""
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
