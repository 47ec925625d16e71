"""Snapshots: small, the same in every run, and written down in tests/snapshots for the front end's own tests.

To write them anew after a change: `XPIPE_WRITE_SNAPSHOTS=1 python -m pytest tests/views/test_snapshots.py`.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given

from tests.support import ROOT, run
from tests.views.events_of import events
from tests.views.people import PEOPLE
from tests.views.scenes import SCENES, crowd, places_in, researching
from tests.views.watched import Watcher, declared, places_for, research, settled
from xpipe_nb.views.delta import applied, delta
from xpipe_nb.views.detail import listener_detail
from xpipe_nb.views.fold import fold_all
from xpipe_nb.views.places import extended
from xpipe_nb.views.saved import saved
from xpipe_nb.views.snapshot import LARGEST, size_of, snapshot
from xpipe_nb.views.state import ViewState

FOLDER = ROOT / "tests" / "snapshots"
FIXTURES = {**SCENES, **PEOPLE}


def without_geometry(value: Any) -> Any:
    """Leave out what Graphviz decides: another release of it may place things a little differently."""
    if isinstance(value, dict):
        skipped = {"x", "y", "w", "h", "d", "width", "height"}
        return {name: without_geometry(each) for name, each in value.items() if name not in skipped}
    return [without_geometry(each) for each in value] if isinstance(value, list) else value


def ordered(written: dict[str, Any]) -> dict[str, Any]:
    """Put the edges in order; which of them is drawn first does not matter."""
    edges = sorted(written["graph"]["edges"], key=lambda edge: edge["key"])
    return {**written, "graph": {**written["graph"], "edges": edges}}


@pytest.mark.parametrize("name", FIXTURES)
def test_the_fixtures_are_what_python_writes(name):
    """Neither side can drift alone: the front end's tests read these files."""
    path = FOLDER / f"{name}.json"
    written = FIXTURES[name]()
    text = json.dumps(written, ensure_ascii=False, indent=1) + "\n"
    if os.environ.get("XPIPE_WRITE_SNAPSHOTS"):
        path.write_text(text, encoding="utf-8")
    assert without_geometry(json.loads(path.read_text(encoding="utf-8"))) == without_geometry(json.loads(text))


def test_a_snapshot_is_small_however_much_happened():
    """Under 30 kB with 50 listeners and a long history, saved with its details, too."""
    state = crowd(50).folded()
    places = places_in(state)
    assert size_of(snapshot(state, places, "s")) <= LARGEST
    assert size_of(saved(state, places, "s", {})) <= LARGEST
    assert size_of(SCENES["hostile"]()) <= LARGEST


@given(events, events)
def test_a_delta_makes_the_next_snapshot_of_the_last(before, after):
    """Applied to the snapshot that it was made of, it gives what a whole snapshot would say."""
    first = fold_all(ViewState("x"), before)
    second = fold_all(first, after)
    places = extended(places_in(second), [(each.name, each.kind) for each in first.listeners.values()])
    old, new = snapshot(first, places, "s"), snapshot(second, places, "s")
    change = delta(old, new)
    if change is None:
        assert {**old, "seq": new["seq"]} == new
    else:
        assert ordered(applied(old, json.loads(json.dumps(change)))) == ordered(json.loads(json.dumps(new)))


def test_what_is_saved_holds_no_time_and_is_the_same_twice():
    """Two runs of one organism that take different times are saved alike."""

    async def story() -> str:
        organism = research()
        watcher = Watcher(organism)
        async with organism:
            for question in ("power", "forbidden", "broken"):
                await settled(organism, [question])
            written = saved(watcher.state, places_for(organism), "saved", {})
        return json.dumps(written)

    assert run(story()) == run(story())


def test_times_are_told_from_the_beginning_of_the_view():
    """In milliseconds; the browser makes ages of them."""
    state = researching().folded()
    rows = snapshot(state, places_in(state), "s")["threads"]["conversations"]
    assert [row["began"] for row in rows] == [500, 14_000, 24_000]


def test_a_reload_keeps_the_known_nodes_where_they_are():
    """Whoever is new stands below."""
    state = researching().folded()
    places = places_in(state)
    more = extended(places, [("planner", "agent"), ("newcomer", "tool")])
    assert {name: more.nodes[name] for name in places.nodes} == places.nodes
    assert more.nodes["newcomer"].y >= places.height


def test_who_is_gone_is_still_shown():
    """A listener that a reload took out stays, struck through, with its counts."""
    organism = research()
    first = declared(organism)
    state = fold_all(ViewState("x"), [first, type(first)(first.nodes[:2], first.edges, 2)])
    rows = {row["key"]: row for row in snapshot(state, places_for(organism), "s")["graph"]["nodes"]}
    assert rows["critic"]["gone"]
    assert "gone" not in rows["planner"]


def test_a_contract_says_what_a_listener_takes_and_gives():
    """The example is one that the listener would take."""
    planner = research().listeners["planner"]
    detail = listener_detail(planner)
    assert detail["kind"] == "agent"
    assert detail["accepts"] == ["Question", "Draft"]
    assert detail["peers"] == ["researcher", "critic"]
    assert detail["example"].startswith("<Question>")
    assert detail["handler"].startswith("planner, watched.py, line ")
    assert "Question" in detail["xsd"]
