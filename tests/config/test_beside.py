"""What stands beside a configuration file: modules with its handlers, and the keys of this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support import run
from xpipe_nb import ConfigLoader, bootstrap, reset_stream_pump
from xpipe_nb.env_file import read_env_file

MODULE = """
import xpipe_nb

@xpipe_nb.payload
class Beside:
    text: str

async def handle(message: Beside) -> None: ...
"""
YAML = "listeners:\n  - {name: beside, handler: handlers_beside_this.handle}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An organism in a folder of its own, which is not where Python looks for modules."""
    monkeypatch.delitem(sys.modules, "handlers_beside_this", raising=False)
    (tmp_path / "handlers_beside_this.py").write_text(MODULE)
    (tmp_path / "organism.yaml").write_text(YAML)
    return tmp_path / "organism.yaml"


def test_import_paths_find_modules_beside_the_file(file: Path) -> None:
    """A file and its handlers can be moved together; the search path is as before afterwards."""
    before = list(sys.path)
    (listener,) = ConfigLoader.load(file).listeners
    assert listener.handler.__name__ == "handle"
    assert sys.path == before


def test_bootstrap_reads_the_env_file_and_overrides_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is set stays; one that is not is taken from `.env`, quotes and comments understood."""
    (file.parent / ".env").write_text('XPIPE_A="from file"  # a comment\nXPIPE_B=from file\n')
    monkeypatch.setenv("XPIPE_B", "set before")
    monkeypatch.setenv("XPIPE_A", "")
    monkeypatch.delenv("XPIPE_A")
    run(bootstrap(file))
    reset_stream_pump()
    assert (os.environ["XPIPE_A"], os.environ["XPIPE_B"]) == ("from file", "set before")


def test_no_env_file_is_no_fault(tmp_path: Path) -> None:
    """Most folders have none; folders above are not looked at."""
    (tmp_path / ".env").write_text("XPIPE_ABOVE=1\n")
    (tmp_path / "below").mkdir()
    assert not read_env_file(tmp_path / "below")
    assert "XPIPE_ABOVE" not in os.environ
