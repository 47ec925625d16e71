"""The widget in a real browser: how it looks, what keys do, and that foreign texts stay texts.

The pictures in tests/views/shots are kept to be looked at beside those of the design.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.views.page import CONTRAST, SHOTS, a_browser, a_page, scene
from tests.views.scenes import traffic

pytestmark = pytest.mark.browser

CONTRACT = {
    "kind": "agent",
    "description": "finds figures",
    "accepts": ["Lookup"],
    "answers": ["Finding"],
    "peers": ["calculator"],
    "handler": "look_up, line 12",
    "example": "<Lookup>\n  <Question>peak load</Question>\n  <MaxSources>3</MaxSources>\n</Lookup>",
    "xsd": "<schema/>",
    "prompt": "\n".join(["You find figures and name where they come from.", "Give every number with its unit."] * 23),
}
TABS = ("Graph", "Threads", "Messages")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all of these."""
    with a_browser() as opened:
        yield opened


def choose(page: Page, tab: str) -> None:
    page.click(f'[role=tab]:has-text("{tab}")')


def resize(page: Page, width: int) -> None:
    """Give the page another width, and wait until it is drawn."""
    page.set_viewport_size({"width": width, "height": 700})
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def show(page: Page, tab: str) -> None:
    """Open a tab with something selected in it, as the design's pictures have it."""
    choose(page, tab)
    if tab == "Graph":
        page.click(".node[data-key=researcher]")
        page.evaluate("detail => window.push({ of: 'listeners', key: 'researcher', detail })", CONTRACT)
    elif tab == "Messages":
        page.click('tr:has-text("dead letter")' if page.viewport_size["width"] > 400 else ".msgs tbody tr:last-child")
    page.mouse.move(2, 2)
    page.evaluate("document.activeElement.blur()")


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize(("theme", "width"), [("light", 868), ("dark", 868), ("light", 320)])
def test_every_tab_is_drawn_in_both_themes_and_narrow(browser, tab, theme, width):
    """Its picture is kept."""
    with a_page(browser, scene("research"), width=width, theme=theme) as page:
        show(page, tab)
        page.wait_for_timeout(250)
        SHOTS.mkdir(exist_ok=True)
        name = f"{tab.lower()}-{theme}{'' if width > 400 else '-320'}.png"
        page.locator(".xp-view").screenshot(path=SHOTS / name)
        assert page.locator(".xp-view").bounding_box()["height"] > 200


@pytest.mark.parametrize("name", ["research", "hostile", "empty"])
def test_nothing_scrolls_sideways(browser, name):
    """From 250 pixels on, on every tab, with hostile texts, too; nor does a graph inside of the view."""
    inside = "[...document.querySelectorAll('.panel')].every(one => one.scrollWidth <= one.clientWidth)"
    with a_page(browser, scene(name), width=250) as page:
        for width in (250, 280, 320, 600, 900):
            resize(page, width)
            for tab in TABS:
                choose(page, tab)
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{width}, {tab}"
                assert page.evaluate(inside), f"{width}, {tab}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read(browser, theme):
    """At least 4.5 to 1 between a text and what is behind it."""
    with a_page(browser, scene("research"), theme=theme) as page:
        for tab in TABS:
            show(page, tab)
            worst = page.evaluate(CONTRAST)
            assert worst["ratio"] >= 4.5, worst


def test_no_button_is_too_small(browser):
    """At least 24 pixels high, narrow, too."""
    for width in (320, 868):
        with a_page(browser, scene("research"), width=width) as page:
            for tab in TABS:
                show(page, tab)
                heights = page.evaluate(
                    "[...document.querySelectorAll('button')].map(b => b.offsetHeight).filter(Boolean)"
                )
                assert min(heights) >= 24


def test_hostile_texts_are_texts(browser):
    """A script, an image that fails, letters that turn the direction, a word of 100,000 letters, a NUL."""
    with a_page(browser, scene("hostile")) as page:
        page.evaluate("void (window.alert = () => { window.hacked = true })")
        for tab in TABS:
            choose(page, tab)
        page.click(".msgs tbody tr:first-child")
        assert page.evaluate("!window.hacked && !document.querySelector('.xp-view :is(script, img, iframe, a)')")
        assert "<script>alert(1)</script>" in page.inner_text(".msgs")


def test_the_tab_key_stops_once_in_each_group(browser):
    """Controls, tabs, graph, detail: arrows do the rest."""
    with a_page(browser, scene("research")) as page:
        stops = []
        page.locator("#el").evaluate("el => { el.tabIndex = -1; el.focus(); }")
        for _ in range(6):
            page.keyboard.press("Tab")
            stops.append(
                page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id")
            )
        assert stops[:4] == ["Pause", "Step", "Stop", "Breakpoints"]
        assert stops[4].endswith("-graph")
        assert ", " in stops[5]
        assert len(set(stops)) == 6


