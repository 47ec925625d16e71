"""The view of a running organism, in JupyterLab: it lives while cells wait and while none runs, and it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
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
GATE = """
from pathlib import Path
import asyncio

@xp.listener
async def shouter(message: Greeting) -> Shout:
    "Shouts once the gate is open."
    while not Path(message.name.split()[-1]).exists():
        await asyncio.sleep(0.02)
    return Shout(message.name.upper())
"""
VIEW = "%%organism hello"
WAITING = '%inject greeter Greeting("first.gate")'
RAN = re.compile(r"\[\d+\]:")
GOING_ON = 'later = %inject --no-wait greeter Greeting("second.gate")'

HOG = """
import time

@xp.listener
async def shouter(message: Greeting) -> Shout:
    "Shouts after a long thought."
    until = time.monotonic() + 3
    while time.monotonic() < until:
        pass
    return Shout(message.name.upper())
"""
LONG_THOUGHT, GATE_IS_OPEN = "Shouts after a long thought", "Shouts once the gate is open"
"""By these the cells are found: the lines of an editor do not stand in one text."""

HOGGING = '%inject shouter Greeting("hog")'


@dataclass
class Lab:
    """A page with the tutorial, and cells more: a listener that waits for a file, one that holds the loop, and messages for them."""

    page: Page
    address: str
    folder: Path

    def run(self, source: str) -> None:
        """Run the last cell with that text, and do not wait for it."""
        self.page.evaluate(
            """source => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.findLastIndex(
                    cell => cell.model.sharedModel.getSource().includes(source));
                void window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            source.strip(),
        )

    def command(self, name: str, **arguments: str) -> None:
        execute(self.page, name, **arguments)

    def prompt(self, source: str) -> Locator:
        """The number of a cell, which is a star while it runs. (The kernel calls itself idle after every click.)"""
        return self.page.locator(".jp-CodeCell").filter(has_text=source).last.locator(".jp-InputPrompt")

    def open_gate(self, name: str) -> None:
        (self.folder / "notebooks" / name).touch()

    @property
    def view(self) -> Locator:
        """The view below the cell that started the organism."""
        cell = self.page.locator(".jp-CodeCell").filter(has_text=VIEW).first
        return cell.locator(".xp-output")

    def tab(self, name: str) -> None:
        self.view.get_by_role("tab", name=name).click()

    def node(self, name: str) -> Locator:
        return self.view.locator(f".node[data-key='{name}']")

    def count(self) -> int:
        """How many messages went over all edges, sent and answered, as their labels say."""
        texts = " ".join(self.view.locator(".count").all_text_contents())
        return sum(int(number) for number in re.findall(r"\d+", texts))

    def counts_to(self, number: int) -> None:
        """Wait until that many are counted; exactly so many."""
        self.page.wait_for_function(
            """([view, number]) => [...view.querySelectorAll('.count')]
                .flatMap(label => label.textContent.match(/\\d+/g) ?? [])
                .reduce((sum, each) => sum + Number(each), 0) === number""",
            arg=[self.view.element_handle(), number],
        )

    def open(self, name: str) -> None:
        """Open a notebook in a fresh kernel."""
        self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        open_notebook(self.page, self.address, name)

    def save(self) -> Path:
        execute(self.page, "docmanager:save")
        return self.folder / "notebooks" / NAME

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.view.scroll_into_view_if_needed()
        self.page.screenshot(path=SHOTS / f"{name}.png")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    notebook = nbformat.read(ROOT / "notebooks" / NAME, 4)
    notebook.cells += [nbformat.v4.new_code_cell(source.strip()) for source in (GATE, WAITING, GOING_ON, HOG, HOGGING)]
    nbformat.write(notebook, folder / "notebooks" / NAME)
    with lab_in(folder) as address, page_in_chromium(1100, 900) as page:
        open_notebook(page, address, NAME)
        yield Lab(page, address, folder)


def is_live(lab: Lab) -> None:
    expect(lab.view).to_have_class(re.compile("xp-mod-live"))
    expect(lab.view).not_to_contain_text("when saved")


