"""The programs of the documentation run as they stand, each in a process of its own."""

from __future__ import annotations

import pytest

from tests.support import ROOT, fresh_python

PROGRAMS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "programs").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_runs_to_its_end(program):
    """What a newcomer copies works, also where every warning is an error."""
    done = fresh_python("-W", "error", "-X", "dev", program)
    assert (done.returncode, done.stderr) == (0, "")
