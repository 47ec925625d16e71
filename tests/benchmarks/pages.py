"""How much longer a notebook takes to open with a saved view in it than without, in a real JupyterLab."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from playwright.sync_api import Page

from tests.benchmarks.figures import Figure
from tests.browser.lab import chromium, lab_in, page_in_chromium
from tests.support import ROOT

__all__ = ["measure"]

BOUND = 1000.0
"""Milliseconds more that it may take."""

SEEN = {"with": ".xp-view [role=tablist]", "without": ".jp-OutputArea-output pre"}
"""What is on the page once the output is drawn."""


def measure(rounds: int) -> list[Figure]:
    """Open both by turns, so many times."""
    if chromium() is None:
        return [Figure("opening a notebook: there is no chromium here", float("nan"), "ms", None, BOUND)]
    times: dict[str, list[float]] = {name: [] for name in SEEN}
    with TemporaryDirectory() as folder:
        write(Path(folder) / "notebooks")
        with lab_in(Path(folder)) as address, page_in_chromium(1100, 900) as page:
            for _ in range(rounds + 1):
                for name in SEEN:
                    times[name].append(opened(page, address, name))
    plain, view = (statistics.median(times[name][1:]) for name in ("without", "with"))  # the first ones fill caches
    return [
        Figure("a notebook without a view, opened", plain, "ms"),
        Figure("a notebook with a saved view, opened: how much more", view - plain, "ms", view - plain, BOUND, times),
    ]


def write(folder: Path) -> None:
    """Write two notebooks that differ in the output of their one cell."""
    folder.mkdir()
    saved = json.loads((ROOT / "tests" / "snapshots" / "saved.json").read_text(encoding="utf-8"))
    shown = {"with": {"application/vnd.xpipe.view+json": saved, "text/plain": "x"}, "without": {"text/plain": "x"}}
    for name, data in shown.items():
        cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data=data)])
        notebook = nbformat.v4.new_notebook(cells=[cell])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / f"{name}.ipynb")


def opened(page: Page, address: str, name: str) -> float:
    """Open one and give the milliseconds until its output is seen."""
    page.goto("about:blank")
    began = time.perf_counter()
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(SEEN[name])
    return 1000 * (time.perf_counter() - began)
