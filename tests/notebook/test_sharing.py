"""A notebook that was run and saved, by whatever tool, shows what happened without a kernel: as a picture and as text."""

from __future__ import annotations

import base64
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytest.importorskip("nbconvert", reason="it runs and exports the notebook: pip install 'xpipe_nb[test]'")
pytest.importorskip("papermill", reason="it runs the notebook: pip install 'xpipe_nb[test]'")

from nbconvert import HTMLExporter

from tests.support import ROOT

CELLS = (
    """\
%load_ext xpipe_nb
import xpipe_nb as xp

@xp.payload
class Say:
    text: str

@xp.listener(peers=["shouter"])
async def greeter(message: Say, meta) -> Say:
    async with meta.tokens(100) as spent:
        spent.prompt, spent.completion = 50, 10
    return await meta.call(Say(f"hello {message.text}"), to="shouter")

@xp.listener
def shouter(message: Say) -> Say:
    return Say(message.text.upper())""",
    "%%organism hello\nmax_tokens_per_thread: 1000\nlisteners:\n  - greeter\n  - shouter",
    '%inject greeter Say("<b>World</b>")',
    '%inject shouter Say("again")',
)
CHAINS = ("#1 done · greeter ▸ shouter · 2 messages", "#2 done · shouter · 1 message")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook that nobody has run."""
    folder = tmp_path_factory.mktemp("shared")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "fresh.ipynb")
    return folder


def run(folder: Path, *command: str) -> None:
    environment = {"PYTHONPATH": str(ROOT), "PATH": str(Path(sys.executable).parent), "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module", params=["nbconvert", "papermill"])
def saved(folder: Path, request: pytest.FixtureRequest) -> Path:
    """The notebook, run and saved by one tool."""
    path = folder / f"{request.param}.ipynb"
    if request.param == "nbconvert":
        run(folder, "nbconvert", "--to", "notebook", "--execute", "fresh.ipynb", "--output", path.name)
    else:
        run(folder, "papermill", "--no-progress-bar", "fresh.ipynb", path.name)
    return path


def picture_in(path: Path) -> dict[str, Any]:
    """The display of the cell that started the organism."""
    cell = next(each for each in nbformat.read(path, 4).cells if each.source.startswith("%%organism"))
    (data,) = (each.data for each in cell.outputs if "application/vnd.xpipe.view+json" in each.get("data", {}))
    return data


def says_it_all(text: str) -> None:
    """Assert that a text tells of the graph and the chains."""
    assert "greeter" in text
    for line in CHAINS:
        assert line in text


def svg_in(markup: str) -> str:
    """The words of the picture in an HTML text."""
    (encoded,) = set(re.findall(r'<img[^>]* src="data:image/svg\+xml;base64,([^"]+)"', markup))
    return html.unescape(re.sub(r"<[^>]+>", "\n", base64.b64decode(encoded).decode()))


def test_graph_and_chains_are_there_as_text_as_picture_and_as_data(saved: Path) -> None:
    """In their final state, and with no widget that nothing would answer."""
    data = picture_in(saved)
    assert "application/vnd.jupyter.widget-view+json" not in data
    says_it_all(data["text/plain"])
    says_it_all(svg_in(data["text/html"]))
    snapshot = data["application/vnd.xpipe.view+json"]
    assert [edge["sent"] for edge in snapshot["graph"]["edges"]] == [1, 1, 1]
    assert [each["state"] for each in snapshot["threads"]["conversations"]] == ["done", "done"]
    assert "widgets" not in json.loads(saved.read_text(encoding="utf-8"))["metadata"]


def test_an_exported_page_shows_them_too(saved: Path) -> None:
    """The picture, with the text for who cannot see it; what was sent is text."""
    page, _ = HTMLExporter().from_filename(str(saved))
    says_it_all(svg_in(page))
    (alt,) = re.findall(r'<img[^>]* alt="([^"]*greeter[^"]*)"', page)
    says_it_all(html.unescape(alt))
    assert "HELLO &lt;B&gt;WORLD&lt;/B&gt;" in page
    assert "<B>" not in page