def test_the_newest_message_is_seen_until_somebody_looks_at_another(browser):
    """Then what is new waits below."""
    with a_page(browser, scene("research")) as page:
        choose(page, "Messages")
        last = page.locator(".msgs tbody tr").last
        page.evaluate("() => new Promise(requestAnimationFrame)")
        bottom = page.locator(".rows:visible").bounding_box()
        assert last.bounding_box()["y"] + 24 <= bottom["y"] + bottom["height"] + 1
        page.evaluate("document.querySelector('.msgs').parentElement.scrollTop = 0")
        newer = scene("research")
        row = newer["messages"]["rows"][-1]
        newer["messages"]["rows"] += [{**row, "key": row["key"] + more} for more in (1, 2)]
        page.evaluate("snapshot => window.push({ snapshot })", newer)
        marker = page.get_by_role("button", name="2 new")
        marker.wait_for()
        rows = page.locator(".rows:visible").bounding_box()
        assert rows["y"] + rows["height"] <= marker.bounding_box()["y"], "it covers no row"
        marker.click()
        page.wait_for_function(
            "limit => [...document.querySelectorAll('.msgs tbody tr')].at(-1).getBoundingClientRect().bottom <= limit",
            arg=bottom["y"] + bottom["height"] + 1,
        )


def test_columns_go_where_there_is_no_room_for_them(browser):
    """Time and size first; what a message is, where it goes and what became of it stay."""
    with a_page(browser, scene("research")) as page:

        def heads(width: int, tab: str) -> list[str]:
            resize(page, width)
            choose(page, tab)
            return list(page.locator("[role=tabpanel]:visible th:visible").all_inner_texts())

        assert heads(868, "Messages") == ["time", "from → to", "payload", "bytes", "ms", "state"]
        assert heads(320, "Messages") == ["from → to", "payload", "ms", "state"]
        assert heads(868, "Threads") == ["id", "state", "injected", "cell", "frames", "messages", "time"]
        assert heads(320, "Threads") == ["id", "state", "messages", "time"]
        assert heads(250, "Threads") == ["id", "state", "time"]


def test_no_text_of_a_graph_stands_on_another(browser):
    """Names, states and the numbers on the edges, wide and narrow."""
    for width in (320, 868):
        with a_page(browser, scene("research"), width=width) as page:
            assert page.evaluate(OVERLAPS) == []


def test_what_comes_later_moves_nothing_below_the_view(browser):
    """On every tab the height stays, whatever there is to show."""
    for tab in TABS:
        with a_page(browser, {**scene("empty"), "session": "s1"}) as page:
            choose(page, tab)
            box = page.locator(".xp-view")
            before = box.bounding_box()["height"]
            page.evaluate(
                "snapshot => window.push({ snapshot })", {**scene("research"), "graph": scene("empty")["graph"]}
            )
            assert box.bounding_box()["height"] == before


def test_a_closed_view_leaves_nothing_on_the_page(browser):
    """And says goodbye to the kernel."""
    with a_page(browser, scene("research")) as page:
        page.evaluate("window.leave()")
        assert page.evaluate("document.getElementById('el').childElementCount") == 0
        assert page.evaluate("window.said.at(-1).do") == "bye"


def test_changes_are_drawn_and_acknowledged_one_by_one(browser):
    """Twenty-five deltas of a crowd end in the drawing that the whole snapshot gives; each is acknowledged once."""
    first, changes, last = traffic(50, 25)
    for tab in TABS:
        with a_page(browser, first) as page, a_page(browser, last) as whole:
            for each in (page, whole):
                choose(each, tab)
            page.evaluate("changes => changes.forEach(delta => window.push({ delta }))", changes)
            assert page.evaluate("window.acked") == len(changes) + 1
            assert drawn(page) == drawn(whole)


def drawn(page: Page) -> str:
    """The words that are seen, with what stands for times left out."""
    page.evaluate("document.querySelectorAll('.axis').forEach(each => { each.hidden = true; })")
    return re.sub(
        r"[\d.,]+ (ms|s|min)|[\d:.]{5,}|[\d,]+\s+(?=running)",
        "",
        page.inner_text(".xp-view [role=tabpanel]:not([hidden])"),
    )


OVERLAPS = """() => {
  const texts = [...document.querySelectorAll('.graph text')].filter(text => text.textContent && text.checkVisibility());
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
  return boxes.flatMap(([one, a], at) => boxes.slice(at + 1)
    .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 2 && b.top < a.bottom - 2)
    .map(([other]) => [one, other]));
}"""
