"""Every document of the corpus gets its verdict, quickly, and says why."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tests.xml.corpus import CASES
from tests.xml.corpus.case import Case
from xpipe_nb.errors import Rejected
from xpipe_nb.xml import canonical, huh, open_envelope, read_document


def verdict(data: bytes | str) -> str | None:
    """The reason of the refusal, or None."""
    try:
        open_envelope(read_document(data))
    except Rejected as error:
        assert error.stage in {"read", "open"}
        return error.reason
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_document_gets_its_verdict(case: Case):
    """A document is read, or refused for the reason that the corpus names."""
    assert verdict(case.data) == case.reason


def test_the_corpus_is_large_enough():
    """At least 250 documents are judged, bad ones and good ones."""
    refused = sum(case.reason is not None for case in CASES)
    assert len(CASES) >= 250
    assert refused >= 180
    assert len(CASES) - refused >= 50


@pytest.mark.parametrize("case", [case for case in CASES if case.reason], ids=lambda case: case.name)
def test_a_refusal_is_a_sentence_without_the_parsers_slang(case: Case):
    """The detail tells a person what is wrong and, when the parser found it, where."""
    with pytest.raises(Rejected) as refusal:
        open_envelope(read_document(case.data))
    error = refusal.value
    assert len(error.detail) < 600
    assert "xmlParse" not in error.detail
    assert "XML_PARSE_HUGE" not in error.detail
    if error.reason == "malformed":
        assert error.line is not None
        assert error.detail.endswith(f"(line {error.line}, column {error.column})")
    assert huh(error.reason, b"x").startswith(b'<huh xmlns="https://xml-pipeline.org/ns/core/v1"><error>Your')


@pytest.mark.parametrize("case", [case for case in CASES if not case.reason], ids=lambda case: case.name)
def test_what_is_read_is_stable_in_its_canonical_form(case: Case):
    """Reading the canonical form again gives the same canonical form."""
    first = canonical(read_document(case.data))
    if len(first) <= 1_048_576:
        assert canonical(read_document(first)) == first


def test_no_document_costs_much():
    """The worst document of the corpus is refused within 100 ms of the processor's time, and 25 MB."""
    for case in CASES:
        times = []
        for _ in range(3):
            start = time.process_time()
            verdict(case.data)
            times.append(time.process_time() - start)
        assert min(times) < 0.1, (case.name, times)
    tracemalloc.start()
    try:
        for case in CASES:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            verdict(case.data)
            peak = tracemalloc.get_traced_memory()[1] - before
            assert peak < 25e6, (case.name, peak)
    finally:
        tracemalloc.stop()
