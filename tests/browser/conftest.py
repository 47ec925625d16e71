"""A test that fails in a notebook tells what the notebook looked like."""

from __future__ import annotations

from collections.abc import Generator

import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, None]:
    """Add to a failure what page, server and kernel know of each other."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" or not report.failed:
        return
    from tests.browser.report import told_of

    for value in getattr(item, "funcargs", {}).values():
        page = getattr(value, "page", value)
        if type(page).__name__ == "Page" and hasattr(page, "url"):
            report.sections.append(("the notebook when it failed", told_of(page)))
            return
