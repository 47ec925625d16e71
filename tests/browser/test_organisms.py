"""Around the view, in JupyterLab and in Notebook 7: side panel, commands, status bar, settings, and who can use them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")
pytest.importorskip("jupyterlab", reason="the notebook is opened in JupyterLab: pip install 'xpipe_nb[lab]'")
pytest.importorskip("notebook", reason="and in Notebook 7: pip install 'xpipe_nb[test]'")
pytest.importorskip("axe_playwright_python", reason="axe-core looks at it: pip install 'xpipe_nb[test]'")

from playwright.sync_api import Dialog, Locator, Page, Route, expect

from tests.browser.axe import violations
from tests.browser.lab import SHOTS, chromium, execute, lab_in, open_notebook, page_in_chromium, wait_for_idle

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

NAME, OTHER = "two.ipynb", "none.ipynb"
LOAD = """%load_ext xpipe_nb
import pathlib, time
import xpipe_nb as xp

@xp.payload
class Say:
    text: str

@xp.listener(peers=["shouter"])
async def greeter(message: Say, meta) -> Say:
    "Greets."
    return await meta.call(Say(f"hello {message.text}"), to="shouter")

@xp.listener
def shouter(message: Say) -> Say:
    "Shouts."
    return Say(message.text.upper())
"""
HELLO = "%%organism hello\nlisteners:\n  - greeter\n  - shouter"
ECHO = "%%organism echo\nlisteners:\n  - shouter"
SEND = '%inject hello/greeter Say("World")'
HOLD = "while not pathlib.Path('let.go').exists(): time.sleep(0.01)"
NASTY = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\u202egnp.exe\u2066 javascript:alert(3)",
    "w" * 100_000,
    "&#0; \\0 \x0b",
]
HOSTILE = f"for text in {NASTY!r}:\n    _ = await (await hello.inject(Say('x' if chr(11) in text else text), to='shouter'))\nawait hello.inject(b'<Say><Text>\\0<b onload=alert(4)>', to='shouter')"
CELLS = [LOAD, HELLO, ECHO, SEND, HOLD, HOSTILE]

OUT_OF_REACH = """() => {
  const controls = 'button, input, select, textarea, [role=button], [role=tab], [role=treeitem], [role=separator]';
  const groups = '[role=tablist], [role=toolbar], [role=tree], [role=treegrid], [role=grid], [role=group], table, ol, ul';
  const reached = element => element.tabIndex >= 0;
  const seen = [...document.querySelectorAll('.xp-mod-live .xp-output-live, #xpipe-organisms, .xp-status')]
    .flatMap(each => [...each.querySelectorAll(controls)]).filter(each => each.checkVisibility());
  const inGroup = each => { const group = each.closest(groups); return group && [...group.querySelectorAll(controls)].some(reached); };
  return [...new Set(seen)].filter(each => !reached(each) && !inGroup(each)).map(each => each.outerHTML.slice(0, 200));
}"""
"""Gives what can be pressed with a mouse, and neither by Tab nor by arrow keys from a place that Tab reaches."""


@dataclass
class Lab:
    """A page with a notebook of two organisms."""

    page: Page
    address: str
    folder: Path
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def asked(self, dialog: Dialog) -> None:
        """Leave a page that is not saved; any other dialog is one too many."""
        if dialog.type != "beforeunload":
            self.dialogs.append(dialog.message)
        dialog.accept()

    def command(self, name: str, **arguments: Any) -> None:
        execute(self.page, name, **arguments)

    def run_all(self, upto: str = SEND) -> None:
        """Run the cells up to that one, and wait for the last."""
        for source in CELLS[: CELLS.index(upto) + 1]:
            self.run(source)
        wait_for_idle(self.page)
        expect(self.cell(upto).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))

    def run(self, source: str) -> None:
        self.page.evaluate(
            """at => {
                window.jupyterapp.shell.currentWidget.content.activeCellIndex = at;
                void window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            CELLS.index(source),
        )

    def hold(self) -> float:
        """Run the cell that holds the loop until it is let go; gives after how many ms the status bar told of it."""
        (self.folder / "notebooks" / "let.go").unlink(missing_ok=True)
        self.page.evaluate(
            """() => {
                window.toldAfter = 0;
                const look = () => document.querySelector('.xp-status')?.textContent.includes('loop blocked')
                    ? window.toldAfter = performance.now() - window.ranAt : requestAnimationFrame(look);
                window.ranAt = performance.now();
                look();
            }"""
        )
        self.run(HOLD)
        expect(self.status).to_have_text("hello: loop blocked by cell 5")
        return float(self.page.wait_for_function("() => window.toldAfter").json_value())

    def let_go(self) -> None:
        (self.folder / "notebooks" / "let.go").touch()
        wait_for_idle(self.page)

    def cell(self, source: str) -> Locator:
        return self.page.locator(".jp-CodeCell").nth(CELLS.index(source))

    @property
    def panel(self) -> Locator:
        return self.page.locator("#xpipe-organisms")

    def one(self, name: str) -> Locator:
        """An organism's part of the panel."""
        button = self.page.get_by_role("button", name=f"Show the cell of {name}")
        return self.panel.locator(".xp-organisms-one").filter(has=button)

    @property
    def status(self) -> Locator:
        return self.page.locator(".xp-status")

    def shot(self, name: str) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")

    def dark(self, *, dark: bool) -> None:
        self.command("apputils:change-theme", theme=f"JupyterLab {'Dark' if dark else 'Light'}")
        self.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with that notebook, and one in which there is nothing of ours."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    for name, sources in ((NAME, CELLS), (OTHER, ["1"])):
        cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "notebooks" / name)
    with lab_in(folder) as address, page_in_chromium(1300, 900) as page:
        opened = Lab(page, address, folder)
        page.on("request", lambda request: opened.requests.append(request.url))
        page.on("dialog", opened.asked)
        open_notebook(page, address, NAME)
        yield opened


