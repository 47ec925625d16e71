"""Run a notebook in a real kernel and save it with its outputs, so that nothing but what a reader sees has changed.

    python notebooks/save.py notebooks/01-hello-organism.ipynb [--to OTHER.ipynb]

Times, versions and everything else that would differ from one run to the next are left out, and so is what a cell shows
that is tagged `not-saved`, because it tells of this machine; the counts of the cells are those of a fresh
kernel. Exit status 1, and nothing is saved, when a cell fails that is not tagged `raises-exception`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main(arguments: list[str] | None = None) -> int:
    """Run and save the notebook named on the command line."""
    parser = argparse.ArgumentParser(description="Run a notebook and save it with its outputs.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--to", type=Path, help="save it there instead")
    options = parser.parse_args(arguments)
    try:
        notebook = executed(options.notebook)
    except CellExecutionError as error:
        print(f"✗ {options.notebook}: {error.ename}: {error.evalue}", file=sys.stderr)
        return 1
    nbformat.write(notebook, options.to or options.notebook)
    return 0


def executed(path: Path) -> Any:
    """Give the notebook with fresh outputs."""
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        notebook,
        timeout=180,
        startup_timeout=180,
        iopub_timeout=60,  # what comes late would be left out
        kernel_name="python3",
        resources=resources,
        record_timing=False,
        coalesce_streams=True,
    )
    client.execute()
    for cell in notebook.cells:
        if "not-saved" in cell.metadata.get("tags", []):
            cell.outputs = []
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


if __name__ == "__main__":
    sys.exit(main())
