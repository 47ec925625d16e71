"""`make demo`: a notebook runs in a real kernel, and its outputs are printed as text."""

from __future__ import annotations

import shutil
import subprocess
from runpy import run_path

import nbformat
import pytest

from tests.support import ROOT, fresh_python

FIRST = ROOT / "notebooks" / "01-hello-organism.ipynb"


@pytest.fixture
def printed(capsys):
    """Run the demo's printer on the notebook of a path: its exit status, and what it says."""

    def run(path):
        status = run_path(str(ROOT / "notebooks" / "run.py"))["main"]([str(path)])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def demo(tmp_path, printed):
    """Do the same with a notebook made of these cells."""

    def run(*sources: str):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        path = tmp_path / "some.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        return printed(path)

    return run


def test_the_first_tutorial_runs_and_shows_its_outputs():
    """The demo is the first tutorial, headless, with what a reader would see."""
    done = fresh_python("notebooks/run.py", str(FIRST))
    assert done.returncode == 0, done.stderr
    assert "%load_ext xpipe_nb" in done.stdout
    assert "HELLO WORLD" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    ended = "every cell did what it should; 2 failed on purpose, the last of them because its exercise is yours to do"
    assert done.stdout.rstrip().endswith(ended)


def test_a_cell_is_shown_with_its_outputs(demo):
    """Source first, then prints and the result, as text."""
    status, out, _ = demo("print('said')\n6 * 7")
    assert status == 0
    assert "▸ print('said')\n  6 * 7\n    said\n    42\n" in out


def test_a_long_cell_is_shown_by_its_first_lines(demo):
    """A demo fits on a screen."""
    _, out, _ = demo("\n".join(f"a{i} = {i}" for i in range(20)))
    assert "a4 = 4\n  … 15 more lines" in out
    assert "a5" not in out


def test_a_cell_that_fails_fails_the_demo(demo):
    """What breaks is named, and later cells do not run."""
    status, out, errors = demo("1 / 0", "print('later')")
    assert status == 1
    assert "ZeroDivisionError" in errors
    assert "later" not in out


def test_a_notebook_that_is_not_there_is_named(printed):
    """A wrong path is one line, no traceback."""
    assert printed("nowhere.ipynb") == (1, "", "There is no notebook nowhere.ipynb.\n")


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
def test_the_help_of_make_has_two_columns():
    """Every target and what it does, the second column under itself."""
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    width = max(len(row.split()[0]) for row in rows)
    assert "labextension" in done.stdout
    assert all(row[2 + width] == " " and row[3 + width] != " " for row in rows), done.stdout
