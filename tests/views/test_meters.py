"""Budgets in what stays of an organism without a kernel: below the picture as bars, below the text as lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.support import run
from tests.views.test_people import Desk, Job
from xpipe_nb.notebook.display import organism_bundle
from xpipe_nb.views.graph import Graph, Node
from xpipe_nb.views.meters import Meter, under

PICTURE = Graph((Node("planner", "agent"), Node("critic")), title="research").to_svg()
METERS = st.builds(
    Meter, st.text(max_size=20), st.text(max_size=40), st.one_of(st.none(), st.floats(0, 5)), st.floats(0, 2)
)


def test_without_budgets_the_picture_is_as_it_was():
    """Nothing is added where nothing was spent."""
    assert under(PICTURE, []) == PICTURE


@given(st.lists(METERS, min_size=1, max_size=8))
def test_bars_stay_inside_the_picture_and_need_no_style(meters):
    """Presentation attributes only, no ids; the ground is as large as the picture, and no bar is longer than the limit."""
    root = etree.fromstring(under(PICTURE, meters))
    width, height = (float(root.get(name, "0")) for name in ("width", "height"))
    assert [float(part) for part in root.get("viewBox", "").split()] == [0, 0, width, height]
    ground = root[0]
    assert (float(ground.get("width", "0")), float(ground.get("height", "0"))) == (width - 1, height - 1)
    attributes = {str(name) for element in root.iter() for name in element.keys()}  # noqa: SIM118 - an element is no dict
    assert not attributes & {"style", "class", "id"}
    rects = [each for each in root.iter("{*}rect") if each.getparent() is not root]
    assert all(float(each.get("width", "0")) <= 200 for each in rects)
    assert len(rects) == 2 * sum(each.used is not None for each in meters)


def test_what_is_saved_of_an_organism_shows_its_budgets():
    """As SVG in the page, as lines in its text, the same in every run."""

    async def story() -> dict[str, str]:
        desk = Desk(limit=50_000)
        async with desk.organism:
            for tokens in (18_400, 41_200):
                await (await desk.organism.inject(Job(tokens), to="spender"))
        return organism_bundle(desk.organism)

    shown = run(story())
    assert shown["text/plain"].splitlines()[-3:] == [
        "  budgets: 50,000 tokens a conversation",
        "    #1 done · 18,400 of 50,000 tokens (36.8 %)",
        "    #2 done · 41,200 of 50,000 tokens (82.4 %)",
    ]
    assert "#2 done · 41,200 of 50,000 tokens (82.4 %)" in shown["text/html"]
    assert shown == run(story())