def test_the_panel_shows_every_organism_of_the_notebook_in_front(lab: Lab) -> None:
    """Live, in the order of their cells, and the button in the notebook's toolbar opens it."""
    lab.run_all()
    lab.page.get_by_role("button", name="Show the organisms of this notebook beside it").click()
    expect(lab.panel).to_be_visible()
    expect(lab.panel.locator(".xp-organisms-one")).to_have_count(2)
    for name in ("hello", "echo"):
        expect(lab.one(name).locator(".xp-output")).to_have_class(re.compile("xp-mod-live"))
        expect(lab.one(name).locator(".title")).to_have_text(name)
    expect(lab.one("hello").locator(".node[data-key=shouter]")).to_be_visible()
    lab.shot("panel-light")


def test_a_click_goes_to_the_cell_of_an_organism(lab: Lab) -> None:
    """Which is then the active one."""
    lab.one("echo").get_by_role("button", name="Show the cell of echo").click()
    expect(lab.cell(ECHO)).to_have_class(re.compile("jp-mod-active"))
    lab.one("hello").get_by_role("button", name="Show the cell of hello").click()
    expect(lab.cell(HELLO)).to_have_class(re.compile("jp-mod-active"))


def test_commands_act_on_the_organism_of_the_active_cell(lab: Lab) -> None:
    """The palette names it; panel and cell show the same, because they are views of one model."""
    label = "() => window.jupyterapp.commands.label('xpipe_nb:pause')"
    assert lab.page.evaluate(label) == "Pause hello"
    enabled = "id => window.jupyterapp.commands.isEnabled(id)"
    assert not lab.page.evaluate(enabled, "xpipe_nb:resume")
    lab.command("xpipe_nb:pause")
    for view in (lab.one("hello"), lab.cell(HELLO)):
        expect(view.get_by_role("status")).to_have_text("paused")
    expect(lab.one("echo").get_by_role("status")).to_have_text("running")
    expect(lab.status).to_have_text("2 organisms · 1 paused · 0 in flight")
    assert lab.page.evaluate(enabled, "xpipe_nb:step")
    lab.command("xpipe_nb:resume", organism="hello")
    expect(lab.one("hello").get_by_role("status")).to_have_text("running")
    lab.page.keyboard.press("Control+Shift+C")
    lab.page.locator(".lm-CommandPalette-input").fill("organism")
    found = lab.page.locator(".lm-CommandPalette-item")
    expect(found.filter(has_text="Stop hello")).to_have_count(1)
    expect(found.filter(has_text="Show Organisms")).to_have_count(1)
    lab.page.keyboard.press("Escape")


def test_a_cell_that_holds_the_loop_is_named_in_the_view_and_on_the_status_bar(lab: Lab) -> None:
    """Within half a second and what a busy browser adds, with the way out; afterwards all is as it was."""
    told_after = lab.hold()
    expect(lab.status.locator("button")).to_have_attribute("title", re.compile(r"line 1\).*Stop \(interrupt\) ends it"))
    for view in (lab.one("hello"), lab.cell(HELLO), lab.one("echo")):
        expect(view.get_by_role("alert")).to_contain_text("Cell 5 holds the event loop (line 1)")
        expect(view.get_by_role("status")).to_have_text("loop blocked")
    lab.shot("panel-blocked")
    lab.let_go()
    expect(lab.status).to_have_text("2 organisms · 0 in flight")
    expect(lab.one("hello").get_by_role("status")).to_have_text("running")
    expect(lab.cell(HELLO).get_by_role("alert")).to_have_count(0)
    for _ in range(3):  # a busy machine may be late, but not every time
        if told_after < 1500:
            break
        told_after = lab.hold()
        lab.let_go()
    assert told_after < 1500


