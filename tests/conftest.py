"""What holds for every test: Hypothesis profiles, and that nothing is skipped in silence.

With `XPIPE_REQUIRE_ALL=1` in the environment a skip is a failure: continuous integration must run all that the
project promises.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

REQUIRE_ALL = os.environ.get("XPIPE_REQUIRE_ALL", "") not in {"", "0"}

# No deadlines: a shared machine is slow at times. Derandomized: the same tree gives the same verdict twice.
settings.register_profile(
    "default", deadline=None, derandomize=True, max_examples=100, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", settings.get_profile("default"), print_blob=True)
# `make fuzz`: other examples every time, and many; a second hundred of the same ones would only cost a minute each time.
settings.register_profile("fuzz", settings.get_profile("default"), derandomize=False, max_examples=5000)
settings.load_profile(os.environ.get("XPIPE_HYPOTHESIS") or ("ci" if os.environ.get("CI") else "default"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, None]:
    """Turn a skip into a failure where everything is required; an expected failure stays what it is."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, but XPIPE_REQUIRE_ALL is set: {reason_of(report)}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, None]:
    """Do the same for a whole file that skips itself while it is collected (`pytest.importorskip`)."""
    outcome = yield
    report = outcome.get_result()
    if REQUIRE_ALL and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, but XPIPE_REQUIRE_ALL is set: {reason_of(report)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List what was skipped and why, also under `-q`."""
    skipped = terminalreporter.getreports("skipped")
    if not skipped:
        return
    terminalreporter.section("skipped, and why")
    for report in skipped:
        terminalreporter.line(f"{report.nodeid}: {reason_of(report)}")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """The reason that a skip gave, in words."""
    longrepr = report.longrepr
    text = longrepr[2] if isinstance(longrepr, tuple) else str(longrepr)
    return text.removeprefix("Skipped: ") or "no reason given"
