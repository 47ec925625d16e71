"""The benchmarks are honest: what was not measured is no win, what was lost is told, and what is written can be read.

No test here depends on what a clock says.
"""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager

import pytest
from lxml import etree

from tests.benchmarks import __main__ as program
from tests.benchmarks import bare, cold, guard, hops, ours, page
from tests.benchmarks.contest import beside
from tests.benchmarks.figures import Figure, load, save, table
from tests.benchmarks.works import WORKS
from tests.support import run


@asynccontextmanager
async def missing():
    """A peer that is not installed."""
    import a_framework_that_nobody_has  # noqa: F401

    yield


@asynccontextmanager
async def broken():
    """A peer that does not do what is asked of it."""

    async def go(count):
        raise RuntimeError("the token was lost")

    yield go


async def nothing(count):
    """Work that costs nothing."""


@pytest.mark.parametrize(
    ("peer", "why"),
    [(missing, "not installed: a_framework_that_nobody_has"), (broken, "failed: RuntimeError('the token was lost')")],
)
def test_a_peer_that_is_missing_or_fails_says_so_and_is_no_win(peer, why):
    """Its row has no figure and no ratio, and its bound counts as not shown."""
    figure = run(beside("hop beside it", nothing, peer, 10, 2, bound=1 / 6))
    assert (figure.value, figure.ratio, figure.note) == (None, None, why)
    assert figure.verdict == "not measured"
    assert not figure.is_shown
    assert why in table([figure])


def test_a_peer_that_works_has_a_ratio():
    """Ours and theirs are measured in as many rounds as were asked for."""
    figure = run(beside("hop beside it", bare.queue_ring, bare.ring, 50, 3, bound=1e9))
    assert len(figure.detail) == 3
    assert figure.verdict == "holds"
    assert figure.ratio > 0


def test_a_process_of_a_peer_that_fails_says_so():
    """A cold start of what there is not is no figure, but a sentence."""
    _, why = cold.started("no such peer")
    assert why.startswith("failed: KeyError")
    figure = cold._beside("it", {cold.OURS: [1.0], "it": [0.1]}, {"it": why})
    assert (figure.ratio, figure.note) == (None, why)


@pytest.mark.parametrize(
    ("ratio", "verdict"), [(4.5, "holds"), (4.6, "fails"), (None, "not measured"), (float("nan"), "not measured")]
)
def test_a_bound_holds_up_to_itself(ratio, verdict):
    """The bound is the highest ratio that is allowed."""
    assert Figure("hop", 1.0, "us", ratio, 4.5).verdict == verdict


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.what)
def test_every_work_is_done_by_its_floor_and_by_an_organism(work):
    """Each of them asserts what has to hold of it; here once, in small."""

    async def both():
        async with work.floor() as floor, work.ours() as organism:
            await floor(bare.WIDTH)
            await organism(bare.WIDTH)

    run(both())


def test_the_large_message_has_fourteen_kilobytes():
    """Fifty items, as its row says."""
    message = ours.parcel(1)
    assert len(message.items) == 50
    assert 13_500 < len(etree.tostring(message.to_xml())) < 14_500


# ---- the guard


def row(what, ratio, note=""):
    return Figure(what, None if ratio is None else 1.0, "us", ratio, note=note, guarded=True)


@pytest.mark.parametrize(("ratio", "lost"), [(4.0, []), (4.6, []), (5.0, ["hop"]), (2.0, [])])
def test_more_than_a_fifth_is_a_loss(ratio, lost):
    """15 percent more pass, 25 percent more do not; less is no loss."""
    assert list(guard.losses([row("hop", ratio)], {"hop": 4.0})) == lost


def test_what_is_not_measured_any_more_is_a_loss():
    """A row that is gone, or has no figure, does not pass; a row that nobody knew before does."""
    lost = guard.losses([row("peer", None, "not installed: it"), row("new", 9.0)], {"hop": 4.0, "peer": 0.2})
    assert lost == {
        "hop": "was 4, is not measured: there is no such row",
        "peer": "was 0.2, is not measured: not installed: it",
    }


def test_only_what_is_guarded_and_measured_is_kept(tmp_path):
    """The reference holds ratios by what was measured, and keeps those of what was not measured this time."""
    path = tmp_path / "reference.json"
    guard.keep(
        {"hops": [row("hop", 4.0), Figure("floor", 1.0, "us", 1.0)], "lag": [Figure("lag", 1.0, "ms", 1.0)]}, path
    )
    guard.keep({"peers": [row("peer", 0.123456), row("gone", None)]}, path)
    assert guard.reference(path) == {"hops": {"hop": 4.0}, "peers": {"peer": 0.1235}}


