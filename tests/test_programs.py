"""The programs of the documentation run as they stand, each in a process of its own."""

from __future__ import annotations

import re

import pytest

from tests.support import ROOT, fresh_python

PROGRAMS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "programs").glob("*.py"))

SLOW = re.compile(r"Executing <Task .* took [\d.]+ seconds")
"""What asyncio says on a slow machine, and when a first organism loads the pump; it is about time, not about faults."""


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_to_its_end(program):
    """What a newcomer copies works, also where every warning is an error."""
    done = fresh_python("-W", "error", "-X", "dev", program)
    assert (done.returncode, [line for line in done.stderr.splitlines() if not SLOW.match(line)]) == (0, [])
