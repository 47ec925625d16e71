"""How far work is, as a line of text."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb.views.progress import Progress, progress_lines


def test_a_bar_says_who_works_and_how_far() -> None:
    """The name, a bar, the part, the count, and what it is at."""
    assert Progress("sieve", 0, 4).line == f"sieve {'░' * 20}   0 % · 0 of 4"
    assert Progress("sieve", 3, 4, "primes").line == f"sieve {'█' * 15}{'░' * 5}  75 % · 3 of 4 · primes"
    assert Progress("sieve", 4, 4).line == f"sieve {'█' * 20} 100 % · 4 of 4"
    assert Progress("sieve", 1_500, 3_000).words == " 50 % · 1,500 of 3,000"


def test_it_is_full_only_when_all_is_done() -> None:
    """Whoever sees a hundred per cent may believe it."""
    assert Progress("sieve", 999, 1_000).words.startswith(" 99 %")
    assert Progress("sieve", 999, 1_000).line.count("░") == 1


def test_with_no_total_there_is_a_count() -> None:
    """Nobody is told a part that nobody knows."""
    assert Progress("sieve", 7).line == "sieve 7"
    assert Progress("sieve", 0.25, 0, "begins").line == "sieve 0.25 · begins"


def test_a_text_stays_one_short_line() -> None:
    """Whatever a handler says in it."""
    assert Progress("sieve", 1, text="two\nlines\x1b[31m").line == "sieve 1 · two lines\ufffd[31m"
    assert len(Progress("sieve", 1, text="x" * 500).line) < 80


def test_more_than_fit_are_counted() -> None:
    """Eight bars, and how many more there are."""
    every = [Progress(f"part-{number}", number, 10) for number in range(10)]
    assert progress_lines(every)[:8] == [each.line for each in every[:8]]
    assert progress_lines(every)[8:] == ["… and 2 more"]
    assert len(progress_lines(every[:8])) == 8


NUMBERS = st.one_of(st.integers(), st.floats(), st.none(), st.text(max_size=5))


@given(done=NUMBERS, total=NUMBERS, text=st.text())
def test_it_is_one_line_whatever_a_handler_tells(done, total, text) -> None:
    """A wrong number is the handler's mistake, and no reason to lose the cell."""
    progress = Progress("sieve", done, total, text)
    assert len(progress.line.splitlines()) == 1
    assert progress.share is None or (0 <= progress.share <= 1 and not math.isnan(progress.share))
