"""Control in JupyterLab: a breakpoint is hit, its message edited and let go; a form is filled in and sent."""

from __future__ import annotations

import re
from collections.abc import Iterator

import nbformat
import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")
pytest.importorskip("jupyterlab", reason="the notebook is opened in JupyterLab: pip install 'xpipe_nb[lab]'")

from playwright.sync_api import Locator, expect

from tests.browser.lab import SHOTS, chromium, lab_in, open_notebook, page_in_chromium, wait_for_idle
from tests.browser.test_live_view import RAN, Lab, is_live
from tests.notebook.kernels import CELLS, LOAD, ORGANISM

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

SHOP = """
from enum import Enum
from typing import Annotated
from annotated_types import Ge, Le, Len

class Size(Enum):
    SMALL = "small"
    LARGE = "large"

@xp.payload
class Topping:
    name: str
    grams: Annotated[int, Ge(1), Le(500)] = 20

@xp.payload
class Order:
    "What somebody wants."
    item: Annotated[str, Len(1, 20)]
    count: Annotated[int, Ge(1), Le(9)]
    size: Size = Size.SMALL
    toppings: list[Topping] | None = None

@xp.listener
def clerk(message: Order) -> Shout:
    "Takes orders."
    return Shout(f"{message.count} {message.size.value} {message.item}, {len(message.toppings or [])} toppings")
"""
HELD, WAITED, FORM = 'held = %inject greeter Greeting("World")', "(await held)[0].text", "%inject clerk"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A notebook of an organism that runs, and cells that each test runs."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "notebooks").mkdir()
    sources = (LOAD, CELLS, SHOP, f"{ORGANISM}  - clerk", HELD, WAITED, FORM)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "notebooks" / "control.ipynb")
    with lab_in(folder) as address, page_in_chromium(1100, 900) as page:
        open_notebook(page, address, "control.ipynb")
        lab = Lab(page, address, folder)
        page.evaluate(
            """last => {
                const notebook = window.jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.findIndex(
                    cell => cell.model.sharedModel.getSource() === last);
                return window.jupyterapp.commands.execute('notebook:run-all-above');
            }""",
            HELD,
        )
        is_live(lab)
        wait_for_idle(page)
        yield lab


def shot(lab: Lab, name: str, place: Locator) -> None:
    """Keep a picture of a place in both themes."""
    SHOTS.mkdir(exist_ok=True)
    for theme, word in (("JupyterLab Dark", "dark"), ("JupyterLab Light", "light")):
        lab.command("apputils:change-theme", theme=theme)
        expect(lab.page.locator(f"body[data-jp-theme-light={'true' if word == 'light' else 'false'}]")).to_have_count(1)
        place.scroll_into_view_if_needed()
        lab.page.screenshot(path=SHOTS / f"{name}-{word}.png")


def test_a_breakpoint_is_hit_and_its_message_edited_and_let_go(lab: Lab) -> None:
    """Set in the menu, seen on the node; what does not fit is said; the handler gets what was written."""
    lab.view.get_by_role("button", name="Breakpoints").click()
    lab.view.get_by_role("menuitemcheckbox", name="shouter").click()
    lab.page.keyboard.press("Escape")
    expect(lab.node("shouter").locator(".bp svg")).to_have_count(1)
    lab.run(HELD)
    expect(lab.prompt(HELD)).to_have_text(RAN)
    expect(lab.page.locator(".jp-CodeCell").filter(has_text=HELD)).to_contain_text(
        "#1 waits for you: greeter → shouter"
    )
    expect(lab.view.get_by_role("status")).to_have_text("held at shouter")
    lab.view.get_by_role("button", name="Edit…").click()
    field = lab.view.get_by_role("textbox", name="Greeting as XML")
    expect(field).to_have_value("<Greeting>\n  <Name>hello World</Name>\n</Greeting>")
    field.fill("<Greeting>\n  <Other>you</Other>\n</Greeting>")
    lab.view.get_by_role("button", name="Continue with this").click()
    expect(lab.view.get_by_role("alert")).to_contain_text("Other")
    shot(lab, "control-held", lab.view)
    field.fill("<Greeting>\n  <Name>you</Name>\n</Greeting>")
    field.press("Control+Enter")
    expect(lab.view.get_by_role("status")).to_have_text("running")
    lab.run(WAITED)
    expect(lab.page.locator(".jp-CodeCell").filter(has_text=WAITED).locator(".jp-OutputArea")).to_contain_text("'YOU'")
    lab.node("shouter").focus()
    lab.page.keyboard.press("b")
    expect(lab.node("shouter").locator(".bp svg")).to_have_count(0)


def test_a_form_is_filled_in_and_sent_and_written_down_as_a_cell(lab: Lab) -> None:
    """It is made of the schema and checked by the kernel; the cell below it does the same, and is not run."""
    lab.run(FORM)
    form = lab.page.get_by_role("form", name="Payload for clerk")
    form.get_by_role("textbox", name="item").fill("tea")
    form.get_by_role("textbox", name="count").fill("12")
    expect(form.get_by_role("alert").filter(has_text="expected at most 9, got 12")).to_be_visible()
    form.get_by_role("combobox", name="How size is there").select_option("given")
    form.get_by_role("combobox", name="size", exact=True).select_option("large")
    form.get_by_role("combobox", name="How toppings is there").select_option("given")
    form.get_by_role("button", name="Add to toppings").click()
    form.get_by_role("textbox", name="name").fill("honey & milk")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("alert").filter(has_text="1 to put right. Nothing was sent.")).to_be_visible()
    shot(lab, "control-form", form)
    form.get_by_role("textbox", name="count").fill("2")
    form.get_by_role("button", name="Send").click()
    expect(form.get_by_role("status")).to_have_text(re.compile(r"^#\d+ done$"))
    expect(form).to_contain_text("Shout(text='2 large tea, 1 toppings')")
    below = lab.page.locator(".jp-CodeCell").filter(has_text="%%inject clerk")
    expect(below).to_have_count(1)
    expect(below).to_contain_text("<Name>honey &amp; milk</Name>")
    expect(below.locator(".jp-InputPrompt")).to_have_text("[ ]:")
    shot(lab, "control-sent", form)
