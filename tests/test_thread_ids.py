"""Thread ids are UUID4s that we know again without keeping them."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb.thread_ids import ThreadIds, is_thread_id

IDS = ThreadIds(b"k" * 16)


def test_our_ids_are_canonical_uuid4s() -> None:
    """An id is a UUID version 4 of the RFC's variant, in lower case with hyphens."""
    for _ in range(200):
        value = IDS.new()
        assert is_thread_id(value)
        assert (str(uuid.UUID(value)), uuid.UUID(value).version, uuid.UUID(value).variant) == (value, 4, uuid.RFC_4122)


def test_ids_do_not_repeat() -> None:
    """64 of the bits are random."""
    assert len({IDS.new() for _ in range(10_000)}) == 10_000


def test_ours_are_known_again_by_their_key_only() -> None:
    """Another organism does not know our ids, nor we theirs."""
    assert all(IDS.is_ours(IDS.new()) for _ in range(200))
    assert not any(ThreadIds().is_ours(IDS.new()) for _ in range(200))


@given(st.uuids(version=4))
def test_a_foreign_uuid_is_not_ours(value: uuid.UUID) -> None:
    """A UUID4 made elsewhere carries no tag of ours."""
    assert not IDS.is_ours(str(value))


@given(st.integers(0, 127))
def test_one_changed_bit_makes_it_foreign(bit: int) -> None:
    """The tag covers every bit."""
    own = uuid.UUID(IDS.new())
    assert not IDS.is_ours(str(uuid.UUID(int=own.int ^ (1 << bit))))


@given(st.text(max_size=40))
def test_any_text_may_be_asked_about(text: str) -> None:
    """What is no UUID at all is not ours."""
    assert not IDS.is_ours(text)