def test_run_all_shows_the_view_and_what_went_through_it(lab: Lab) -> None:
    """One view for the organism, live, with its messages counted on the edges."""
    lab.command("editmenu:clear-all")
    lab.page.evaluate(
        """last => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = notebook.widgets.findLastIndex(
                cell => cell.model.sharedModel.getSource().includes(last));
            return window.jupyterapp.commands.execute('notebook:run-all-above');
        }""",
        WAITING,
    )
    is_live(lab)
    wait_for_idle(lab.page)
    expect(lab.node("greeter")).to_have_class("node idle")
    lab.shot("live-idle")


def test_nodes_light_up_and_counts_rise_while_a_cell_waits(lab: Lab) -> None:
    """The cell that sent the message is still running."""
    before = lab.count()
    lab.run(WAITING)
    expect(lab.node("shouter")).to_have_class("node processing")
    expect(lab.node("greeter")).to_have_class("node waiting")
    lab.counts_to(before + 2)
    expect(lab.prompt(WAITING)).to_have_text("[*]:")
    lab.shot("live-waiting")
    lab.open_gate("first.gate")
    expect(lab.node("shouter")).to_have_class("node idle")
    expect(lab.prompt(WAITING)).to_have_text(RAN)
    lab.counts_to(before + 4)


def test_nodes_light_up_and_counts_rise_while_no_cell_runs(lab: Lab) -> None:
    """The conversation goes on after its cell has ended."""
    before = lab.count()
    lab.run(GOING_ON)
    expect(lab.prompt(GOING_ON)).to_have_text(RAN)
    expect(lab.node("shouter")).to_have_class("node processing")
    lab.open_gate("second.gate")
    expect(lab.node("shouter")).to_have_class("node idle")
    expect(lab.node("greeter")).to_have_class("node idle")
    lab.counts_to(before + 4)


def test_a_handler_that_holds_the_loop_is_named_in_the_view_while_it_does(lab: Lab) -> None:
    """The kernel can say nothing else meanwhile; afterwards the view is as it was."""
    lab.run(HOG)
    expect(lab.prompt(LONG_THOUGHT)).to_have_text(RAN)
    lab.run(HOGGING)
    expect(lab.view.get_by_role("status")).to_have_text("loop blocked")
    expect(lab.view.get_by_role("alert")).to_contain_text("shouter holds the event loop (cell ")
    expect(lab.view.get_by_role("button", name="Show cell")).to_be_visible()
    lab.shot("live-blocked")
    expect(lab.prompt(HOGGING)).to_have_text(RAN)
    expect(lab.view.get_by_role("status")).to_have_text("running")
    expect(lab.view.get_by_role("alert")).to_have_count(0)


def test_the_cell_of_a_listener_and_of_a_conversation_are_named(lab: Lab) -> None:
    """With the numbers that the notebook shows beside them."""
    number = lab.prompt(GOING_ON).inner_text().strip(":")
    lab.tab("Threads")
    expect(lab.view.locator(".fall")).to_be_visible()
    expect(lab.view.locator("td.cell", has_text=number)).to_have_count(1)
    lab.shot("live-threads")
    lab.tab("Messages")
    lab.shot("live-messages")
    lab.tab("Graph")
    lab.node("shouter").click()
    cell = lab.prompt(LONG_THOUGHT).inner_text().strip("[]:")
    expect(lab.view.locator(".drawer")).to_contain_text(f"shouter, cell {cell}, line")
    lab.shot("live-drawer")


def test_a_cell_with_an_example_is_written_below_the_view(lab: Lab) -> None:
    """It is not run: the person may look at it first."""
    lab.view.get_by_role("button", name="Inject this…").click()
    below = lab.page.locator(".jp-CodeCell").filter(has_text="%%inject hello/shouter")
    expect(below).to_have_count(1)
    expect(below).to_contain_text("</Greeting>")
    expect(below.locator(".jp-InputPrompt")).to_have_text("[ ]:")
    lab.command("notebook:delete-cell")
    lab.view.get_by_role("button", name="Close details").click()


