"""Importing the core is quiet: no Jupyter, no Graphviz, no output, whatever of it is imported."""

from __future__ import annotations

import json

import pytest

from tests.support import ROOT, fresh_python

LOUD = [
    "IPython", "anywidget", "cryptography", "dask", "distributed", "graphviz", "ipywidgets", "multiprocessing", "psutil",
    "pygraphviz", "redis", "tblib", "traitlets",
]  # fmt: skip
"""What only the notebook, or the function that draws, signs, shares or measures, may import."""

CORE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "xpipe_nb").rglob("*.py")
    if "notebook" not in path.parts and path.stem != "__main__"
)
"""Every module but the notebook's, and but the one whose import runs the command line."""

PROGRAM = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted(set(json.loads(sys.argv[2])) & set(sys.modules))))
"""


def loaded(modules: list[str], watched: list[str]) -> list[str]:
    """Which of the watched modules a fresh process has loaded once it has imported these."""
    done = fresh_python("-W", "error", "-c", PROGRAM, json.dumps(modules), json.dumps(watched))
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.mark.parametrize("modules", [["xpipe_nb"], CORE], ids=["xpipe_nb", "every-core-module"])
def test_the_core_loads_no_jupyter_and_no_graphviz(modules):
    """A server or a worker process that imports us pays for no notebook."""
    assert loaded(modules, LOUD) == []


HELLO = """
import asyncio, sys
from xpipe_nb import Organism, payload

@payload
class Say:
    text: str

async def echo(message: Say) -> Say:
    return message

async def main():
    async with Organism("quiet", [echo]) as organism:
        conversation = await organism.inject(Say("x"), to="echo")
        await conversation
        assert conversation.envelopes and b"sig" not in conversation.envelopes[0]

asyncio.run(main())
print("cryptography" in sys.modules, "cloudpickle" in sys.modules)
"""


def test_an_organism_pays_only_for_what_it_has():
    """Without an identity no cryptography is loaded, and without a cpu_bound listener nothing of worker processes."""
    done = fresh_python("-W", "error", "-c", HELLO)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False False\n", "")


def test_the_bare_package_loads_next_to_nothing():
    """`import xpipe_nb` finds its public names when they are first asked for."""
    assert loaded(["xpipe_nb"], ["aiostream", "asyncio", "lxml", "yaml"]) == []


def test_every_public_name_exists():
    """What the package lists it also has."""
    done = fresh_python("-c", "import xpipe_nb\nfor name in xpipe_nb.__all__: getattr(xpipe_nb, name)")
    assert (done.returncode, done.stderr) == (0, "")
