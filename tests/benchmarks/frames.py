"""How smoothly a live view is drawn in a real browser, and what it leaves in the browser's memory.

A crowd of two hundred listeners sends five thousand messages in a minute.

A page where nothing changes is measured by turns with it: what even that page does not reach says nothing about us.
"""

from __future__ import annotations

import shutil
from typing import Any

from playwright.sync_api import Browser

from tests.benchmarks.figures import Figure
from tests.views.page import a_browser, a_page
from tests.views.scenes import traffic

__all__ = ["measure"]

LISTENERS, AT_ONCE = 200, 8
"""How many there are, and how many messages are sent in each tenth of a second: some 5,000 in a minute."""

FLAT = 1.25
"""How much of what the browser held before ten minutes of drawing it may hold after them; what its collector leaves varies by a fifth."""

LATE, LONGEST = 34.0, 100.0
"""Milliseconds that 99 of 100 frames may take, and that none may exceed."""

DRAW_AND_MEASURE = """changes => new Promise(resolve => {
  const frames = [], draws = [];
  let last = performance.now();
  let next = last;
  const frame = now => {
    frames.push(now - last);
    last = now;
    if (now >= next && changes.length) {
      const delta = changes.shift(), began = performance.now();
      if (delta) window.push({ delta });
      draws.push(performance.now() - began);
      next += 100;
    }
    changes.length ? requestAnimationFrame(frame) : resolve({ frames: frames.slice(1), draws });
  };
  requestAnimationFrame(frame);
})"""


DRAW = """changes => new Promise(resolve => {
  const frame = () => {
    const delta = changes.shift();
    if (delta === undefined) return resolve();
    window.push({ delta });
    window.said.length = 0;
    requestAnimationFrame(frame);
  };
  frame();
})"""


def measure(seconds: float) -> list[Figure]:
    """Measure each tab for so many seconds, with ten deltas in each, then the memory.

    Args:
        seconds: How long each tab is watched, and how long the still page is.
    """
    if shutil.which("chromium") is None:
        return [Figure("frames of a view", None, "ms", None, LATE, note="there is no chromium here")]
    turns = round(10 * seconds)
    first, changes, _ = traffic(LISTENERS, turns, AT_ONCE)
    figures = []
    with a_browser() as browser:
        for tab in ("Graph", "Threads", "Messages"):
            with a_page(browser, first) as page:
                page.click(f'[role=tab]:has-text("{tab}")')
                still = page.evaluate(DRAW_AND_MEASURE, [None] * (turns // 3))
                figures += _figures(tab, still, page.evaluate(DRAW_AND_MEASURE, changes))
        figures.append(_memory(browser, round(100 * seconds)))
    return figures


def _memory(browser: Browser, turns: int) -> Figure:
    """Draw as fast as the browser does, as many deltas as so many tenths of a second have; give what it holds then."""
    first, changes, _ = traffic(LISTENERS, turns, AT_ONCE)
    warm = len(changes) // 10
    with a_page(browser, first) as page:
        devtools = page.context.new_cdp_session(page)

        def held() -> float:
            devtools.send("HeapProfiler.collectGarbage")
            return float(devtools.send("Runtime.getHeapUsage")["usedSize"])

        page.evaluate(DRAW, changes[:warm])
        before = held()
        for at in range(warm, len(changes), warm):  # in pieces, so that the page does not hold what is still to come
            page.evaluate(DRAW, changes[at : at + warm])
        after = held()
    minutes = turns / 600
    what = f"browser's memory after {minutes:.1f} minutes' drawings, against after {minutes / 10:.1f}"
    return Figure(what, after / 2**20, "MiB", after / before, FLAT)


def _figures(tab: str, still: dict[str, Any], measured: dict[str, Any]) -> list[Figure]:
    frames, quiet = sorted(measured["frames"]), sorted(still["frames"])
    draws = sorted(measured["draws"])
    late, idle = frames[int(len(frames) * 0.99)], quiet[int(len(quiet) * 0.99)]
    beside = f"still page {idle:.0f}, longest {quiet[-1]:.0f}"
    return [
        Figure(f"{tab}: 99 % of frames within ({beside})", late, "ms", late, LATE, measured),
        Figure(f"{tab}: the longest frame", frames[-1], "ms", frames[-1], LONGEST),
        Figure(f"{tab}: a drawing, median; longest {draws[-1]:.0f}", draws[len(draws) // 2], "ms"),
    ]
