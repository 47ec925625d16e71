"""Which modules a worker watches, and when one of their files counts as another."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import time_ns
from typing import Any

import pytest

from xpipe_nb.workers.imported import Imported

Import = Callable[[Path], Any]


@pytest.fixture
def imports(monkeypatch: pytest.MonkeyPatch) -> Import:
    """Writes a module into a folder and imports it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def imported(folder: Path) -> Path:
        folder.mkdir(exist_ok=True)
        file = folder / f"module_of_{abs(hash(folder))}.py"
        file.write_text("VALUE = 1")
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setitem(sys.modules, file.stem, importlib.import_module(file.stem))
        return file

    return imported


def test_a_file_that_is_another_is_seen(tmp_path: Path, imports: Import) -> None:
    """By its time, its length, or because it is gone."""
    imported = Imported()
    file = imports(tmp_path)
    imported.note(time_ns())
    assert not imported.is_outdated
    when = file.stat().st_mtime_ns
    os.utime(file, ns=(when, when - 1))
    assert imported.is_outdated
    os.utime(file, ns=(when, when))
    assert not imported.is_outdated
    file.unlink()
    assert imported.is_outdated


def test_a_file_that_was_changed_while_it_was_imported_is_not_trusted(tmp_path: Path, imports: Import) -> None:
    """Nobody can tell whether it was read before or after."""
    imported, began = Imported(), time_ns()
    file = imports(tmp_path)
    os.utime(file, ns=(began + 1, began + 1))
    imported.note(began)
    assert imported.is_outdated


def test_what_was_there_before_and_what_is_installed_is_left_alone(tmp_path: Path, imports: Import) -> None:
    """A fresh process would have the same of the first, and of the second nobody edits anything."""
    before = imports(tmp_path)
    imported = Imported()
    installed = imports(tmp_path / "site-packages")
    imported.note(time_ns())
    before.unlink()
    installed.unlink()
    assert not imported.is_outdated
