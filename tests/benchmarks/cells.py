"""What our magics cost in a real kernel: loading, starting an organism, and what `%inject` adds to its handlers.

The kernel is one that somebody looks at; times are taken in it, so that the way to the front end does not count.
"""

from __future__ import annotations

import statistics
import tempfile
from ast import literal_eval
from pathlib import Path

from tests.benchmarks.figures import Figure
from tests.notebook.kernels import CELLS, LOAD, ORGANISM, Kernel, kernel_in

__all__ = ["measure"]

LOAD_BOUND, START_BOUND, INJECT_BOUND = 500.0, 300.0, 5.0
"""Milliseconds."""

THREE = f"""{ORGANISM.replace("hello", "hello --replace", 1)}  - quick"""
QUICK = """
@xp.listener
async def quick(message: Greeting) -> Shout:
    began = time.perf_counter()
    try:
        return Shout(message.name)
    finally:
        HANDLED.append(time.perf_counter() - began)
"""
TIMED = "began = time.perf_counter()\n{}\nTOOK.append(time.perf_counter() - began)"


def measure(rounds: int) -> list[Figure]:
    """Measure the magics.

    Args:
        rounds: How many kernels are started; each sends ten times as many messages.
    """
    loads, starts, added = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder, kernel_in(Path(folder)) as kernel:
            kernel("import time\nTOOK, HANDLED = [], []", attended=True)
            loads += timed(kernel, "get_ipython().run_line_magic('load_ext', 'xpipe_nb')")
            for cell in (LOAD, CELLS, QUICK, THREE):
                kernel(cell, attended=True)
            starts += [1000 * kernel(THREE, attended=True).seconds for _ in range(3)]
            took = [timed(kernel, "%inject quick name='x'")[0] for _ in range(10 * rounds)]
            handled = literal_eval(kernel("[1000 * each for each in HANDLED]").value or "[]")
            added += [each - work for each, work in zip(took, handled, strict=True)]
    return [
        _figure("%load_ext, warm", loads, LOAD_BOUND),
        _figure("%%organism with 3 listeners, as a front end sees it", starts, START_BOUND),
        _figure("%inject, beyond what its handlers take", added, INJECT_BOUND),
    ]


def timed(kernel: Kernel, statement: str) -> list[float]:
    """Run a statement in a cell; give how long it took in the kernel, in milliseconds."""
    ran = kernel(TIMED.format(statement), attended=True)
    assert not ran.error, ran.said
    return [1000 * float(kernel("TOOK.pop()").value or "nan")]


def _figure(what: str, times: list[float], bound: float) -> Figure:
    middle = statistics.median(times)
    return Figure(what, middle, "ms", middle, bound, times)
