"""Contenders that do the same work by turns in one process (A B A B), and the figures that come of it.

A busy machine slows all of them alike, so what counts is the median of the ratios, round by round. A contender that is
not installed, or fails, says so in its row: it is no figure, and so never a win.
"""

from __future__ import annotations

import gc
import statistics
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeAlias

from tests.benchmarks.figures import Figure

__all__ = ["Contender", "Go", "beside", "by_turns", "cost", "median_ratio", "middle"]

Go: TypeAlias = Callable[[int], Awaitable[None]]
"""Does the work so many times: hops, deliveries, calls."""

Contender: TypeAlias = Callable[[], AbstractAsyncContextManager[Go]]
"""Sets everything up, gives what does the work, and tidies up."""


async def cost(go: Go, count: int, clock: Callable[[], float] = time.process_time) -> float:
    """What doing the work once costs, in microseconds; of processor time, if no other clock is given."""
    gc.collect()
    before = clock()
    await go(count)
    return (clock() - before) / count * 1e6


async def by_turns(
    contenders: Sequence[Go], count: int, rounds: int, clock: Callable[[], float] = time.process_time
) -> list[tuple[float, ...]]:
    """Measure contenders by turns; give what each of them cost, round by round.

    Args:
        contenders: What is measured, in this order.
        count: How often the work is done in a round.
        rounds: How many rounds; a shorter one to warm up comes before.
        clock: What time is read from.
    """
    for go in contenders:
        await go(max(1, count // 5))
    return [tuple([await cost(go, count, clock) for go in contenders]) for _ in range(rounds)]


def middle(costs: Sequence[tuple[float, ...]], place: int) -> float:
    """The median cost of one contender."""
    return statistics.median(each[place] for each in costs)


def median_ratio(costs: Sequence[tuple[float, ...]], place: int, floor: int) -> float:
    """The median of the ratios of two contenders, each of one round."""
    return statistics.median(each[place] / each[floor] for each in costs)


async def beside(what: str, ours: Go, theirs: Contender, count: int, rounds: int, bound: float | None = None) -> Figure:
    """Measure ours by turns with somebody else's, who may not be there or may fail.

    Args:
        what: The row's name.
        ours: Does the work here.
        theirs: Does it there.
        count: How often it is done in a round.
        rounds: How many rounds there are.
        bound: The greatest part of their cost that ours may be.
    """
    try:
        async with AsyncExitStack() as stack:
            costs = await by_turns((ours, await stack.enter_async_context(theirs())), count, rounds)
    except ImportError as missing:
        return Figure(what, None, "us", None, bound, note=f"not installed: {missing.name}")
    except Exception as error:
        return Figure(what, None, "us", None, bound, traceback.format_exc(), note=f"failed: {error!r:.80}")
    return Figure(
        what,
        middle(costs, 0),
        "us",
        median_ratio(costs, 0, 1),
        bound,
        costs,
        note=f"theirs {middle(costs, 1):,.0f} us",
        guarded=True,
    )
