"""The package is built in floors: a module imports its own floor or a lower one, and rules know no event loop.

A new file must be placed in the table below, or this test fails: deciding where a thing belongs is part of writing it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support import ROOT

ROOF = 6
FLOORS: dict[int, tuple[str, ...]] = {
    0: (  # words: types that everything else speaks in
        "_version",
        "errors",
        "events",
        "history",
        "limits",
        "messages",
        "names",
        "thread_ids",
        "wording",
    ),
    1: (  # rules: they decide, and never wait
        "budgets",
        "changes",
        "check",
        "config",
        "depth_first",
        "directory",
        "env_file",
        "failures",
        "frame_rules",
        "frames",
        "identity",
        "listeners",
        "message_log",
        "payloads",
        "prompts",
        "replies",
        "routing",
        "scheduling",
        "settings",
        "state_address",
        "todos",
        "xml",
    ),
    2: (  # flow: how work moves, and the side tower of pictures
        "accounts",
        "breakpoints",
        "calls",
        "composing",
        "conversation",
        "conversations",
        "crew",
        "dispatch",
        "doors",
        "effects",
        "exchange",
        "held",
        "inbox",
        "letters",
        "listed_stages",
        "losses",
        "metadata",
        "operators",
        "own_stages",
        "passages",
        "pipeline",
        "questions",
        "reception",
        "reloading",
        "resending",
        "sealing",
        "services",
        "settlements",
        "sources",
        "stage_list",
        "spending",
        "stages",
        "stores",
        "views",
        "workers",
    ),
    3: (  # the running machine, put together
        "bootstrap",
        "controls",
        "known",
        "looks",
        "organism",
        "parts",
        "primitives",
        "pump",
        "roster",
    ),
    4: ("cli",),  # the same from a command line
    5: ("notebook",),  # the only place that knows Jupyter
    ROOF: ("", "__main__"),  # the public names
}
"""Each floor's modules and packages, without the leading `xpipe_nb.`; a package stands for all that is in it."""

COMING: set[str] = set()
"""Places that are kept for packages not yet written."""

TOWER = {"views": {"views", *FLOORS[0], *FLOORS[1]}}
"""What a side tower may see: words and rules, never the machine."""

NOTEBOOK_ONLY = {"IPython", "anywidget", "ipywidgets", "traitlets"}
"""Imported on the notebook's floor only."""

DRAWING = {"graphviz", "pygraphviz"}
"""Imported inside the functions that draw, never at the top of a module."""

SIGNING = {"cryptography"}
"""Imported inside the functions that make, read and use keys; only where there is an identity."""

FLOOR_OF = {name: floor for floor, names in FLOORS.items() for name in names}
PACKAGE = ROOT / "xpipe_nb"
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
    for path in sorted(PACKAGE.rglob("*.py"))
}


def place(module: str) -> str:
    """The entry of the table that a module falls under."""
    return module.partition(".")[0]


def imported(path: Path, *, top_only: bool = False) -> set[str]:
    """The full names of all modules that a file imports, also inside functions and for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: write `from xpipe_nb.…`, not a relative import"
            submodules = {alias.name for alias in node.names if node.module == "xpipe_nb" and alias.name in MODULES}
            found.update(f"xpipe_nb.{name}" for name in submodules)
            if len(submodules) < len(node.names):
                found.add(node.module or "")
    return found


def neighbours(path: Path) -> set[str]:
    """The modules of this package that a file imports, without `xpipe_nb.`; "" is the roof."""
    ours = {name for name in imported(path) if name.split(".")[0] == "xpipe_nb"}
    return {name.removeprefix("xpipe_nb").lstrip(".") for name in ours}


def modules_on(*floors: int) -> list[str]:
    """The names of the modules that stand on these floors."""
    return [name for name in MODULES if FLOOR_OF.get(place(name)) in floors]


def offenders(modules: Iterable[str], forbidden: Callable[[str], set[str]]) -> dict[str, set[str]]:
    """Which of the modules import what they must not, and what that is."""
    found = {module: forbidden(module) for module in modules}
    return {module: names for module, names in found.items() if names}


def foreign(module: str, *, top_only: bool = False) -> set[str]:
    """The outermost packages that a module imports."""
    return {place(name) for name in imported(MODULES[module], top_only=top_only)}


def test_every_module_stands_on_a_floor():
    """A file that the table does not place is not finished."""
    homeless = [module for module in MODULES if place(module) not in FLOOR_OF]
    assert not homeless, f"place these on a floor, in the table of {Path(__file__).name}"


def test_a_module_imports_its_own_floor_or_lower():
    """Words know nothing of rules, rules nothing of flow, and nothing knows the notebook."""

    def above(module: str) -> set[str]:
        floor = FLOOR_OF[place(module)]
        return {name for name in neighbours(MODULES[module]) if FLOOR_OF.get(place(name), ROOF) > floor}

    assert offenders(modules_on(*range(ROOF)), above) == {}


def test_a_side_tower_never_sees_the_machine():
    """Pictures are made of words and rules, so that they can be drawn of a saved run too."""

    def machine(module: str) -> set[str]:
        return {name for name in neighbours(MODULES[module]) if place(name) not in TOWER[place(module)]}

    assert offenders([name for name in MODULES if place(name) in TOWER], machine) == {}


def test_words_and_rules_know_no_event_loop():
    """What decides can be tested without waiting."""
    assert offenders(modules_on(0, 1), lambda module: foreign(module) & {"asyncio", "aiostream"}) == {}


def test_the_core_never_imports_jupyter():
    """Everything beside the notebook's floor runs where no notebook is installed."""
    assert offenders(modules_on(0, 1, 2, 3, 4), lambda module: foreign(module) & NOTEBOOK_ONLY) == {}


def test_pictures_are_drawn_behind_a_door():
    """Graphviz is imported by the function that draws, so that importing us stays quick."""
    assert offenders(MODULES, lambda module: foreign(module, top_only=True) & DRAWING) == {}


def test_keys_are_handled_behind_a_door():
    """Only an organism with an identity pays for cryptography, and only one package knows it."""

    def elsewhere(module: str) -> set[str]:
        return foreign(module, top_only=place(module) == "identity") & SIGNING

    assert offenders(MODULES, elsewhere) == {}


def test_the_table_names_nothing_twice_and_nothing_that_is_gone():
    """One place for each name, so that the table can be read as the drawing."""
    names = [name for row in FLOORS.values() for name in row]
    assert sorted(names) == sorted(set(names))
    assert set(names) - set(map(place, MODULES)) <= COMING
