"""Mutants of the corpus: no exception but `Rejected`, and no unsafe document accepted."""

from __future__ import annotations

from tests.xml.fuzz import mutants, run


def test_two_thousand_mutants_are_refused_or_rightly_read():
    """A mutant is refused by `Rejected`, or what was read is safe, stable and the same to another parser."""
    verdicts = run(2000, seed=20)
    assert verdicts["accepted"] >= 200, "too few mutants are accepted to say anything"
    assert verdicts["malformed"] >= 200


def test_a_seed_gives_the_same_mutants_again():
    """A defect found by a seed can be looked at again."""
    assert list(mutants(50, seed=3)) == list(mutants(50, seed=3))
