"""Progress bars in JupyterLab: two cells at once, each with its own bar, and text in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")
pytest.importorskip("jupyterlab", reason="the notebook is opened in JupyterLab: pip install 'xpipe_nb[lab]'")

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import SHOTS, chromium, execute, lab_in, open_notebook, page_in_chromium, wait_for_idle
from tests.notebook.kernels import LOAD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

HANDLERS = """\
import pathlib, time

@xp.payload
class Part:
    name: str

@xp.listener(cpu_bound=True)
def strip(message: Part, meta) -> Part:
    "Goes a step on whenever a file appears."
    for step in range(1, 5):
        while not pathlib.Path(f"{message.name}.{step}").exists():
            time.sleep(0.01)
        meta.progress(step, 4, message.name)
        print(message.name, "has done", step)
    return message
"""
ORGANISM = "%%organism --no-view picture\nlisteners:\n  - strip\nprocess_pool:\n  workers: 2"
UPPER, LOWER = (f"{name} = %inject --no-wait strip Part('{name}')" for name in ("upper", "lower"))
AWAITED = "await upper, await lower"


@dataclass
class Lab:
    """A page with two cells that begin a conversation each, and the folder in which files let them go on."""

    page: Page
    folder: Path

    def cell(self, source: str) -> Locator:
        return self.page.locator(".jp-CodeCell").filter(has_text=re.compile(source)).last

    def bar(self, name: str) -> Locator:
        """What is filled of the bar under a cell."""
        return self.cell(f"{name} = ").locator(".jp-OutputArea .progress-bar")

    def step(self, name: str, number: int) -> None:
        (self.folder / f"{name}.{number}").touch()

    def is_at(self, name: str, part: int) -> None:
        expect(self.bar(name)).to_have_attribute("style", re.compile(rf"width: {part}%"))
        expect(self.cell(f"{name} = ")).to_contain_text(re.compile(rf"{part} % · \d of 4 · {name}"))

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def saved(self, source: str) -> list[dict]:
        """The displays of a cell as the file has them."""
        execute(self.page, "docmanager:save")
        notebook = nbformat.read(self.folder / "progress.ipynb", 4)
        (cell,) = (each for each in notebook.cells if each.source == source)
        return [each["data"] for each in cell.outputs if "data" in each]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    cells = [nbformat.v4.new_code_cell(each) for each in (LOAD, HANDLERS.strip(), ORGANISM, UPPER, LOWER, AWAITED)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    nbformat.write(notebook, folder / "notebooks" / "progress.ipynb")
    with lab_in(folder) as address, page_in_chromium(1100, 1000) as page:
        open_notebook(page, address, "progress.ipynb")
        yield Lab(page, folder / "notebooks")


def test_a_bar_moves_under_the_right_one_of_two_cells(lab: Lab) -> None:
    """Two conversations are under way in two worker processes; the one that goes on has its bar move, and no other."""
    lab.page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    lab.step("upper", 1)
    lab.is_at("upper", 25)
    expect(lab.bar("lower")).to_have_count(0)
    for number in (1, 2, 3):
        lab.step("lower", number)
    lab.is_at("lower", 75)
    lab.is_at("upper", 25)
    expect(lab.cell("upper = ")).to_contain_text("upper has done 1")
    expect(lab.cell("lower = ")).to_contain_text("lower has done 3")
    expect(lab.cell("upper = ")).not_to_contain_text("lower has done")
    lab.shot("progress-two")
    lab.step("upper", 2)
    lab.is_at("upper", 50)
    lab.is_at("lower", 75)


def test_in_the_end_text_stands_there_and_in_the_file(lab: Lab) -> None:
    """No widget is left that a page could not show tomorrow."""
    lab.step("lower", 4)
    expect(lab.bar("lower")).to_have_count(0)
    expect(lab.cell("lower = ")).to_contain_text(f"strip {'█' * 20} 100 % · 4 of 4 · lower")
    lab.is_at("upper", 50)
    for number in (3, 4):
        lab.step("upper", number)
    expect(lab.bar("upper")).to_have_count(0)
    expect(lab.cell("await upper").locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
    wait_for_idle(lab.page)
    lab.shot("progress-end")
    for name, source in (("upper", UPPER), ("lower", LOWER)):
        bar = f"strip {'█' * 20} 100 % · 4 of 4 · {name}"
        assert lab.saved(source) == [{"text/plain": "strip · 1 message"}, {"text/plain": bar}]
