"""Kernels that several tests of one file share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.kernels import CELLS, LOAD, ORGANISM, OTHER_KERNEL, Kernel, kernel_in


@pytest.fixture(scope="module")
def hello(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the organism of the story; each test leaves `hello` running."""
    if OTHER_KERNEL in os.environ:
        # These files are run again, one after the other in one process: there they share the kernel as well.
        kernel = request.getfixturevalue("other")
        for cell in ("%unload_ext xpipe_nb", LOAD, CELLS, ORGANISM):
            assert not (ran := kernel(cell)).error, ran.said
        yield kernel
        return
    with kernel_in(tmp_path_factory.mktemp("kernel"), LOAD, CELLS, ORGANISM) as kernel:
        yield kernel


@pytest.fixture(scope="session")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel of another version."""
    with kernel_in(tmp_path_factory.mktemp("kernel"), LOAD) as kernel:
        yield kernel


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of the test's own, in which nothing has run."""
    with kernel_in(tmp_path) as kernel:
        yield kernel
