"""The labextension in JupyterLab: saved files show their picture, and our cells have their colours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")
pytest.importorskip("jupyterlab", reason="the notebooks are opened in JupyterLab: pip install 'xpipe_nb[lab]'")

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import SHOTS, chromium, execute, lab_in, open_notebook, page_in_chromium, wait_for_idle
from tests.support import ROOT
from xpipe_nb.views import Edge, Graph, Node

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

VIEW, WIDGET = "application/vnd.xpipe.view+json", "application/vnd.jupyter.widget-view+json"
GRAPH = Graph((Node("greeter", "tool", "Greets."), Node("shouter", "tool", "Shouts.")), (Edge("greeter", "shouter"),))

YAML_CELL = "%%organism hello\nlisteners:\n  greeter:\n    timeout: 5"
XML_CELL = "%%inject greeter\n<Greeting><Name>World</Name></Greeting>"
PYTHON_CELL = '%%inject greeter\nGreeting("World")'
DEAD_WIDGET = {"model_id": "0123456789abcdef0123456789abcdef", "version_major": 2, "version_minor": 0}


def bundle(protocol: int) -> dict[str, Any]:
    """A display as it is saved: our snapshot, a widget that is long gone, and a picture for everybody else."""
    svg = base64.b64encode(GRAPH.to_svg().encode()).decode()
    return {
        VIEW: {**json.loads((ROOT / "tests/snapshots/saved.json").read_text(encoding="utf-8")), "protocol": protocol},
        WIDGET: DEAD_WIDGET,
        "image/png": base64.b64encode(GRAPH.to_png()).decode(),
        "text/html": f'<img src="data:image/svg+xml;base64,{svg}" alt="greeter">',
        "text/plain": GRAPH.to_text(),
    }


def write(path: Path, protocol: int) -> nbformat.NotebookNode:
    """Write a notebook with an organism that was saved, and cells in three languages."""
    output = nbformat.v4.new_output("display_data", data=bundle(protocol))
    sources = [YAML_CELL, XML_CELL, PYTHON_CELL, "print(1)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.cells[0].outputs = [output]
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)
    return nbformat.read(path, 4)


@dataclass
class Lab:
    page: Page
    address: str
    folder: Path

    def open(self, name: str) -> None:
        open_notebook(self.page, self.address, name)

    def cell(self, number: int) -> Locator:
        return self.page.locator(".jp-CodeCell").nth(number)

    def language(self, number: int) -> Locator:
        return self.cell(number).locator(".cm-content")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with an untrusted, a trusted and a foreign notebook."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    write(folder / "notebooks" / "untrusted.ipynb", 2)
    write(folder / "notebooks" / "newer.ipynb", 3)
    trusted = write(folder / "notebooks" / "trusted.ipynb", 2)
    trusted.metadata["mine"] = True  # another text than the untrusted one, so that only this one is known
    nbformat.write(trusted, folder / "notebooks" / "trusted.ipynb")
    (folder / "data").mkdir()
    notary = NotebookNotary(data_dir=str(folder / "data"))
    notary.sign(nbformat.read(folder / "notebooks" / "trusted.ipynb", 4))
    notary.store.close()
    with lab_in(folder) as address, page_in_chromium(1100, 900) as page:
        yield Lab(page, address, folder)


def shows_the_saved_view(output: Locator) -> None:
    """Assert that the saved snapshot can be seen, as such, and nothing that could be pressed in vain."""
    expect(output.locator(".xp-view")).to_have_count(1)
    expect(output).to_contain_text("running when saved")
    expect(output.locator(".node", has_text="planner")).to_be_visible()
    expect(output.get_by_role("button", name="Pause")).to_have_count(0)
    # The widget manager says so in an element that is kept out of sight.
    expect(output).not_to_contain_text("Error displaying widget", use_inner_text=True)


@pytest.mark.parametrize("name", ["untrusted", "trusted"])
def test_a_saved_organism_shows_its_picture_in_a_fresh_kernel(lab: Lab, name: str) -> None:
    """Whether trusted or not, and instead of the error text of the widget that is gone."""
    lab.open(f"{name}.ipynb")
    trusted = lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.trusted")
    assert trusted == (name == "trusted")
    output = lab.cell(0).locator(".xp-output")
    shows_the_saved_view(output)
    if name == "trusted":  # the widget was asked for, and is gone
        expect(output.locator(".xp-output-live")).to_have_text("Error displaying widget: model not found")
        shows_the_saved_view(output)
    tabs = output.get_by_role("tab")
    for name_of_tab in ("Threads", "Messages", "Graph"):
        tabs.filter(has_text=name_of_tab).click()
        expect(tabs.filter(has_text=name_of_tab)).to_have_attribute("aria-selected", "true")
    lab.shot(f"saved-{name}")


def test_a_snapshot_of_another_version_is_a_picture_and_a_sentence(lab: Lab) -> None:
    """It says what to do."""
    lab.open("newer.ipynb")
    output = lab.cell(0).locator(".xp-output")
    expect(output.locator("img")).to_be_visible()
    expect(output).to_contain_text("another version of xpipe_nb")
    lab.shot("saved-newer")


def test_the_cells_have_their_languages(lab: Lab) -> None:
    """YAML below `%%organism`, XML below `%%inject` if it is XML, else Python; also after the text was changed."""
    lab.open("untrusted.ipynb")
    for number, language in enumerate(["yaml", "xml", "python", "python"]):
        expect(lab.language(number)).to_have_attribute("data-language", language)
    colours = "line => new Set([...line.querySelectorAll('span')].map(span => getComputedStyle(span).color)).size"
    assert lab.language(0).evaluate(colours) >= 2
    assert lab.language(1).evaluate(colours) >= 2
    edit = "([number, text]) => window.jupyterapp.shell.currentWidget.content.widgets[number].model.sharedModel.setSource(text)"
    lab.page.evaluate(edit, [3, YAML_CELL])
    expect(lab.language(3)).to_have_attribute("data-language", "yaml")
    lab.page.evaluate(edit, [3, "print(2)"])
    expect(lab.language(3)).to_have_attribute("data-language", "python")
    lab.page.evaluate(edit, [2, XML_CELL])
    expect(lab.language(2)).to_have_attribute("data-language", "xml")


def test_a_cell_that_is_added_and_a_kernel_that_restarts_keep_the_languages(lab: Lab) -> None:
    """The notebook then sets the language of all cells anew."""
    lab.open("untrusted.ipynb")
    execute(lab.page, "notebook:insert-cell-below")
    added = "text => window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(text)"
    lab.page.evaluate(added, YAML_CELL)
    expect(lab.language(1)).to_have_attribute("data-language", "yaml")
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    wait_for_idle(lab.page)
    for number, language in enumerate(["yaml", "yaml", "xml"]):
        expect(lab.language(number)).to_have_attribute("data-language", language)


def test_nothing_is_written_into_the_file(lab: Lab) -> None:
    """The colours are a matter of the page: saved, the cells' metadata are as they were."""
    lab.open("trusted.ipynb")
    expect(lab.language(0)).to_have_attribute("data-language", "yaml")
    execute(lab.page, "docmanager:save")
    saved = json.loads((lab.folder / "notebooks" / "trusted.ipynb").read_text())
    assert [set(cell["metadata"]) - {"trusted"} for cell in saved["cells"]] == [set()] * 4


def test_it_reads_in_the_dark_theme(lab: Lab) -> None:
    """Cells and pictures."""
    lab.open("untrusted.ipynb")
    execute(lab.page, "apputils:change-theme", theme="JupyterLab Dark")
    lab.page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    expect(lab.page.locator("#jupyterlab-splash")).to_have_count(0)
    shows_the_saved_view(lab.cell(0).locator(".xp-output"))
    lab.shot("saved-dark")
