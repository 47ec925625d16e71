"""How smoothly a live view is drawn in a real browser: frames and drawings while a crowd of listeners changes.

A page where nothing changes is measured by turns with it: what even that page does not reach says nothing about us.
"""

from __future__ import annotations

import shutil
from typing import Any

from tests.benchmarks.figures import Figure
from tests.views.page import a_browser, a_page
from tests.views.scenes import traffic

__all__ = ["measure"]

LISTENERS = 50
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


def measure(seconds: float) -> list[Figure]:
    """Measure each tab for so many seconds, with ten deltas of two changes in each.

    Args:
        seconds: How long each tab is watched, and how long the still page is.
    """
    if shutil.which("chromium") is None:
        return [Figure("frames of a view", None, "ms", None, LATE, note="there is no chromium here")]
    turns = round(10 * seconds)
    first, changes, _ = traffic(LISTENERS, turns)
    figures = []
    with a_browser() as browser:
        for tab in ("Graph", "Threads", "Messages"):
            with a_page(browser, first) as page:
                page.click(f'[role=tab]:has-text("{tab}")')
                still = page.evaluate(DRAW_AND_MEASURE, [None] * (turns // 3))
                figures += _figures(tab, still, page.evaluate(DRAW_AND_MEASURE, changes))
    return figures


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
