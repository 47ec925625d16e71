"""Which calls of a cell are awaited, and that everything else stays as the person wrote it."""

from __future__ import annotations

import ast
import asyncio
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager

from xpipe_nb.notebook.transformer import AwaitOurCalls

OURS = {(f"run_{kind}_magic", name) for kind in ("line", "cell") for name in ("inject", "organism")}
ipython = TransformerManager()


def step(*, autoawait: bool = True, interactivity: str = "last_expr") -> AwaitOurCalls:
    return AwaitOurCalls(lambda: OURS, lambda: autoawait, lambda: interactivity)


def awaited(cell: str, **settings) -> str:
    """Give a cell as Python sees it: IPython's own transformation, then ours."""
    return "".join(step(**settings)(ipython.transform_cell(cell).splitlines(keepends=True)))


def marks(cell: str, **settings) -> list[str]:
    """Give what stands after each awaited call of ours."""
    return re.findall(
        r"\(await get_ipython\(\)\.run_(?:line|cell)_magic\(.*?\)(\.\w+\([^)]*\))?\)", awaited(cell, **settings)
    )


AWAITED = {
    "the only line": ("%inject a x", [".shown()"]),
    "a cell magic": ("%%inject a\n<A/>", [".shown()"]),
    "an organism": ("%%organism hello\nlisteners:\n  - a", [".shown()"]),
    "an assignment": ("x = %inject a 1", [".assigned('x')"]),
    "a typed assignment": ("x: int = %inject a 1", [".assigned('x')"]),
    "two targets": ("x, y = %inject a 1", [".assigned()"]),
    "an attribute": ("x.y = %inject a 1", [".assigned()"]),
    "several in one cell": ("%inject a 1\nx = %inject a 2\n%inject a 3", ["", ".assigned('x')", ".shown()"]),
    "in if": ("if True:\n    x = %inject a 1\nelse:\n    %inject a 2", [".assigned('x')", ""]),
    "in for": ("for i in range(3):\n    x = %inject a {i}", [".assigned('x')"]),
    "in while": ("while True:\n    %inject a 1\n    break", [""]),
    "in try": (
        "try:\n    x = %inject a 1\nexcept E:\n    %inject a 2\nfinally:\n    %inject a 3",
        [".assigned('x')", "", ""],
    ),
    "in with": ("with open('f') as f:\n    x = %inject a 1", [".assigned('x')"]),
    "in match": ("match 1:\n    case 1:\n        %inject a 1", [""]),
    "in async def": ("async def f():\n    x = %inject a 1\n    return x", [".assigned()"]),
    "in an async method": ("class A:\n    async def f(self):\n        %inject a 1", [""]),
    "in async def in def": ("def g():\n    async def f():\n        %inject a 1\n    return f", [""]),
    "in an async generator": ("async def f():\n    x = %inject a 1\n    yield x", [".assigned()"]),
    "with braces and dollars": ("%inject a Note('$x {y}')", [".shown()"]),
    "with quotes": ("""%inject a Note("it's")""", [".shown()"]),
    "after a comment of the same name": ("# %inject a\nx = %inject a 1  # %inject", [".assigned('x')"]),
    "beside a string of the same name": ('s = \'%inject a\'; t = """\n%inject b\n"""\n%inject a 1', [".shown()"]),
    "after other letters": ("é = 'ü漢🎈'; s = 1\nä = %inject a 'ö'", [".assigned('ä')"]),
    "beside another magic": ("%time 1\n%inject a 1", [".shown()"]),
    "after a form feed": ("x = 1\n\x0c\ny = get_ipython().run_line_magic('inject', 'a')", [".assigned('y')"]),
    "Windows line ends": ("x = 1\r\ny = %inject a 1\r\n", [".assigned('y')"]),
}


@pytest.mark.parametrize("name", AWAITED)
def test_our_calls_are_awaited_where_python_can_wait(name) -> None:
    """Each call of ours is awaited, and told where its value goes."""
    cell, expected = AWAITED[name]
    assert marks(cell) == expected


UNCHANGED = {
    "no name of ours": "%time 1\nx = 2",
    "a comment": "# %inject a\nx = 1",
    "a string": 'x = \'get_ipython().run_line_magic("inject", "a")\'',
    "a def": "def f():\n    x = %inject a 1\n    return x",
    "a class body": "class A:\n    x = %inject a 1",
    "a lambda": "f = lambda: get_ipython().run_line_magic('inject', 'a')",
    "a generator expression": "g = (get_ipython().run_line_magic('inject', 'a') for _ in 'ab')",
    "an f-string": "f\"{get_ipython().run_line_magic('inject', 'a')}\"",
    "somebody's method of that name": "shell.run_line_magic('inject', 'a')",
    "a name that is not literal": "get_ipython().run_line_magic(inject, 'a')",
    "a magic with a longer name": "%injected a",
    "inside %%timeit": "%%timeit\n%inject a 1",
    "inside %%time, with no twin": "%%time\n%inject a 1",
    "a cell that does not parse": "x = (\n%inject a 1",
    "a cell that Python refuses": "return get_ipython().run_line_magic('inject', 'a')",
    "awaited by hand": "x = await get_ipython().run_line_magic('inject', 'a')",
    "nothing": "",
}


