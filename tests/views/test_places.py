"""Where the nodes of a live graph stand: in columns as many steps in as it takes to reach them, no wider than a page."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.views.scenes import CAST, WAYS
from xpipe_nb.views.places import Places, places_of

NAMES = [f"listener{number}" for number in range(7)]
graphs = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=14)


def chain(length: int) -> Places:
    names = [f"listener{number}" for number in range(length)]
    return places_of([(name, "agent") for name in names], pairwise(names))


def test_whoever_one_listener_asks_stand_in_one_column():
    """Even if they ask each other as well."""
    places = places_of([(node.name, node.kind) for node in CAST], WAYS)
    middle = {name: box.x + box.w // 2 for name, box in places.nodes.items()}
    asked = ("system.buffer", "researcher", "critic", "human")
    assert len({middle[name] for name in asked}) == 1
    assert middle["console"] < middle["planner"] < middle["human"] < middle["calculator"]
    assert places.width <= 880


def test_a_long_chain_goes_down_instead_of_out_of_the_page():
    """A short one is read from left to right."""
    assert len({box.y for box in chain(4).nodes.values()}) == 1
    long = chain(9)
    assert len({box.y for box in long.nodes.values()}) == 10
    assert long.width <= 880


def test_a_line_that_comes_up_later_goes_below_what_stands_in_between():
    """From the port to the second of two listeners."""
    places = chain(2)
    line = places.line("console", "listener1")
    box = places.nodes["listener0"]
    assert box.y + box.h < line.y < places.height


@given(graphs)
def test_no_node_covers_another_and_none_is_out_of_the_picture(edges):
    """Whoever sends to whom, circles and all."""
    places = places_of([(name, "tool") for name in NAMES], edges)
    boxes = list(places.nodes.values())
    for number, one in enumerate(boxes):
        assert one.x >= 0 and one.x + one.w <= places.width and one.y >= 0 and one.y + one.h <= places.height
        for other in boxes[number + 1 :]:
            apart_x = one.x + one.w <= other.x or other.x + other.w <= one.x
            assert apart_x or one.y + one.h <= other.y or other.y + other.h <= one.y
