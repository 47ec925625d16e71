"""The tutorials: their form, that their saved outputs are the truth, and that each exercise can be solved."""

from __future__ import annotations

import json
import re
from pathlib import Path
from runpy import run_path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support import PATIENT, ROOT

TUTORIALS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))

SOLUTIONS = {
    "00-start-here": {
        "return Words(message.text)  # change this line": 'return Words(f"{message.text} {message.text}")',
    },
    "01-hello-organism": {
        "    # when in doubt, answer here": """\
    if message.name.endswith("?"):
        return Shout(greeting.name)""",
    },
    "02-calls-answers-errors": {
        """\
    # catch what this call raises
    return await meta.call(Greeting(f"hello {message.name}"), to="shouter")""": """\
    try:
        return await meta.call(Greeting(f"hello {message.name}"), to="shouter")
    except xp.CallFailed:
        return Reply(f"hello {message.name}")""",
    },
    "03-messages-that-cannot-be-wrong": {
        "customer: str  # 2. not empty": "customer: Annotated[str, at.MinLen(1)]",
        "teapots: int  # 1. from 1 to 12": "teapots: Annotated[int, at.Interval(ge=1, le=12)]",
    },
    "04-cpu-bound": {
        "@lab.listener(timeout=5)  # one word is missing here": "@lab.listener(timeout=5, cpu_bound=True)",
    },
    "05-watch-and-control": {
        'liar = "nobody"  # who is it?': 'liar = "anna"',
    },
    "12-the-pipeline": {
        "pass  # put a new Name there": "delivery.payload = Name(delivery.payload.name.strip())",
    },
}
"""For each tutorial, what a reader changes in the last code cell."""

each_tutorial = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def saved(path: Path, target: Path) -> dict:
    """Run a tutorial in a fresh kernel and give it as notebooks/save.py would save it, but for the images."""
    nbformat.write(run_path(str(ROOT / "notebooks" / "save.py"))["executed"](path), target)
    return without_images(target)


def without_images(path: Path) -> dict:
    """Give a notebook file without its PNGs and the places in its views: they go by the fonts of the machine."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("image/png", None)
            output.get("data", {}).get("application/vnd.xpipe.view+json", {}).pop("graph", None)
            if output["output_type"] == "error" and output["ename"] == "AssertionError":
                del output["traceback"]  # IPython's own: its colours and arrows change with its version
    return notebook


def test_every_tutorial_has_a_solution() -> None:
    """A folder that was renamed does not pass by having nothing to check, and no exercise goes untried."""
    assert [path.stem for path in TUTORIALS] == sorted(SOLUTIONS)


@each_tutorial
def test_its_links_lead_to_notebooks_that_exist(path) -> None:
    """No tutorial promises one that is not there."""
    prose = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)]+)\)", prose)
    assert [link for link in links if not (path.parent / link).exists()] == []


@each_tutorial
def test_it_says_what_you_will_learn_and_is_short(path) -> None:
    """It opens with what you will learn, and has at most twelve code cells, the last of which is the exercise."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert "What you will learn" in notebook.cells[0].source
    assert len(code_cells(notebook)) <= 12
    last = code_cells(notebook)[-1]
    assert last.source.splitlines()[-1].startswith("%expect ")
    assert last.metadata["tags"] == ["raises-exception"]


@each_tutorial
def test_its_saved_outputs_are_what_a_fresh_kernel_shows(path, tmp_path, monkeypatch) -> None:
    """What a reader sees without running anything is what running gives; python notebooks/save.py renews it."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert saved(path, tmp_path / path.name) == without_images(path)


@each_tutorial
def test_nothing_in_it_changes_by_itself(path) -> None:
    """No ids (but one of zeros, which a person wrote), clock times or folders of somebody's machine stand in the file."""
    text = path.read_text(encoding="utf-8").replace("00000000-0000-4000-8000-000000000000", "")
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-", text)
    assert not re.search(r"\d\d:\d\d:\d\d", text)
    assert not re.search(r"/home/|/root/|/tmp/|0x[0-9a-f]{8}", text)


@each_tutorial
def test_it_runs_twice_in_one_kernel_and_its_exercise_can_be_done_in_between(path) -> None:
    """Run All may be chosen again, and no cell minds that it, or those below it, ran before.

    The exercise's own check fails as saved, and the solution makes it pass without the tag that allows failing.
    """
    notebook = nbformat.read(path, as_version=4)
    again = nbformat.read(path, as_version=4).cells
    for cell in again:
        cell.id = f"{cell.id}-again"
    solved = solved_exercise(path)
    notebook.cells += [solved, *again]
    NotebookClient(notebook, **PATIENT, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    failed = [
        (cell.id, output.ename)
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    half = len(failed) // 2
    assert [(f"{name}-again", error) for name, error in failed[:half]] == failed[half:]
    assert "✓" in solved.outputs[-1].text


def solved_exercise(path: Path) -> nbformat.NotebookNode:
    """Give the last code cell as a reader leaves it."""
    exercise = code_cells(nbformat.read(path, as_version=4))[-1]
    (error,) = (output for output in exercise.outputs if output.output_type == "error")
    assert error.ename in ("ConversationFailed", "ExpectationFailed")
    assert not any("Traceback" in line for line in error.traceback)
    for before, after in SOLUTIONS[path.stem].items():
        assert before in exercise.source
        exercise.source = exercise.source.replace(before, after)
    exercise.id = f"{exercise.id}-solved"
    exercise.metadata["tags"] = []
    return exercise


def test_run_all_stops_at_a_mistake(tmp_path, monkeypatch, capsys) -> None:
    """A mistake fails its cell, so what stands below does not run on wrong premises."""
    cells = [nbformat.v4.new_code_cell(text) for text in ("%load_ext xpipe_nb", "%inject nobody x", "print('ran')")]
    path = tmp_path / "broken.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert run_path(str(ROOT / "notebooks" / "save.py"))["main"]([str(path)]) == 1
    assert "No organism is running" in capsys.readouterr().err
    assert nbformat.read(path, as_version=4).cells[2].outputs == []
