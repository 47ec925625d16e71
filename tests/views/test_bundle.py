"""The widget's bundle: it is kept with the sources, small, and exactly what the sources give."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

STATIC = ROOT / "xpipe_nb" / "notebook" / "static"
LAB = ROOT / "labextension"
ESBUILD = LAB / "node_modules" / ".bin" / "esbuild"


def test_the_bundle_is_small():
    """At most 150 kB as a page loads it."""
    assert sum(len(gzip.compress(path.read_bytes())) for path in STATIC.iterdir()) <= 150_000


def test_the_bundle_asks_for_nothing_outside():
    """No other host, no script of somebody else, no text taken for markup."""
    for name in ("view.js", "loader.js"):
        text = (STATIC / name).read_text(encoding="utf-8")
        assert set(re.findall(r"https?://[\w./]+", text)) <= {"http://www.w3.org/2000/svg"}
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "fetch(", "XMLHttpRequest", "eval(", ".href"):
            assert word not in text, word


def test_the_bundle_is_what_the_sources_give(tmp_path: Path):
    """Whoever changes a source builds anew: `make labextension`."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # our own Node goes first
    if not ESBUILD.exists() or shutil.which("node", path=path) is None:
        pytest.skip("needs Node and the packages of labextension/: run make labextension")
    scripts = (LAB / "package.json").read_text(encoding="utf-8")
    commands = re.search(r'"build:widget": "([^"]+)"', scripts)
    assert commands is not None
    for command in commands[1].split(" && "):
        words = command.replace("../xpipe_nb/notebook/static", str(tmp_path)).split()
        assert words[0] == "esbuild"
        environment = {**os.environ, "PATH": path}
        subprocess.run(
            [str(ESBUILD), *words[1:]], cwd=LAB, check=True, capture_output=True, timeout=60, env=environment
        )
    for built in tmp_path.iterdir():
        assert built.read_bytes() == (STATIC / built.name).read_bytes(), f"{built.name} is out of date"
    assert {built.name for built in tmp_path.iterdir()} == {"view.js", "view.css"}
