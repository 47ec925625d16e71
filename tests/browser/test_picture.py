"""The still picture as a browser draws it: every text stays inside its node."""

from __future__ import annotations

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright drives the browser: pip install 'xpipe_nb[test]'")

from tests.browser.lab import SHOTS, chromium, page_in_chromium
from xpipe_nb.views import Edge, Graph, Node

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="no Chromium on this machine: apt-get install chromium"),
]

GRAPH = Graph(
    (
        Node(
            "planner", "agent", "Plans the research and writes it down; again and again until satisfied", ("Question",)
        ),
        Node("WWWMMMWWW_MMM", "tool", "WHOLLY IN CAPITALS, MMMMM", ("Greeting", "Something.Else")),
        Node("illicit-lily", "cpu_bound", "ill jilted lilliputians, fitfully"),
        Node("system.buffer", "system", "漢字仮名交じり文の説明"),
        Node("human", "person"),
        Node("console", "port"),
    ),
    tuple(Edge("planner", name) for name in ("WWWMMMWWW_MMM", "illicit-lily", "system.buffer", "human")),
    title="research",
    note="running · 6 listeners",
)

OVERFLOWING = """() => [...document.querySelectorAll('g')].flatMap(group => {
    const node = group.querySelector(':scope > path:last-of-type');
    if (!group.querySelector(':scope > title')) return [];
    const box = node.getBBox();
    return [...group.querySelectorAll(':scope > text')].filter(text => {
        const inside = text.getBBox();
        return inside.x < box.x + 4 || inside.x + inside.width > box.x + box.width - 4
            || inside.y < box.y || inside.y + inside.height > box.y + box.height;
    }).map(text => text.textContent);
})"""

OVERLAPPING = """() => [...document.querySelectorAll('g')].flatMap(group => {
    const texts = [...group.querySelectorAll(':scope > text')].map(text => [text.textContent, text.getBBox()]);
    return texts.flatMap(([one, a], at) => texts.slice(at + 1).filter(([, b]) =>
        a.x < b.x + b.width && b.x < a.x + a.width && a.y + 4 < b.y + b.height && b.y + 4 < a.y + a.height
    ).map(([other]) => [one, other]));
})"""


def test_no_text_leaves_its_node_or_covers_another() -> None:
    """Widths are estimated without a font, and hold with the widest of the usual ones."""
    with page_in_chromium(1100, 500) as page:
        page.set_content(f"<body style='margin: 0; font-family: DejaVu Sans'>{GRAPH.to_svg()}</body>")
        page.evaluate("() => document.querySelector('svg').setAttribute('font-family', 'DejaVu Sans')")
        SHOTS.mkdir(exist_ok=True)
        page.screenshot(path=SHOTS / "picture.png")
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(OVERLAPPING) == []