def test_the_settings_are_for_all_views_of_the_page(lab: Lab) -> None:
    """They stand in JupyterLab's own editor of settings, and hold as soon as they are changed."""
    told = "() => [document.body.dataset.xpipeRate, document.body.dataset.xpipeHistory]"
    assert lab.page.evaluate(told) == ["10", "80"]
    lab.command("settingeditor:open", query="Organisms")
    rate = lab.page.get_by_role("spinbutton").first
    expect(rate).to_have_value("10")
    rate.fill("2")
    lab.page.wait_for_function("() => document.body.dataset.xpipeRate === '2'")
    lab.shot("panel-settings")
    rate.fill("10")
    lab.page.wait_for_function("() => document.body.dataset.xpipeRate === '10'")
    lab.command("application:close")
    lab.command("docmanager:open", path=NAME)


def test_a_notebook_without_organisms_in_front_empties_the_panel(lab: Lab) -> None:
    """And with the other one they are back."""
    lab.command("docmanager:open", path=OTHER)
    expect(lab.panel).to_contain_text("This notebook shows no organism.")
    expect(lab.panel.locator(".xp-organisms-one")).to_have_count(0)
    expect(lab.status).to_be_hidden()
    lab.command("docmanager:open", path=NAME)
    expect(lab.panel.locator(".xp-organisms-one")).to_have_count(2)
    expect(lab.one("echo").locator(".xp-output")).to_have_class(re.compile("xp-mod-live"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_the_live_view_and_around_it(lab: Lab, *, dark: bool) -> None:
    """Names, roles, contrast, on every tab; and the keyboard reaches all that a mouse can press."""
    lab.dark(dark=dark)
    view = lab.cell(HELLO).locator(".xp-output")
    found = []
    tabs = view.get_by_role("tab").all()
    assert tabs
    for tab in tabs:
        tab.click()
        assert lab.page.evaluate(OUT_OF_REACH) == []
        found += violations(lab.page, ".jp-OutputArea .xp-output.xp-mod-live", "#xpipe-organisms", ".xp-status")
    lab.shot(f"panel-axe-{'dark' if dark else 'light'}")
    assert found == []
    lab.dark(dark=False)


def test_hostile_payloads_are_texts_and_ask_for_nothing(lab: Lab) -> None:
    """Scripts, handlers of events, letters that turn the direction, a word of 100,000 letters, NULs."""
    lab.run(HOSTILE)
    view = lab.cell(HELLO).locator(".xp-output")
    view.get_by_role("tab", name="Messages").click()
    rows = view.locator(".msgs tbody tr")
    expect(rows.filter(has_text="dead letter")).to_have_count(1)
    for row in rows.all()[-5:]:
        row.click()
        expect(view.locator(".passage")).to_be_visible()
    inner = view.evaluate(
        "view => view.querySelectorAll('script, img, iframe, a, b').length - view.querySelectorAll('b').length"
    )
    assert inner == 0
    width = lab.page.evaluate(
        "() => [...document.querySelectorAll('.xp-view')].every(v => v.scrollWidth <= v.clientWidth + 1)"
    )
    assert width
    lab.shot("panel-hostile")
    assert lab.dialogs == []


def restart(lab: Lab) -> None:
    """Restart the kernel, and come back when the page is connected again; whether it answers is another question."""
    lab.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")


def test_a_comm_that_dies_is_told_and_the_next_run_brings_the_view_back(lab: Lab) -> None:
    """In the cell and in the panel."""
    lab.page.evaluate(
        """() => {
            const { model } = window.jupyterapp.shell.currentWidget.content.widgets[1];
            const id = model.outputs.get(0).data['application/vnd.jupyter.widget-view+json'].model_id;
            const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
            return kernel.requestExecute({ silent: true, code:
                `from ipywidgets.widgets.widget import _instances; _instances['${id}'].comm.close()` }).done;
        }"""
    )
    cell, one = lab.cell(HELLO), lab.one("hello")
    for view in (cell, one):
        expect(view.locator(".notice:visible")).to_have_text(re.compile("This view was closed.*Run its cell"))
        expect(view.get_by_role("button", name="Stop")).to_have_count(0)
        expect(view.locator(".node[data-key=greeter]:visible")).to_have_count(1)
    lab.shot("panel-comm-gone")
    lab.run(HELLO)
    for view in (cell, one):
        expect(view.get_by_role("status").filter(visible=True)).to_have_text("running")
        expect(view.get_by_role("button", name="Stop")).to_have_count(1)


def test_a_kernel_that_restarts_is_told_and_running_the_cells_brings_everything_back(lab: Lab) -> None:
    """The view, the panel and the status bar."""
    restart(lab)
    expect(lab.cell(HELLO).get_by_role("status").filter(visible=True)).to_have_text("kernel gone")
    expect(lab.one("echo").get_by_role("status").filter(visible=True)).to_have_text("kernel gone")
    expect(lab.status).to_be_hidden()
    wait_for_idle(lab.page)
    lab.run_all()
    for view in (lab.one("hello"), lab.one("echo"), lab.cell(HELLO)):
        expect(view.get_by_role("status").filter(visible=True)).to_have_text("running")
    expect(lab.status).to_have_text("2 organisms · 0 in flight")


def test_a_page_that_is_loaded_again_has_everything_back(lab: Lab) -> None:
    """The kernel ran on; and what was saved by hand says the same as text, for whoever has no kernel."""
    lab.page.wait_for_function(
        """at => window.jupyterapp.shell.currentWidget.content.widgets[at].model.outputs.get(0).data['text/plain']
            .endsWith('#1 done · greeter ▸ shouter · 2 messages')""",
        arg=CELLS.index(HELLO),
    )
    lab.command("docmanager:save")
    saved = nbformat.read(lab.folder / "notebooks" / NAME, 4).cells[CELLS.index(HELLO)].outputs[0].data
    assert saved["text/plain"].endswith("#1 done · greeter ▸ shouter · 2 messages")
    assert "base64," in saved["text/html"]
    open_notebook(lab.page, lab.address, NAME)
    lab.command("xpipe_nb:show-panel")
    for name in ("hello", "echo"):
        expect(lab.one(name).get_by_role("status").filter(visible=True)).to_have_text("running")
    expect(lab.status).to_have_text("2 organisms · 0 in flight")


@pytest.mark.parametrize(
    ("missing", "shown"),
    [
        (["@jupyter-widgets/jupyterlab-manager"], ".xp-output .xp-view .node[data-key=greeter]"),
        (["@jupyter-widgets/jupyterlab-manager", "xpipe_nb"], ".jp-OutputArea-output img[alt*='#1 done · greeter']"),
    ],
    ids=["widget manager", "labextension"],
)
def test_where_something_is_missing_the_picture_stays(lab: Lab, missing: list[str], shown: str) -> None:
    """The snapshot without the widget manager, SVG and text without any of ours; no error, nothing to press in vain."""

    def without(route: Route) -> None:
        page = route.fetch()
        assert '"disabledExtensions": []' in page.text()
        disabled = f'"disabledExtensions": {json.dumps(missing)}'
        route.fulfill(response=page, body=page.text().replace('"disabledExtensions": []', disabled))

    lab.page.route("**/lab/tree/**", without)
    lab.page.goto(f"{lab.address}/lab/tree/{NAME}?reset")
    lab.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0")
    lab.page.unroute("**/lab/tree/**")
    expect(lab.cell(HELLO).locator(shown)).to_be_visible()
    expect(lab.cell(HELLO).get_by_role("button", name="Stop")).to_have_count(0)
    expect(lab.cell(HELLO)).not_to_contain_text("Error displaying widget", use_inner_text=True)
    lab.shot(f"without-{len(missing)}")


def test_notebook_7_shows_the_same(lab: Lab) -> None:
    """The view is live, the panel opens from the toolbar, a cell that blocks is named, and nothing is fetched."""
    lab.page.goto(f"{lab.address}/notebooks/{NAME}")
    lab.page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length > 0")
    wait_for_idle(lab.page)
    view = lab.cell(HELLO)
    expect(view.get_by_role("status").filter(visible=True)).to_have_text("running")
    lab.page.get_by_role("button", name="Show the organisms of this notebook beside it").click()
    expect(lab.one("echo").get_by_role("status").filter(visible=True)).to_have_text("running")
    lab.shot("notebook-7")
    (lab.folder / "notebooks" / "let.go").unlink()
    lab.run(HOLD)
    expect(view.get_by_role("alert")).to_contain_text("holds the event loop (line 1)")
    lab.let_go()
    expect(view.get_by_role("alert")).to_have_count(0)
    lab.shot("notebook-7")
    assert violations(lab.page, ".jp-OutputArea .xp-output.xp-mod-live", "#xpipe-organisms") == []


def test_nothing_is_fetched_from_elsewhere(lab: Lab) -> None:
    """No CDN: every request of the page goes to its own server, or is data that it has."""
    foreign = [url for url in lab.requests if not url.startswith((lab.address, "data:", "blob:"))]
    assert foreign == []
