"""The notebook in kernels of other versions: the tests of what differs there, run again beside each of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebook.kernels import OTHER_KERNEL, kernel_in
from tests.support import ROOT

VERSIONS = ("6.30", "7.1")
"""The oldest line that is promised whole, and the first minor of the present one; the newest is the installed one."""

SAME = [f"tests/notebook/test_{name}.py" for name in ("story", "outputs", "waiting", "edits", "blocking")]


@pytest.fixture(scope="module", params=VERSIONS)
def kernel_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this ipykernel and what it needs beyond the installed one."""
    folder = tmp_path_factory.mktemp(f"ipykernel-{request.param}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
    done = subprocess.run(
        [*install, f"ipykernel=={request.param}.*", "nest-asyncio"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"ipykernel {request.param} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    return folder


def test_the_notebook_is_the_same_there(kernel_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting, prints and displays under their cause, edits and the watchdog hold in every kernel that is promised."""
    monkeypatch.setenv(OTHER_KERNEL, str(kernel_folder))
    with kernel_in(tmp_path) as kernel:
        assert str(kernel_folder) in kernel("import ipykernel\nipykernel.__file__").value
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        "addopts=",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        "--deselect",
        "tests/notebook/test_blocking.py::test_stop_reaches_a_handler_while_another_cell_runs_in_a_thread",
        *SAME,
    ]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
