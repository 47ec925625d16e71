"""Where the nodes of a live graph stand: in columns as many steps in as it takes to reach them, no wider than a page."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.views.scenes import CAST, WAYS
from xpipe_nb.views.layout import Point
from xpipe_nb.views.lines import Place
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


def beneath(places: Places, *ends: str) -> list[str]:
    """The nodes that the line between two others runs beneath."""
    x = [float(number) for number in re.findall(r"-?\d+", places.line(*ends).d.partition("L")[0])]
    points = list(zip(x[::2], x[1::2], strict=True))
    curves = (points[at : at + 4] for at in range(0, len(points) - 3, 3))
    walked = [cubic(*curve, step / 20) for curve in curves for step in range(21)]
    others = {name: box for name, box in places.nodes.items() if name not in ends}
    return [name for name, box in others.items() if any(holds(box, *at) for at in walked)]


def on_label(places: Places, *ends: str) -> list[str]:
    """The nodes that stand where the label of a line does."""
    line = places.line(*ends)
    corners = [(line.x + dx, line.y + dy) for dx in (-33, 0, 33) for dy in (-8, 8)]
    return [name for name, box in places.nodes.items() if any(holds(box, *at) for at in corners)]


def cubic(a: Point, b: Point, c: Point, d: Point, at: float) -> Point:
    weights = (1 - at) ** 3, 3 * at * (1 - at) ** 2, 3 * at**2 * (1 - at), at**3
    x, y = (sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1))
    return x, y


def holds(box: Place, x: float, y: float) -> bool:
    return box.x < x < box.x + box.w and box.y < y < box.y + box.h


def test_lines_that_come_up_later_run_beneath_no_node_and_their_labels_can_be_read():
    """In a shop where the port sends to everybody, and somebody to who is not among its peers."""
    names = ("clerk", "pricer", "cashier", "taster", "gossip")
    places = places_of(
        [(name, "tool") for name in names], [("clerk", "pricer"), ("clerk", "cashier"), ("gossip", "clerk")]
    )
    later = [*(("console", name) for name in names), ("gossip", "cashier"), ("taster", "pricer")]
    assert {ends: beneath(places, *ends) for ends in later} == {ends: [] for ends in later}
    assert {ends: on_label(places, *ends) for ends in later} == {ends: [] for ends in later}


def test_a_line_that_has_come_up_stays_as_it_is_and_is_found_once():
    """A view asks for it with every drawing."""
    places = chain(4)
    assert places.line("console", "listener3") is places.line("console", "listener3")


@given(graphs, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_no_node_covers_another_or_is_out_of_the_picture_and_no_line_runs_beneath_one(edges, source, target):
    """Whoever sends to whom, circles and all."""
    places = places_of([(name, "tool") for name in NAMES], edges)
    boxes = list(places.nodes.values())
    for number, one in enumerate(boxes):
        assert one.x >= 0 and one.x + one.w <= places.width and one.y >= 0 and one.y + one.h <= places.height
        for other in boxes[number + 1 :]:
            apart_x = one.x + one.w <= other.x or other.x + other.w <= one.x
            assert apart_x or one.y + one.h <= other.y or other.y + other.h <= one.y
    assert beneath(places, source, target) == []
