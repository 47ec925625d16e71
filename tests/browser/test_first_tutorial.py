"""The first tutorial as a person sees it: in JupyterLab, in a browser, reopened and run."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import ROOT

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")
pytest.importorskip("jupyterlab", reason="the tutorial is opened in JupyterLab: pip install 'xpipe_nb[lab]'")

from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import SHOTS, chromium, execute, lab_in, open_notebook, page_in_chromium, wait_for_idle

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

NAME = "01-hello-organism.ipynb"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The tutorial, copied to an empty folder and opened there; nobody has run or trusted it."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / NAME, folder / "notebooks" / NAME)
    SHOTS.mkdir(exist_ok=True)
    with lab_in(folder) as address, page_in_chromium(1100, 3400) as page:
        open_notebook(page, address, NAME)
        yield page


def cell(page: Page, source: str) -> Locator:
    """The first code cell whose text contains `source`."""
    return page.locator(".jp-CodeCell").filter(has_text=source).first


def outputs(cell: Locator) -> Locator:
    return cell.locator(".jp-OutputArea-output")


def shows_the_story(page: Page) -> None:
    """Assert that the drawn organism, the replies and the mistake can be seen."""
    organism = cell(page, "%%organism hello")
    for name in ("greeter", "shouter"):
        expect(organism.locator(f".xp-output .node[data-key='{name}']")).to_be_visible()
    expect(organism).to_contain_text("hello: running · 2 listeners · bound as hello")
    sent = cell(page, "<Greeting><Name>World</Name></Greeting>")
    expect(outputs(sent).first).to_contain_text("greeter got World")
    expect(outputs(sent).last).to_have_text(re.compile(r"Shout\(text='HELLO WORLD'\)\s*greeter ▸ shouter · 2 messages"))
    mistake = cell(page, "shuoter")
    expect(outputs(mistake)).to_contain_text("no listener 'shuoter'")
    expect(outputs(mistake)).not_to_contain_text("Traceback")


def shot(page: Page, name: str) -> Path:
    path = SHOTS / f"{name}.png"
    page.screenshot(path=path)
    return path


def test_reopened_by_somebody_else_it_shows_the_picture_and_the_replies(page: Page) -> None:
    """Untrusted, in a kernel that has run nothing, what was saved can be seen."""
    trusted = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.trusted)"
    assert set(page.evaluate(trusted)) == {False}
    shows_the_story(page)
    shot(page, "01-reopened")


def test_run_all_shows_the_picture_and_the_replies(page: Page) -> None:
    """Every cell runs, with outputs cleared before; the cells that must fail do not stop the others."""
    execute(page, "editmenu:clear-all")
    expect(page.locator(".jp-OutputArea-output")).to_have_count(0)
    execute(page, "notebook:run-all-cells")
    expect(outputs(cell(page, "when in doubt, answer here")).last).to_contain_text("what greeter returns is its answer")
    wait_for_idle(page)
    shows_the_story(page)
    counts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert counts == [f"[{number}]:" for number in range(1, 12)]
    assert shot(page, "01-run").stat().st_size > 10_000


def test_it_reads_in_the_dark_theme(page: Page) -> None:
    """The picture has a ground of its own, and the line under a reply takes its ink from the page."""
    execute(page, "apputils:change-theme", theme="JupyterLab Dark")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    sent = cell(page, "<Greeting><Name>World</Name></Greeting>")
    line = outputs(sent).last.locator("div", has_text="greeter ▸ shouter").last
    red = int(line.evaluate("line => getComputedStyle(line).color.match(/\\d+/)[0]"))
    assert red > 128
    shot(page, "01-dark")
