"""Run a notebook in a real kernel, without a browser, and print what a reader of it would see.

    python notebooks/run.py notebooks/01-hello-organism.ipynb

Exit status: 0 when every cell did what it should; 1 when a cell failed that is not tagged `raises-exception`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SOURCE_LINES = 6
"""A longer cell is shown by its first lines."""


def main(arguments: list[str] | None = None) -> int:
    """Run the notebook named on the command line."""
    parser = argparse.ArgumentParser(description="Run a notebook in a real kernel and print its cells and outputs.")
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--timeout", type=int, default=60, metavar="SECONDS", help="for one cell (default: 60)")
    options = parser.parse_args(arguments)
    if not options.notebook.exists():
        print(f"There is no notebook {options.notebook}.", file=sys.stderr)
        return 1
    return run(options.notebook, options.timeout)


def run(path: Path, timeout: int) -> int:
    """Execute every cell in order and print it as soon as it is done."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=timeout,
        startup_timeout=180,
        iopub_timeout=60,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_executed=lambda cell, cell_index, execute_reply: show(cell),  # noqa: ARG005 - the names are the client's
    )
    print(f"── {path} ──")
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"\n✗ {path}: a cell failed: {error.ename}: {error.evalue}", file=sys.stderr)
        return 1
    print(f"\n✓ {path}: every cell did what it should{on_purpose(notebook)}")
    return 0


def on_purpose(notebook: Any) -> str:
    """Say how many cells have failed because they are meant to; the last one of a tutorial is its exercise."""
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    failed = [cell for cell in codes if any(output.output_type == "error" for output in cell.get("outputs", []))]
    exercise = ", the last of them because its exercise is yours to do" if failed and failed[-1] is codes[-1] else ""
    return f"; {len(failed)} failed on purpose{exercise}" if failed else ""


def show(cell: Any) -> None:
    """Print one cell that has run: its source in brief, then its outputs as text."""
    lines = cell.source.splitlines()
    if len(lines) > SOURCE_LINES:
        lines[SOURCE_LINES - 1 :] = [f"… {len(lines) - SOURCE_LINES + 1} more lines"]
    print()
    for number, line in enumerate(lines):
        print("▸" if number == 0 else " ", line)
    for output in cell.get("outputs", []):
        for line in text_of(output).rstrip("\n").splitlines():
            print("   ", line)
    sys.stdout.flush()


def text_of(output: Any) -> str:
    """An output as the text a terminal can show."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return "\n".join(output.traceback) or f"{output.ename}: {output.evalue}"
    data = output.get("data", {})
    if "text/plain" in data:
        return str(data["text/plain"])
    return f"[{', '.join(data)}]"


if __name__ == "__main__":
    sys.exit(main())
