"""Budgets, workers, questions and dead letters in a real browser: how they look, fit and are operated.

The pictures in tests/views/shots are kept to be looked at beside those of the design.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.views.page import CONTRAST, SHOTS, a_browser, a_page, scene

pytestmark = pytest.mark.browser

SCENES = (("budgets", "Budgets"), ("workers", "Workers"), ("questions", "Threads"))
FITS = """() => ({
  wide: document.documentElement.scrollWidth,
  least: Math.min(...[...document.querySelectorAll('button, input')].map(each => each.offsetHeight).filter(Boolean))
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all of these."""
    with a_browser() as opened:
        yield opened


def choose(page: Page, tab: str) -> None:
    page.click(f'[role=tab]:has-text("{tab}")')


def said(page: Page, what: str) -> dict[str, Any]:
    """Give the last thing that the page asked for."""
    told: dict[str, Any] = page.evaluate("what => window.said.filter(each => each.do === what).at(-1)", what)
    return told


def answer(page: Page, what: str, **outcome: Any) -> None:
    """Answer it, as the kernel would."""
    asked = said(page, what)
    page.evaluate(
        "content => window.push(content)", {"answer": {"front": asked["front"], "id": asked["id"], **outcome}}
    )


@pytest.mark.parametrize(("name", "tab"), SCENES)
def test_it_can_be_read_and_fits_at_any_width_and_in_both_themes(browser, name, tab):
    """Nothing scrolls sideways, no control is below 24 pixels, every text has 4.5 to 1; its pictures are kept."""
    with a_page(browser, scene(name)) as page:
        choose(page, tab)
        page.mouse.move(2, 2)
        page.evaluate("document.activeElement.blur()")
        for width in (900, 600, 320, 250):
            page.set_viewport_size({"width": width, "height": 700})
            page.wait_for_function("width => document.querySelector('.xp-view').clientWidth === width - 2", arg=width)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            fits = page.evaluate(FITS)
            assert fits["wide"] <= width
            assert fits["least"] >= 24, width
            for theme in ("light", "dark") if width in (900, 320) else ():
                page.emulate_media(color_scheme=theme)
                worst = page.evaluate(CONTRAST)
                assert worst["ratio"] >= 4.5, (theme, width, worst)
                SHOTS.mkdir(exist_ok=True)
                shot = f"{name}-{theme}{'' if width > 400 else '-320'}.png"
                page.locator(".xp-view").screenshot(path=SHOTS / shot)


def test_a_budget_is_raised_by_keyboard_alone(browser):
    """`n` goes to the field that has opened by itself; Enter sends; a refusal is read out and can be mended there."""
    with a_page(browser, scene("budgets")) as page:
        assert page.get_by_role("meter").count() == 0
        page.focus(".node")
        page.keyboard.press("n")
        assert page.get_by_role("meter").count() == 4
        page.keyboard.press("Control+a")
        page.keyboard.type("60,000")
        page.keyboard.press("Enter")
        assert {**said(page, "raise"), "front": "", "id": 0} == {
            "do": "raise", "conversation": 4, "tokens": 60_000, "front": "", "id": 0,
        }  # fmt: skip
        answer(page, "raise", error="#4 may spend 70,000 tokens already (50,000 are used); raise it above that")
        page.get_by_role("alert").get_by_text("raise it above that").wait_for()
        assert page.evaluate("document.activeElement.value") == "60,000"
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.textContent") == "#4"


def test_letters_open_tabs_and_never_reach_the_page(browser):
    """`g t b m w`, while the focus is in the view and in no field."""
    with a_page(browser, scene("workers")) as page:
        page.evaluate("window.heard = []; document.addEventListener('keydown', event => window.heard.push(event.key))")
        page.focus(".node")
        opened = []
        for key in "tbmwg":
            page.keyboard.press(key)
            opened.append(page.inner_text("[role=tab][aria-selected=true]").split()[0])
        assert opened == ["Threads3", "Budgets", "Messages12", "Workers4", "Graph"]
        assert page.evaluate("window.heard") == []
        choose(page, "Messages")
        page.focus("input[type=search]")
        page.keyboard.type("twb")
        assert page.input_value("input[type=search]") == "twb"


def test_a_dead_letter_is_mended_where_it_is_wrong(browser):
    """The editor shows what came; a refusal selects its place; what was sent again is no letter any more."""
    with a_page(browser, scene("research"), width=900) as page:
        choose(page, "Messages")
        page.click('tr:has-text("dead letter")')
        page.click('button[aria-label="Edit and resend"]')
        text = page.input_value("textarea.xml")
        page.click('button[aria-label="Resend"]')
        begin = text.index("high")
        detail = "confidence: expected a number from 0 to 1, got 'high' (<Draft> line 3, column 3)"
        answer(page, "resend", error=detail, mark=[begin, begin + 4])
        page.wait_for_function("getSelection().toString() === 'high'")
        page.locator(".xp-view").screenshot(path=SHOTS / "letter-light.png")
        page.keyboard.type("0.7")
        page.click('button[aria-label="Resend"]')
        assert "<Confidence>0.7</Confidence>" in said(page, "resend")["text"]
        answer(page, "resend")
        page.wait_for_selector("textarea.xml", state="hidden")


def test_a_worker_is_killed_on_the_second_click(browser):
    """The button asks in its own place; its row keeps its size meanwhile."""
    with a_page(browser, scene("workers")) as page:
        choose(page, "Workers")
        row = page.locator("tr:has-text('4173')")
        height = row.bounding_box()["height"]
        # It asks for some seconds only, so what it says is read in the same moment.
        asked = row.evaluate(
            """row => {
                const button = row.querySelector('button');
                button.click();
                const asked = [button.innerText, row.getBoundingClientRect().height];
                button.click();
                return asked;
            }"""
        )
        assert asked == ["Kill 4173?", height]
        assert said(page, "kill")["pid"] == 4173


def test_a_replay_runs_to_its_end_and_gives_the_view_back(browser):
    """Sixteen times as fast, seen in the graph, with nothing sent meanwhile."""
    with a_page(browser, scene("research"), width=900) as page:
        choose(page, "Threads")
        page.click("tr:has-text('#1')")
        page.click('button[aria-label="Replay"]')
        page.click('button[aria-label="16 ×"]')
        choose(page, "Graph")
        page.wait_for_function("document.querySelector('.replay').textContent.includes('11.5 s of 11.5 s')")
        assert page.inner_text("[role=status]") == "replay"
        page.locator(".xp-view").screenshot(path=SHOTS / "replay-light.png")
        page.click('button[aria-label="End replay"]')
        assert page.inner_text("[role=status]") == "running"
        assert page.evaluate(
            "window.said.every(each => ['code', 'hello', 'ack', 'visible', 'detail'].includes(each.do))"
        )
