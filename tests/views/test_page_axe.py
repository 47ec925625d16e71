"""axe-core on busy views: nodes at work, a message held, a form open, a send refused, a budget that asks; light and dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

pytest.importorskip("axe_playwright_python", reason="axe-core looks at it: pip install 'xpipe_nb[test]'")

from tests.browser.axe import violations
from tests.views.page import CONTRAST, a_browser, a_page, scene

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all of these."""
    with a_browser() as opened:
        yield opened


def tab(name: str) -> Callable[[Page], None]:
    return lambda page: page.click(f'[role=tab]:has-text("{name}")')


def edit_what_is_held(page: Page) -> None:
    """The editor is open, and what was written is refused."""
    page.click("text=Edit…")
    answer(page, "held", text="<Draft>\n  <Text>none</Text>\n</Draft>")
    page.click("text=Continue with this")
    answer(page, "edit", error="Draft: expected <Confidence>, got nothing")


def answer(page: Page, what: str, **outcome: str) -> None:
    """Answer the last request of a kind, as the kernel would."""
    page.evaluate(
        """([what, outcome]) => {
            const { front, id } = window.said.filter(each => each.do === what).at(-1);
            window.push({ answer: { front, id, ...outcome } });
        }""",
        [what, outcome],
    )


def choose_what_is_refused(page: Page) -> None:
    tab("Messages")(page)
    page.click('tr:has-text("refused")')


def fill_in_too_much(page: Page) -> None:
    """Every field is there, and what does not fit is told."""
    for choice in page.get_by_role("combobox").all():
        if "given" in choice.inner_text():
            choice.select_option("given")
    page.get_by_role("textbox").first.fill("")


BUSY: dict[str, tuple[Callable[[Page], None], ...]] = {
    "held": (
        edit_what_is_held,
        lambda page: page.click(".node[data-key=calculator]"),
        lambda page: page.click("button:has-text('Breakpoints')"),
        tab("Threads"),
        choose_what_is_refused,
    ),
    "budgets": (tab("Budgets"),),
    "questions": (tab("Threads"),),
    "workers": (tab("Workers"),),
    "form": (fill_in_too_much,),
}
"""What is done on the page of each scene; after each of these steps axe looks at it."""


@pytest.mark.parametrize("name", BUSY)
def test_axe_finds_nothing_in_a_busy_view(browser: Browser, name: str) -> None:
    """Names, roles and contrast."""
    with a_page(browser, scene(name), kind="form" if name == "form" else "view") as page:
        for step in BUSY[name]:
            step(page)
            page.mouse.move(2, 2)
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                assert violations(page, ".xp-view") == [], theme
                worst = page.evaluate(CONTRAST)
                assert worst["ratio"] >= 4.5, (theme, worst)
