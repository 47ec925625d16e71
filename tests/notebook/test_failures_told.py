"""A failure that no cell waits for is told all the same, where it was caused."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebook.kernels import CELLS, FRESH, LOAD
from tests.notebook.test_waiting import interrupted
from tests.support import ROOT

BAD = """\
import asyncio
gate = asyncio.Event()
@xp.listener
async def bad(message: Greeting) -> Shout:
    print("at the gate")
    await gate.wait()
    return 1 / 0
"""
ORGANISM = FRESH + "  - bad\n"
REASON = "#1 failed: bad raised ZeroDivisionError: division by zero"


@pytest.fixture
def failing(hello):
    """A listener that fails once `gate.set()` lets it."""
    hello(BAD)
    hello(ORGANISM)
    return hello


def test_after_no_wait_the_line_of_the_cell_ends_in_the_reason(failing) -> None:
    """What stands under the cell is renewed when the conversation ends."""
    updates = []
    begun = failing("c = %inject --no-wait bad name='x'", on_update=updates.append)
    assert "bad · 1 message · #1 is under way" in begun.text
    assert not updates
    lines = []
    while not lines:
        failing("gate.set()", on_update=updates.append)
        lines = [each["data"]["text/plain"] for each in updates if "image/png" not in each["data"]]
    (line,) = lines
    assert line.startswith(f"bad · 1 message · {REASON}")
    assert REASON in failing("c").value


@pytest.mark.parametrize("stop", ["--timeout 0.2", ""])
def test_after_the_waiting_has_ended_it_is_told_under_the_cell(failing, stop) -> None:
    """Whether the time was up or a person has stopped it: the failure comes later, where it was caused."""
    cell = f"c = %inject {stop} bad name='x'"
    ran = failing(cell) if stop else interrupted(failing, cell)
    assert "Conversation #1 goes on" in ran.said
    later = failing("gate.set()").late or [failing.next_output()]
    assert [(cell, output["text"].startswith(f"✕ {REASON}")) for cell, output in later] == [(ran.id, True)]


def test_a_failure_that_somebody_was_given_is_not_told_twice(failing) -> None:
    """A cell that waits in Python fails with it, and that is all."""
    ran = failing(
        "c = %inject --no-wait bad name='x';\ngate.set()\ntry:\n    await c\nexcept Exception as e:\n    pass"
    )
    later = failing("for _ in range(20): await asyncio.sleep(0.01)")
    assert "failed" not in ran.text
    assert later.late == []


def test_headless_it_is_saved_in_the_cell_that_caused_it() -> None:
    """Whoever runs a notebook to save it reads the failure under the cell of the `--no-wait`."""
    cells = [LOAD, CELLS, BAD, ORGANISM, "c = %inject --no-wait bad name='x'", "gate.set()\n%settle"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    shown = [each["data"]["text/plain"] for each in notebook.cells[4].outputs if "data" in each]
    assert len(shown) == 1
    assert shown[0].startswith(f"bad · 1 message · {REASON}")