@pytest.mark.parametrize(
    ("measured", "status", "said"),
    [
        ([5.0, 5.0], 1, "LOST  hop: was 4, is 5, 25 % more"),
        ([4.6], 0, "no ratio lost more than a fifth"),
        ([5.0, 4.0], 0, "no ratio lost more than a fifth"),
    ],
    ids=["lost", "not lost", "only once, a neighbour was loud"],
)
def test_the_check_fails_on_a_loss_and_says_which(measured, status, said, tmp_path, monkeypatch, capsys):
    """What seems lost is measured a second time before it is told."""
    path = tmp_path / "reference.json"
    guard.keep({"hops": [row("hop", 4.0)]}, path)
    rounds = iter(measured)
    monkeypatch.setattr(guard, "reference", lambda: json.loads(path.read_text()))
    monkeypatch.setitem(program.MEASURES, "hops", lambda asked: [row("hop", next(rounds))])
    assert program.main(["--check", "--only", "hops"]) == status
    assert said in capsys.readouterr().out
    assert next(rounds, None) is None


def test_the_committed_reference_is_of_what_the_check_measures():
    """Every part that `make bench-check` measures has ratios to be compared with."""
    known = guard.reference()
    assert set(program.GUARDED) <= set(known) <= set(program.MEASURES)
    assert all(ratio > 0 for ratios in known.values() for ratio in ratios.values())


def test_the_exit_tells_of_a_bound_that_was_not_seen_to_hold(tmp_path, monkeypatch):
    """A bound that fails and one that could not be measured are the same to a caller."""
    kept = tmp_path / "latest.json"
    for figure, status in [(Figure("hop", 1.0, "us", 9.0, 4.5), 1), (row("hop", None), 0), (row("hop", 4.0), 0)]:
        monkeypatch.setitem(program.MEASURES, "hops", lambda asked, figure=figure: [figure])
        assert program.main(["--only", "hops", "--json", str(kept)]) == status
        assert load(kept)[1] == {"hops": [figure]}


# ---- the page


def test_a_part_is_not_written_into_the_readme(tmp_path, capsys):
    """Whoever measured only some of it is told what is missing; the README stays as it is."""
    save({"hops": [row("hop", 4.0)]}, tmp_path / "latest.json")
    before = page.README.read_bytes()
    assert program.main(["--readme", "--json", str(tmp_path / "latest.json")]) == 2
    assert "lacks works, peers" in capsys.readouterr().err
    assert page.README.read_bytes() == before


FIGURES = [
    Figure(hops.FLOOR, 3.0, "us", 1.0),
    Figure(hops.QUIET, 13.5, "us", 4.5, 4.5),
    Figure(hops.WATCHED, 18.0, "us", 6.0, 5.5),
    Figure("hop beside langgraph", 13.5, "us", 1 / 20, 1 / 15, note="theirs 270 us"),
    Figure("hop beside pykka, threads", None, "us", None, note="not installed: pykka"),
    Figure("  timers late", 2.0, "ms", 2.0, 5.0),
]


def test_the_page_tells_what_holds_and_what_does_not(tmp_path):
    """The table holds the bounds of the kept figures, and how many of them hold."""
    save({"hops": FIGURES}, tmp_path / "latest.json")
    machine, measured = load(tmp_path / "latest.json")
    section = page.section(machine, measured["hops"])
    assert "3 of 4 bounds hold" in section
    assert f"| {hops.WATCHED} | 18.0 µs | 6.00 | 5.50 | fails |" in section
    assert "| hop beside langgraph (theirs 270 µs) | 13.5 µs | 0.05 | 0.07 | holds |" in section
    assert "| timers late | 2.0 ms |  | 5 ms | holds |" in section


def test_the_picture_shows_multiples_of_ours_and_what_is_not_measured():
    """Cheapest first; what could not be measured has no bar."""
    bars = page.bars(FIGURES)
    assert [(name, multiple and round(multiple, 2)) for name, multiple in bars[:4]] == [
        ("bare asyncio.Queue", 0.22),
        ("xpipe_nb", 1.0),
        ("xpipe_nb, one subscriber", 1.33),
        ("langgraph", 20.0),
    ]
    assert ("pykka, threads", None) in bars[4:]
    tree = etree.fromstring(page.picture(bars).encode())
    assert len(tree.findall("{*}rect")) == 4
    assert "pykka, threads not measured" in tree.findtext("{*}title")


def test_only_what_stands_between_the_marks_is_written_anew():
    """The rest of the README stays; without marks nothing is written at all."""
    text = f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n"
    once = page.between_marks(text, "new")
    assert once == f"before\n{page.BEGIN}\nnew\n{page.END}\nafter\n"
    assert page.between_marks(once, "new") == once
    with pytest.raises(ValueError, match="expected"):
        page.between_marks("no marks", "new")


def test_the_readme_shows_the_picture_that_is_there():
    """The words for who cannot see it are those of the picture itself."""
    text = page.README.read_text(encoding="utf-8")
    words, path = re.search(r"!\[(What a hop[^\]]*)\]\(([^)]*)\)", text).groups()
    assert etree.parse(page.ROOT / path).findtext("{*}title") == words