@pytest.mark.parametrize(
    ("cell", "changed"),
    [
        ("%%time\n%inject a 1", "(await get_ipython().run_cell_magic('xp_time', '', '%inject a 1\\n').shown())\n"),
        ("%%time\nx = 1", "get_ipython().run_cell_magic('time', '', 'x = 1\\n')\n"),
        ("%time x = %inject a 1", "(await get_ipython().run_line_magic('xp_time', 'x = %inject a 1').shown())\n"),
        ("%%capture k\n%settle", "(await get_ipython().run_cell_magic('xp_capture', 'k', '%settle\\n').shown())\n"),
        ("%%timeit\n%inject a 1", "get_ipython().run_cell_magic('timeit', '', '%inject a 1\\n')\n"),
    ],
)
def test_time_and_capture_become_their_twins_where_our_calls_stand_in_them(cell, changed) -> None:
    """Only their name changes, and only where the body has calls of ours."""
    ours = OURS | {("run_cell_magic", "xp_time"), ("run_line_magic", "xp_time"), ("run_cell_magic", "xp_capture")}
    step = AwaitOurCalls(lambda: ours, lambda: True, lambda: "last_expr")
    assert "".join(step(ipython.transform_cell(cell).splitlines(keepends=True))) == changed


@pytest.mark.parametrize("name", UNCHANGED)
def test_everything_else_stays_the_very_same(name) -> None:
    """A cell without a call that can wait comes back as the same object."""
    lines = ipython.transform_cell(UNCHANGED[name]).splitlines(keepends=True)
    assert step()(lines) is lines


def test_without_autoawait_nothing_changes() -> None:
    """`%autoawait off` is respected."""
    assert "await" not in awaited("%inject a 1", autoawait=False)


@pytest.mark.parametrize(
    ("interactivity", "expected"),
    [
        ("last_expr", ["", ".shown()"]),
        ("last_expr_or_assign", ["", ".shown()"]),
        ("last", ["", ".shown()"]),
        ("all", [".shown()", ".shown()"]),
        ("none", ["", ""]),
    ],
)
def test_only_the_values_that_ipython_will_show_are_marked(interactivity, expected) -> None:
    """The mark keeps a reply from being shown twice, so it follows IPython's own setting."""
    assert marks("%inject a 1\n%inject a 2", interactivity=interactivity) == expected


@pytest.mark.parametrize("name", AWAITED)
def test_doing_it_twice_changes_nothing(name) -> None:
    """A call that is awaited stays as it is, so a step that was added twice does no harm."""
    once = awaited(AWAITED[name][0])
    assert "".join(step()(once.splitlines(keepends=True))) == once


@pytest.mark.parametrize("name", AWAITED)
def test_every_statement_keeps_its_line_and_column(name) -> None:
    """Tracebacks point where the person looks: no statement moves."""
    before = ast.parse(ipython.transform_cell(AWAITED[name][0]))
    after = ast.parse(awaited(AWAITED[name][0]))

    def places(tree):
        return [(type(node), node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, ast.stmt)]

    assert places(before) == places(after)


class Counted:
    """A stand-in for `get_ipython()` that records what was run."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, ...]] = []

    def run_line_magic(self, *words):
        self.ran.append(words)
        return self

    run_cell_magic = run_line_magic

    def assigned(self, *names):
        return self

    def shown(self):
        return self

    def __await__(self):
        yield from asyncio.sleep(0).__await__()
        return len(self.ran)


pieces = st.sampled_from([
    "x = 1", "%inject a 1", "y = %inject b 'ü'", "s = '%inject'", "# %inject a", "漢 = 'é'; z = 2",
    "for i in range(2):\n    y = %inject a {i}", "if x:\n    %inject c 3", "async def f():\n    return 1", "t = f'{x!r}'",
    "def g():\n    return '''\n%inject a\n'''", "try:\n    w = %inject d 4\nfinally:\n    x = 5", "''", "\t", "",
])  # fmt: skip


@given(st.lists(pieces, max_size=6).map("\n".join))
def test_a_changed_cell_does_what_the_cell_did_with_each_call_awaited(cell) -> None:
    """Any mixture of statements runs the same magics in the same order, and each result has been waited for."""
    cell = "x = 0\n" + cell
    shell = Counted()
    names = {"get_ipython": lambda: shell}
    code = compile(awaited(cell), "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(code, names)
    if asyncio.iscoroutine(result):
        asyncio.run(result)
    plain = Counted()
    exec(ipython.transform_cell(cell), {"get_ipython": lambda: plain})
    assert shell.ran == plain.ran
    assert not isinstance(names.get("y"), Counted)
    assert not isinstance(names.get("w"), Counted)


@given(st.text(max_size=60))
def test_no_text_makes_the_step_raise(text) -> None:
    """Whatever stands in a cell, the step gives lines back."""
    lines = (text + "get_ipython().run_line_magic('inject', '')").splitlines(keepends=True)
    assert isinstance(step()(lines), list)


def test_names_that_are_no_longer_ours_are_left_alone() -> None:
    """When somebody else takes a name over after us, its calls are theirs."""
    lines = ["get_ipython().run_line_magic('inject', 'a')\n"]
    assert (
        AwaitOurCalls(
            lambda: {("run_cell_magic", "inject"), ("run_line_magic", "organism")}, lambda: True, lambda: "last_expr"
        )(lines)
        is lines
    )