def test_the_view_keeps_its_height_whatever_comes(lab: Lab) -> None:
    """A message more moves no cell; dragged, it is as high as somebody wants it."""
    lab.run(GATE)
    expect(lab.prompt(GATE_IS_OPEN)).to_have_text(RAN)
    lab.tab("Messages")
    room = lab.view.locator(".room:visible")
    before = lab.view.bounding_box()["height"]
    lab.run(WAITING)
    expect(lab.prompt(WAITING)).to_have_text(RAN)
    assert lab.view.bounding_box()["height"] == before
    height = room.bounding_box()["height"]
    grip = lab.view.get_by_role("separator", name="Height of the messages")
    grip.scroll_into_view_if_needed()
    box = grip.bounding_box()
    lab.page.mouse.move(box["x"] + 20, box["y"] + 4)
    lab.page.mouse.down()
    lab.page.mouse.move(box["x"] + 20, box["y"] + 64)
    lab.page.mouse.up()
    assert abs(room.bounding_box()["height"] - height - 60) <= 2
    lab.tab("Graph")


def test_what_is_saved_is_what_is_seen(lab: Lab) -> None:
    """A moment after the last message the output that a file would hold has its counts, and the view is as it was."""
    lab.page.wait_for_function(
        """number => {
            const cell = window.jupyterapp.shell.currentWidget.content.widgets.find(
                each => each.model.sharedModel.getSource().startsWith('%%organism'));
            const edges = cell.model.outputs.get(0).toJSON().data['application/vnd.xpipe.view+json'].graph.edges;
            return edges.reduce((sum, edge) => sum + edge.sent + edge.answered, 0) === number;
        }""",
        arg=lab.count(),
    )
    is_live(lab)


def test_the_view_is_back_and_live_after_the_page_was_loaded_again(lab: Lab) -> None:
    """The kernel ran on; the numbers are those of now."""
    before = lab.count()
    lab.save()
    lab.page.goto(f"{lab.address}/lab/tree/{NAME}?reset")
    lab.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0")
    is_live(lab)
    assert lab.count() == before
    lab.shot("live-reloaded")


def test_it_lives_in_the_dark_theme(lab: Lab) -> None:
    """With the inks for that ground."""
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    lab.page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    expect(lab.page.locator("#jupyterlab-splash")).to_have_count(0)
    is_live(lab)
    lab.shot("live-dark")
    lab.command("apputils:change-theme", theme="JupyterLab Light")


def test_a_kernel_that_is_gone_is_told_and_what_was_there_stays(lab: Lab) -> None:
    """With the time of the last state and the way to begin again, and without controls."""
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(lab.view.get_by_role("status")).to_have_text("kernel gone")
    expect(lab.view.locator(".notice:visible")).to_have_text(
        re.compile(r"Last state, \d\d:\d\d:\d\d\. Run the %%organism cell to start again\.")
    )
    expect(lab.view.locator(".node[data-key='greeter']:visible")).to_have_count(1)
    expect(lab.view.get_by_role("button", name="Stop")).to_have_count(0)
    lab.shot("live-gone")


@pytest.mark.parametrize("trusted", [True, False], ids=["trusted", "untrusted"])
def test_the_saved_file_shows_the_view_in_a_fresh_kernel(lab: Lab, *, trusted: bool) -> None:
    """Tomorrow, and by somebody else: what was there when it was saved, and nothing that could be pressed in vain."""
    path = lab.save()
    if not trusted:
        notebook = nbformat.read(path, 4)
        notebook.metadata["sent"] = "by somebody else"  # another file than the one that Jupyter has signed
        path = path.with_name("received.ipynb")
        nbformat.write(notebook, path)
    lab.open(path.name)
    cells = "window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === 'code')"
    assert lab.page.evaluate(f"() => {cells}.every(cell => cell.model.trusted)") == trusted
    expect(lab.view.locator(".xp-view")).to_contain_text("when saved")
    expect(lab.node("greeter")).to_be_visible()
    expect(lab.view.get_by_role("button", name="Stop")).to_have_count(0)
    lab.shot(f"live-saved-{'trusted' if trusted else 'untrusted'}")
