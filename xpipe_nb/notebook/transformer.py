"""Waiting for our magics: a step that puts `await` before the calls IPython has made of them.

IPython turns `x = %inject greeter …` into `x = get_ipython().run_line_magic('inject', …)`. This step, the last that
sees the text of a cell, finds exactly those calls and writes `x = (await … .assigned('x'))`, so that IPython's own
autoawait runs the cell on the kernel's loop. What it keeps:

- A cell without our names is not even parsed, and a cell that cannot be read or changed safely stays as it is.
- Only our own calls change: no line is added, and nothing before a call moves.
- A call that is awaited already stays as it is, so doing it twice changes nothing.
- Where nobody can `await` (a plain `def`, a `lambda`, a class body, a generator expression, below another magic) the
  call stays; what it returns has started by itself and says that nobody waits.
- A cell magic of ours with nothing below it gets an empty line, so that it is called at all and can say what it needs.
- `%load_ext xpipe_nb` does nothing where we are loaded: IPython would say so, and a second Run All would differ.
- `%%time` and `%%capture` with our calls in their body become twins of ours that can await.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from xpipe_nb.notebook.twins import PREFIX, TWINS, has_calls

__all__ = ["AwaitOurCalls"]

Call = tuple[str, str]
"""How IPython calls a magic: the name of its own method, and the name of the magic."""

_MARKS = frozenset({"assigned", "shown"})


@dataclass(frozen=True, slots=True)
class _Insertion:
    """Text to put into a line, at an offset in the bytes of its UTF-8 form."""

    line: int
    offset: int
    text: bytes


class AwaitOurCalls:
    r"""The step itself, for IPython's `input_transformers_post`.

    Args:
        calls: Gives the calls that are ours at this moment: pairs such as `("run_line_magic", "inject")`.
        autoawait: Says whether IPython awaits at the top of a cell.
        interactivity: Gives IPython's `ast_node_interactivity`: which statements of a cell show their value.

    Example:
        >>> step = AwaitOurCalls(lambda: {("run_line_magic", "inject")}, lambda: True, lambda: "last_expr")
        >>> step(["get_ipython().run_line_magic('inject', 'greeter')\n"])
        ["(await get_ipython().run_line_magic('inject', 'greeter').shown())\\n"]
    """

    has_side_effects = False  # IPython may call it to see whether a cell is complete

    def __init__(
        self, calls: Callable[[], Collection[Call]], autoawait: Callable[[], bool], interactivity: Callable[[], str]
    ) -> None:
        self._calls, self._autoawait, self._interactivity = calls, autoawait, interactivity

    def __call__(self, lines: list[str]) -> list[str]:
        """Give the lines of the cell with our calls awaited, or the very same lines."""
        try:
            return self._awaited(lines) or lines
        except Exception:  # noqa: BLE001 - whatever is wrong with the cell, Python will say it better than we could
            return lines

    def _awaited(self, lines: list[str]) -> list[str] | None:
        text = "".join(lines)
        ours = self._calls()
        with_twin = {(runner, name) for runner, name in TWINS if (runner, f"{PREFIX}{name}") in ours}
        calls = {(runner, name) for runner, name in {*ours, *with_twin} if runner in text and name in text}
        loads = "load_ext" in text and "xpipe_nb" in text and "unload_ext" not in text
        if not (calls or loads) or not self._autoawait() or _is_inside_a_magic():
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python has to say about the cell, it says when it compiles it
            finder = _Finder(calls, self._interactivity(), is_loaded=loads)
            finder.visit(ast.parse(text))
            if not finder.insertions:
                return None
            changed = _inserted(text, finder.insertions)
            compile(changed, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        return changed.splitlines(keepends=True)


def _is_inside_a_magic() -> bool:
    """Say whether another magic, such as `%%time`, has this text transformed to run it by itself: it cannot await."""
    frame = sys._getframe()  # noqa: SLF001 - documented, and the only way to ask who is calling
    while frame := frame.f_back:  # type: ignore[assignment]  # the outermost frame has none
        if frame.f_code.co_name in ("run_line_magic", "run_cell_magic"):
            return True
    return False


def _inserted(text: str, insertions: list[_Insertion]) -> str:
    # Python counts lines by \n, \r and \r\n only; `str.splitlines` knows more ends than that.
    lines = text.encode().splitlines(keepends=True)
    for each in sorted(insertions, key=lambda each: (each.line, each.offset), reverse=True):
        line = lines[each.line]
        lines[each.line] = line[: each.offset] + each.text + line[each.offset :]
    return b"".join(lines).decode()


def _loads_us(node: ast.expr) -> bool:
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr="run_line_magic"),
            args=[ast.Constant(value="load_ext"), ast.Constant(value=str(name))],
        ):
            return name.strip() == "xpipe_nb"
    return False


def _has_calls_below(arguments: list[ast.expr]) -> bool:
    body = arguments[-1] if arguments else None
    return isinstance(body, ast.Constant) and isinstance(body.value, str) and has_calls(body.value)


class _Finder(ast.NodeVisitor):
    """Walks a cell and notes what to insert, and where."""

    def __init__(self, calls: set[Call], interactivity: str, *, is_loaded: bool) -> None:
        self.insertions: list[_Insertion] = []
        self._calls, self._interactivity, self._is_loaded = calls, interactivity, is_loaded
        self._can_wait, self._at_top = True, True

    def visit_Module(self, node: ast.Module) -> None:
        for statement in node.body:
            ours = isinstance(statement, ast.Expr) and self._is_ours(statement.value)
            if ours and (
                self._interactivity == "all" or (statement is node.body[-1] and self._interactivity != "none")
            ):
                self._note(statement.value, ".shown()")  # type: ignore[attr-defined]  # it is an Expr, as `ours` says
            else:
                self.visit(statement)

    def visit_Expr(self, node: ast.Expr) -> None:
        if self._is_ours(node.value):
            self._note(node.value, "")
        elif self._is_loaded and _loads_us(node.value):
            self._skip(node.value)
        else:
            self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        self._assigned(node, node.value, node.targets)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._assigned(node, node.value, [node.target])

    def _assigned(self, node: ast.stmt, value: ast.expr | None, targets: list[ast.expr]) -> None:
        if value is None or not self._is_ours(value):
            self.generic_visit(node)
            return
        names = [target.id for target in targets if isinstance(target, ast.Name)] if self._at_top else []
        self._note(value, f".assigned({', '.join(map(repr, names))})")

    def visit_Call(self, node: ast.Call) -> None:
        if self._is_ours(node):
            self._note(node, ".assigned()")
        else:
            self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        inner = node.value
        while isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr in _MARKS:
            inner = inner.func.value
        if not self._is_ours(inner):
            self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        with self._inside(can_wait=True):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_scopeless(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_scopeless(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_scopeless(node)

    def _visit_scopeless(self, node: ast.AST) -> None:
        with self._inside(can_wait=False):
            self.generic_visit(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """Leave it: an `await` inside would make it an asynchronous generator."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave it: Python 3.11 does not know where the parts of an f-string stand."""

    def _note(self, call: ast.expr, mark: str) -> None:
        if not self._can_wait or call.end_lineno is None or call.end_col_offset is None:
            return
        name = call.args[0]  # type: ignore[attr-defined]  # a call of a magic, as `_is_ours` says
        if (call.func.attr, name.value) in TWINS:  # type: ignore[attr-defined]
            self.insertions.append(_Insertion(name.lineno - 1, name.col_offset + len("'"), PREFIX.encode()))
        body = call.args[-1]  # type: ignore[attr-defined]
        if call.func.attr == "run_cell_magic" and body.value == "":  # type: ignore[attr-defined]
            # IPython refuses a cell magic with nothing below it, in words of its own, and does not fail the cell.
            self.insertions.append(_Insertion(body.lineno - 1, body.col_offset + len("'"), rb"\n"))
        self.insertions.append(_Insertion(call.lineno - 1, call.col_offset, b"(await "))
        self.insertions.append(_Insertion(call.end_lineno - 1, call.end_col_offset, f"{mark})".encode()))

    def _skip(self, call: ast.expr) -> None:
        """Leave out a call whose value nobody takes."""
        if call.end_lineno is not None and call.end_col_offset is not None:
            self.insertions.append(_Insertion(call.lineno - 1, call.col_offset, b"(None and "))
            self.insertions.append(_Insertion(call.end_lineno - 1, call.end_col_offset, b")"))

    def _is_ours(self, node: ast.expr) -> bool:
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython"), args=[], keywords=[]), attr=runner),
                args=[ast.Constant(value=str(name)), *rest],
            ):
                return (runner, name) in self._calls and ((runner, name) not in TWINS or _has_calls_below(rest))
        return False

    @contextmanager
    def _inside(self, *, can_wait: bool) -> Iterator[None]:
        before = self._can_wait, self._at_top
        self._can_wait, self._at_top = can_wait, False
        yield
        self._can_wait, self._at_top = before
