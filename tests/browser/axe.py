"""axe-core on a page: what a screen reader, a keyboard or weak eyes would stumble over."""

from __future__ import annotations

from importlib.resources import files

from playwright.sync_api import Page

__all__ = ["violations"]

RUN = """selectors => axe.run({ include: selectors.map(each => [each]) }, { resultTypes: ['violations'] })
  .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `${id}: ${html.slice(0, 200)}: ${failureSummary}`)))"""


def violations(page: Page, *selectors: str) -> list[str]:
    """Run every rule of axe-core on parts of a page; gives a sentence for each element that breaks one."""
    if not page.evaluate("() => 'axe' in window"):
        page.add_script_tag(content=files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN, list(selectors))
    return found
