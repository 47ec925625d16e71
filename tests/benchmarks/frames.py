"""How smoothly a live view is drawn in a real browser, and what it leaves in the browser's memory.

A crowd of two hundred listeners sends five thousand messages in a minute.

A page where nothing changes is measured before each tab: what even that page does not reach says nothing about us.

The memory is measured after as many drawings as ten minutes have, done as fast as the browser can; minutes as they
pass on the clock are measured where they are asked for.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Browser, Page

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

TABS = ("Graph", "Threads", "Messages")

MINUTES = 10
"""So many minutes' drawings are between the two looks at the browser's memory; before the first there are a tenth more."""

DRAW_AND_MEASURE = """text => new Promise(resolve => {
  const changes = JSON.parse(text), frames = [], draws = [];
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


DRAW = """({ text, every }) => new Promise(resolve => {
  const changes = JSON.parse(text);
  const draw = () => {
    for (const delta of changes.splice(0, every ? 1 : 3)) window.push({ delta });
    window.said.length = 0;
    if (!changes.length) return resolve();
    every ? setTimeout(draw, every) : requestAnimationFrame(draw);
  };
  draw();
})"""
"""Draws three deltas in each frame, or one in so many milliseconds."""


def measure(seconds: float, minutes: float = 0.0) -> list[Figure]:
    """Measure each tab, with ten deltas in a second, then the memory.

    Args:
        seconds: How long each tab is watched; the still page is for a twelfth of that.
        minutes: How long the memory is watched, by the clock; 0 draws what ten minutes have as fast as it goes.
    """
    if shutil.which("chromium") is None:
        return [Figure("frames of a view", None, "ms", None, LATE, note="there is no chromium here")]
    turns = round(10 * seconds)
    first, changes, _ = traffic(LISTENERS, turns, AT_ONCE)
    figures = []
    with a_browser() as browser:
        for tab in TABS:
            with a_page(browser, first) as page:
                _open(page, tab)
                still = page.evaluate(DRAW_AND_MEASURE, json.dumps([None] * (turns // 12)))
                figures += _figures(tab, still, page.evaluate(DRAW_AND_MEASURE, json.dumps(changes)))
        figures += _memory(browser, minutes)
    return figures


def _open(page: Page, tab: str) -> None:
    page.click(f'[role=tab]:has-text("{tab}")')


def _memory(browser: Browser, minutes: float) -> list[Figure]:
    """Draw a minute's deltas on all tabs, look at what the browser holds, draw ten times as many, look again."""
    piece = round(60 * (minutes or MINUTES))  # a tenth of the deltas, of which there are ten in a second
    first, changes, _ = traffic(LISTENERS, 11 * piece, AT_ONCE)
    every = 100 if minutes else 0
    with a_page(browser, first) as page:

        def draw(some: Sequence[dict[str, Any]]) -> Mapping[str, float]:
            share = -(-len(some) // len(TABS))
            for number, tab in enumerate(TABS):  # in pieces, so that the page does not hold what is still to come
                _open(page, tab)
                text = json.dumps(some[number * share : (number + 1) * share])
                page.evaluate(DRAW, {"text": text, "every": every})
            return _held(page)

        held = [draw(changes[at : at + piece]) for at in range(0, len(changes), piece)]
    how = f"{minutes:g} minutes" if minutes else f"{10 * piece:,} drawings, as many as {MINUTES} minutes have"
    kinds = (("memory", "memory", "MiB"), ("nodes", "nodes on the page", ""))
    return [
        Figure(
            f"browser's {what} after {how}", held[-1][key], unit, held[-1][key] / held[0][key], FLAT, [*map(dict, held)]
        )
        for key, what, unit in kinds
    ]


def _held(page: Page) -> Mapping[str, float]:
    """Give what the page holds once what it does not need is taken away: MiB of memory, and how many nodes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    memory = float(devtools.send("Runtime.getHeapUsage")["usedSize"]) / 2**20
    nodes = float(devtools.send("Memory.getDOMCounters")["nodes"])
    devtools.detach()
    return {"memory": memory, "nodes": nodes}


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
