"""What is installed: wheel and sdist carry what browsers load, built, and nothing that is of use only here."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

pytest.importorskip("build", reason="it builds the distributions: pip install 'xpipe_nb[test]'")
pytest.importorskip("hatchling", reason="it builds the distributions: pip install 'xpipe_nb[test]'")

from tests.support import ROOT
from xpipe_nb._version import __version__

LAB = "share/jupyter/labextensions/xpipe_nb"


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist of this tree, and the wheel built from the sdist; with neither Node nor the network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, env={"PATH": ""})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> dict[str, bytes]:
    """The files of the wheel, where they are installed: modules by their path, data below `share`."""
    (path,) = distributions.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {
            name.removeprefix(f"xpipe_nb-{__version__}.data/data/"): archive.read(name) for name in archive.namelist()
        }


@pytest.fixture(scope="module")
def sdist(distributions: Path) -> set[str]:
    (path,) = distributions.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        return {str(PurePosixPath(*PurePosixPath(name).parts[1:])) for name in archive.getnames()}


def test_the_wheel_puts_the_labextension_where_jupyterlab_looks_for_it(wheel):
    """With the files that its manifest names, and the word that pip installed it."""
    manifest = json.loads(wheel[f"{LAB}/package.json"])
    load = manifest["jupyterlab"]["_build"]["load"]
    assert f"{LAB}/{load}" in wheel
    assert b"xpipe_nb" in wheel[f"{LAB}/{load}"]
    assert json.loads(wheel[f"{LAB}/install.json"])["packageName"] == "xpipe_nb"


def test_the_wheel_holds_nothing_twice_and_nothing_of_the_sources_of_the_browser(wheel):
    """The labextension is data; the sources, the tests and the notebooks stay in the sdist."""
    strange = [name for name in wheel if not name.startswith(("xpipe_nb/", "xpipe_nb-", f"{LAB}/"))]
    assert strange == []
    assert not [name for name in wheel if name.startswith("xpipe_nb/labextension") or "node_modules" in name]


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    """Also those that are not Python."""
    package = ROOT / "xpipe_nb"
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    names = [path.relative_to(ROOT).as_posix() for path in files]
    expected = {name.replace("xpipe_nb/labextension/", f"{LAB}/") for name in names}
    assert expected - wheel.keys() == set()


def test_the_wheel_is_small(wheel):
    """Half a megabyte packed is a lot for what it is."""
    assert sum(map(len, wheel.values())) < 2_500_000


def test_the_sdist_carries_the_built_files_and_their_sources(sdist):
    """So that it installs without Node, and so that everybody can build it anew."""
    manifest = json.loads((ROOT / "xpipe_nb/labextension/package.json").read_text(encoding="utf-8"))
    needed = {
        "labextension/build.py",
        "labextension/package.json",
        "labextension/src/index.ts",
        "labextension/style/index.css",
        "labextension/tsconfig.json",
        "labextension/yarn.lock",
        "xpipe_nb/labextension/package.json",
        f"xpipe_nb/labextension/{manifest['jupyterlab']['_build']['load']}",
    }
    assert needed - sdist == set()
    assert not [name for name in sdist if "node_modules" in name or name.startswith("labextension/lib")]


@pytest.mark.parametrize("path", ["labextension/package.json", "xpipe_nb/labextension/package.json"])
def test_the_labextension_has_the_version_of_the_package(path):
    """`make labextension` writes it, from xpipe_nb/_version.py."""
    found = json.loads((ROOT / path).read_text(encoding="utf-8"))["version"]
    assert found.replace("-", "") == __version__.replace(".dev", "dev")


def test_the_lock_file_names_no_host():
    """Everybody gets the packages from the registry of their own choice, and the same ones by their checksums."""
    text = (ROOT / "labextension/yarn.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert "archiveUrl" not in text
    assert text.count("checksum: ") > 100
