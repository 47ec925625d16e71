"""Build what xpipe_nb carries for browsers: the labextension and the widget.

    python labextension/build.py          build both, into xpipe_nb/
    python labextension/build.py --check  only tell whether what is there is what would be built

The built files are kept with the sources, so that nobody needs Node, or the network, to install xpipe_nb.
Run it by `make labextension`, which brings Node and the packages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "xpipe_nb"
BUILT = tuple(filter(Path.is_dir, (PACKAGE / "labextension", PACKAGE / "notebook" / "static")))


def main() -> str | None:
    """Build, or compare; gives what went wrong."""
    if sys.argv[1:] == ["--check"]:
        return check()
    build()
    return None


def check() -> str | None:
    """Build, compare with what was there, and put that back."""
    with tempfile.TemporaryDirectory() as temporary:
        before = Path(temporary)
        for number, folder in enumerate(BUILT):
            shutil.copytree(folder, before / str(number))
        manifest = (HERE / "package.json").read_bytes()
        try:
            build()
            stale = [name for number, folder in enumerate(BUILT) for name in _differences(before / str(number), folder)]
        finally:
            (HERE / "package.json").write_bytes(manifest)
            for number, folder in enumerate(BUILT):
                shutil.rmtree(folder, ignore_errors=True)
                shutil.copytree(before / str(number), folder)
    return f"Not what the sources give: {', '.join(stale)}. Run: make labextension, and commit it." if stale else None


def build() -> None:
    """Build both, with the version of the package."""
    manifest = HERE / "package.json"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r'"version": "[^"]*"', f'"version": "{_version()}"', text, count=1), encoding="utf-8")
    # The Node of the environment goes before the machine's, which may be old.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    command = [shutil.which("jlpm", path=path) or "jlpm", "run", "build"]
    subprocess.run(command, cwd=HERE, check=True, env={**os.environ, "PATH": path}, stdout=sys.stderr)


def _version() -> str:
    """Give the version as npm writes it: 1.2.0rc1 is 1.2.0-rc1."""
    text = (PACKAGE / "_version.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([0-9.]+)\.?([^"]*)"', text)
    if found is None:
        raise SystemExit("xpipe_nb/_version.py holds no version")
    return "-".join(filter(None, found.groups()))


def _differences(one: Path, other: Path) -> list[str]:
    files = {path.relative_to(root) for root in (one, other) for path in root.rglob("*") if path.is_file()}
    return sorted(str(other / name) for name in files if _read(one / name) != _read(other / name))


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


if __name__ == "__main__":
    sys.exit(main())
