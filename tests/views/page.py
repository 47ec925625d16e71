"""A page with nothing but the widget on it, fed by hand: what JupyterLab would do, without JupyterLab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import ROOT

__all__ = ["CONTRAST", "SHOTS", "a_browser", "a_page", "scene"]

STATIC = ROOT / "xpipe_nb" / "notebook" / "static"
SHOTS = ROOT / "tests" / "views" / "shots"

HTML = """<!doctype html><meta charset="utf-8"><title>view</title>
<body style="margin: 0; background: Canvas"><div id="el"></div>
<script type="module">
  const loader = await import(URL.createObjectURL(new Blob([%s], { type: 'text/javascript' })));
  window.open_view = kind => {
    window.kind = kind;
    const callbacks = new Set();
    window.said = [];
    window.acked = 0;
    window.push = content => [...callbacks].forEach(callback => callback(content));
    const model = {
      get: name => ({ kind: window.kind, version: 'v1' })[name],
      on: (event, callback) => event === 'msg:custom' && callbacks.add(callback),
      off: (_, callback) => callbacks.delete(callback),
      send: content => {
        window.said.push(content);
        if (content.do === 'code') setTimeout(() => window.push({ code: %s, css: %s }));
        if (content.do === 'ack') window.acked += 1;
      }
    };
    return loader.default.render({ model, el: document.getElementById('el') }).then(leave => (window.leave = leave));
  };
  window.ready = true;
</script></body>"""


@contextmanager
def a_browser() -> Iterator[Browser]:
    """The system's Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield browser
        browser.close()


@contextmanager
def a_page(
    browser: Browser, snapshot: dict[str, Any], *, width: int = 868, theme: str = "light", kind: str = "view"
) -> Iterator[Page]:
    """Open a page with a view of a snapshot, or with a form; an error on the page is raised at its end."""
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=theme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    sources = [json.dumps((STATIC / name).read_text("utf-8")) for name in ("loader.js", "view.js", "view.css")]
    page.set_content(HTML % tuple(text.replace("</", "<\\/") for text in sources))
    page.wait_for_function("window.ready")
    page.evaluate("kind => window.open_view(kind)", kind)
    page.evaluate("content => window.push(content)", {"form" if kind == "form" else "snapshot": snapshot})
    for key, detail in snapshot.get("details", {}).get("messages", {}).items():
        page.evaluate("content => window.push(content)", {"of": "messages", "key": key, "detail": detail})
    yield page
    page.close()
    assert errors == []


def scene(name: str) -> dict[str, Any]:
    """Read a fixture."""
    path = Path(ROOT / "tests" / "snapshots" / f"{name}.json")
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const paint = (below, color) => {
    canvas.fillStyle = `rgb(${below.join(' ')})`; canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = element => {
    const chain = [];
    for (let each = element; each; each = each.parentElement) chain.unshift(getComputedStyle(each).backgroundColor);
    return chain.reduce(paint, [255, 255, 255]);
  };
  let worst = { ratio: 99 };
  const walker = document.createTreeWalker(document.querySelector('.xp-view'), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || !element.getClientRects().length) continue;
    if (element.closest('title, svg .count')) continue;
    const style = getComputedStyle(element);
    const selected = element.closest('.node[aria-pressed="true"]');
    const ground = selected ? paint([0, 0, 0], getComputedStyle(selected.querySelector('.box')).fill) : behind(element);
    const ink = paint(ground, element.ownerSVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: node.data.slice(0, 40), of: element.className.baseVal ?? element.className };
  }
  return worst;
}"""
"""Finds the text of a view with the least contrast to what is behind it."""
