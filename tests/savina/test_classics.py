"""The actor classics at a small size: what has to hold of each does hold, with every check of the pump on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import pytest

from tests.savina import meeting, passing
from tests.support import run

CLASSICS: dict[str, Callable[[], Coroutine[Any, Any, int]]] = {
    "ping-pong": partial(passing.ping_pong, 300),
    "count": partial(passing.count, 500),
    "thread ring": partial(passing.thread_ring, 30, 1_000),
    "fork-join create": partial(passing.fork_join_create, 200),
    "fork-join throughput": partial(passing.fork_join_throughput, 8, 60),
    "big": partial(passing.big, 12, 25),
    "chameneos": partial(meeting.chameneos, 5, 100),
    "chameneos, two of them": partial(meeting.chameneos, 2, 30),
    "bounded buffer": partial(meeting.bounded_buffer, 4, 3, 30, 5),
    "bounded buffer with room for one": partial(meeting.bounded_buffer, 2, 2, 20, 1),
    "philosophers": partial(meeting.philosophers, 5, 20),
    "bank transactions": partial(meeting.bank, 8, 300),
    "sieve": partial(meeting.sieve, 120),
}


@pytest.mark.parametrize("classic", CLASSICS)
def test_what_has_to_hold_of_a_classic_holds(classic: str) -> None:
    """No message is lost, doubled or handed to the wrong one, whatever runs at the same time."""
    assert run(CLASSICS[classic]()) > 0
