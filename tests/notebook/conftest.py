"""Kernels that several tests of one file share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.kernels import CELLS, LOAD, ORGANISM, Kernel, kernel_in


@pytest.fixture(scope="module")
def hello(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the organism of the story; each test leaves `hello` running."""
    with kernel_in(tmp_path_factory.mktemp("kernel"), LOAD, CELLS, ORGANISM) as kernel:
        yield kernel


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Kernel]:
    """A kernel of the test's own, in which nothing has run."""
    with kernel_in(tmp_path) as kernel:
        yield kernel
