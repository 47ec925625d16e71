"""A cold start: a fresh process imports, sets a ring up, and gets its first message through.

`python -m tests.benchmarks.cold NAME` is what is measured: one of the peers' names, `xpipe_nb` or `bare asyncio.Queue`.
"""

from __future__ import annotations

import asyncio
import resource
import statistics
import subprocess
import sys

from tests.benchmarks.contest import Contender
from tests.benchmarks.figures import Figure
from tests.benchmarks.peers.rings import BY_NAME

__all__ = ["measure"]

OURS, FLOOR = "xpipe_nb", "bare asyncio.Queue"
NOT_INSTALLED = 3
"""What the process ends with where a peer is missing."""


def measure(rounds: int) -> list[Figure]:
    """Start each of them so often, by turns."""
    names = [FLOOR, OURS, *BY_NAME]
    taken: dict[str, list[float]] = {name: [] for name in names}
    wrong: dict[str, str] = {}
    for _ in range(rounds):
        for name in names:
            if name not in wrong:
                seconds, problem = started(name)
                taken[name].append(1000 * seconds)
                wrong |= {name: problem} if problem else {}
    return [_floor(taken[FLOOR], wrong.get(FLOOR)), *(_beside(name, taken, wrong) for name in (FLOOR, *BY_NAME))]


def _floor(taken: list[float], problem: str | None) -> Figure:
    return Figure(
        f"cold start of {FLOOR}", None if problem else statistics.median(taken), "ms", note=problem or "", detail=taken
    )


def _beside(other: str, taken: dict[str, list[float]], wrong: dict[str, str]) -> Figure:
    what = f"cold start of an organism beside {other}"
    problem = wrong.get(OURS) or wrong.get(other)
    if problem:
        return Figure(what, None, "ms", note=problem)
    pairs = list(zip(taken[OURS], taken[other], strict=True))
    return Figure(
        what,
        statistics.median(taken[OURS]),
        "ms",
        statistics.median(ours / theirs for ours, theirs in pairs),
        detail=pairs,
        note=f"theirs {statistics.median(taken[other]):,.0f} ms",
        guarded=True,
    )


def started(name: str) -> tuple[float, str]:
    """Start a process for one contender: its processor time in seconds, and what went wrong, if anything did."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.cold", name],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if not done.returncode:
        return seconds, ""
    last = (done.stderr.strip().splitlines() or ["no word why"])[-1]
    return seconds, last if done.returncode == NOT_INSTALLED else f"failed: {last:.80}"


def contender(name: str) -> Contender:
    """What is started; nothing else is imported."""
    if name == OURS:
        from tests.benchmarks import ours

        return ours.ring
    if name == FLOOR:
        from tests.benchmarks import bare

        return bare.ring
    return BY_NAME[name]


async def first_message(name: str) -> None:
    """Get one message through."""
    async with contender(name)() as go:
        await go(1)


if __name__ == "__main__":
    try:
        asyncio.run(first_message(sys.argv[1]))
    except ImportError as missing:
        print(f"not installed: {missing.name}", file=sys.stderr)
        sys.exit(NOT_INSTALLED)
