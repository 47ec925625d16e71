"""The README tells the truth: its cells run in a real kernel, its program runs, and what it names exists."""

from __future__ import annotations

import re
from dataclasses import dataclass

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support import PATIENT, ROOT, fresh_python

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Block:
    """A fenced block of the README, and the heading that it stands under."""

    heading: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Every fenced block, in order."""
    found: list[Block] = []
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        fences = re.findall(r"^```(\w+)\n(.*?)^```$", body, flags=re.MULTILINE | re.DOTALL)
        found += [Block(heading.strip(), language, text) for language, text in fences]
    return found


STORY = [block.text for block in blocks() if block.heading == "The story"]
PROGRAMS = [block.text for block in blocks() if block.language == "python" and block.heading != "The story"]


def test_the_story_and_the_programs_were_found():
    """A README that was laid out anew does not pass by having nothing to check."""
    assert len(STORY) >= 6
    assert PROGRAMS


@pytest.fixture(scope="module")
def story():
    """The story's cells after they ran, one after the other, in a real kernel."""
    cells = [nbformat.v4.new_code_cell(text.rstrip("\n")) for text in STORY]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, **PATIENT, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    return notebook


def test_the_story_works_word_for_word(story):
    """Every cell of the story that sends a message shows the shouted greeting."""
    sending = [cell for cell in story.cells if "World" in cell.source]
    assert len(sending) >= 3
    for cell in sending:
        assert "HELLO WORLD" in shown(cell)


def shown(cell) -> str:
    """All that a cell shows, as text."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return "\n".join(texts)


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_a_program_of_the_readme_runs(program):
    """What a newcomer copies runs as it stands, and prints what its comments say."""
    done = fresh_python("-W", "error", "-c", program)
    assert (done.returncode, done.stderr) == (0, "")
    promised = re.findall(r"print\(.*\)  # (.*)", program)
    assert done.stdout.splitlines() == promised


def test_every_file_that_the_readme_links_to_exists():
    """A link leads somewhere."""
    links = [target for target in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in target]
    assert [target for target in links if not (ROOT / target).exists()] == []


def test_every_make_target_that_the_readme_names_exists():
    """A command that is written down works."""
    named = set(re.findall(r"^make (\w+)|`make (\w+)`", TEXT, flags=re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {first or second for first, second in named} <= targets
