"""What stands after a listener's name: a Python expression, the fields of its only class, or XML."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
from collections.abc import Mapping
from traceback import extract_tb
from typing import Any

from xpipe_nb.listeners import Listener
from xpipe_nb.names import nearest
from xpipe_nb.notebook.called import PLAIN, Called
from xpipe_nb.notebook.constructors import calls_of_payloads, check_call, example_of
from xpipe_nb.notebook.mistakes import Mistake, show_as
from xpipe_nb.wording import did_you_mean, one_line_of

__all__ = ["payload_from", "takes"]

_FILE = "<payload>"


def payload_from(text: str, listener: Listener, namespace: Mapping[str, Any], called: Called = PLAIN) -> Any:
    """Read a payload as a person wrote it.

    Args:
        text: XML if it begins with `<`, else one Python expression, else the fields of the listener's only class, else
            prose with XML in it. One that stands below a magic begins with a line end, so that its lines are the cell's.
        listener: Whom it is for; its classes give the hints.
        namespace: Where names in an expression are looked up.
        called: What our magics are called here.

    Returns:
        The text itself for XML, else the payload.

    Raises:
        Mistake: When it is neither, or no payload that the listener takes.

    Example:
        `payload_from('name="World"', greeter, {})` gives `Greeting(name='World')`.
    """
    if not text.strip():
        example = example_of(next(iter(listener.accepts.values()), object))
        raise Mistake(f"Nothing to send. {listener.name} takes a payload: {example}")
    if text.lstrip().startswith("<"):
        return text
    try:
        expression, is_fields = _parsed(text, listener, called)
    except Mistake:
        if re.search(r"<[A-Za-z_]", text):
            return text  # XML with prose around it; repair keeps the two apart
        raise
    names = {**namespace, "_payload": _only_class(listener)} if is_fields else namespace
    if not is_fields:
        _check_class(expression, listener, namespace)
    payload = _evaluated(expression, names, in_lines=text.startswith("\n"))
    if inspect.isclass(payload):
        raise Mistake(f"{payload.__name__} is the class. Write {example_of(payload)}.")
    is_xml = isinstance(payload, str | bytes) and payload.lstrip()[:1] in ("<", b"<")
    if not is_xml and type(payload).__name__ not in listener.accepts and not listener.generic:
        raise Mistake(f"{listener.name} takes {takes(listener)}, not {type(payload).__name__}.")
    return payload


def takes(listener: Listener) -> str:
    """Say which classes a listener takes: `Greeting or Shouted`."""
    return " or ".join(listener.accepts) or "anything"


def _parsed(text: str, listener: Listener, called: Called) -> tuple[ast.Expression, bool]:
    """Parse an expression; or, if it is none, the fields of the listener's class."""
    above = text[: len(text) - len(text.lstrip())].count("\n")
    text = text.strip()
    place = ""
    try:
        return _moved(ast.parse(text, _FILE, mode="eval"), above), False
    except (SyntaxError, ValueError) as wrong:  # the latter for a NUL or half a surrogate pair
        problem = getattr(wrong, "msg", str(wrong))
        if above and isinstance(wrong, SyntaxError) and wrong.lineno:
            place = f", line {wrong.lineno + above}"
    try:
        call = ast.parse(f"_payload({text}\n)", _FILE, mode="eval")
    except (SyntaxError, ValueError):
        raise _unreadable(text, problem, place, listener, called) from None
    if isinstance(call.body, ast.Call) and call.body.keywords and not call.body.args:
        return _moved(call, above), True
    raise _unreadable(text, problem, place, listener, called)


def _moved(tree: ast.Expression, lines: int) -> ast.Expression:
    return ast.increment_lineno(tree, lines)


def _unreadable(text: str, problem: str, place: str, listener: Listener, called: Called) -> Mistake:
    if "was never closed" in problem:
        if place:
            return Mistake(f"{problem}{place}.")
        cell = f"{called.inject_cell} {listener.name}"
        return Mistake(f"{problem}. A payload over several lines goes into a cell of its own: {cell}")
    if option := re.search(r"\s--[a-z-]+(\s|$)", text):
        return Mistake(f"Options stand before the listener: {called.inject} {option[0].strip()} … {listener.name} …")
    example = example_of(next(iter(listener.accepts.values()), type))
    line = text.partition(chr(10))[0]
    return Mistake(f"Not Python and not XML: {line!r} ({problem}{place}). Expected {example} or XML.")


def _only_class(listener: Listener) -> type:
    if len(listener.accepts) == 1:
        return next(iter(listener.accepts.values()))
    examples = " or ".join(example_of(cls) for cls in listener.accepts.values())
    raise Mistake(f"{listener.name} takes {takes(listener)}: say which one: {examples or 'a payload'}.")


def _check_class(expression: ast.Expression, listener: Listener, namespace: Mapping[str, Any]) -> None:
    """Catch a misspelt name before Python does: `greeter takes Greeting, not Greetin`, `msg is not defined`."""
    match expression.body:
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            if name in namespace or hasattr(builtins, name):
                return
            if name in listener.accepts:
                raise Mistake(f"{name} is not defined in this notebook. Run the cell that defines it.")
            if isinstance(expression.body, ast.Name) and nearest(name, listener.accepts) is None:
                own = [each for each in namespace if not each.startswith("_")]
                raise Mistake(f"{name} is not defined.{did_you_mean(name, own, others='')}")
            raise Mistake(
                f"{listener.name} takes {takes(listener)}, not {name}.{did_you_mean(name, listener.accepts, others='')}"
            )


def _evaluated(expression: ast.Expression, namespace: Mapping[str, Any], *, in_lines: bool) -> Any:
    """Give the value of what a person wrote; what goes wrong in it is told in one line.

    Args:
        expression: What was written.
        namespace: Where its names are looked up.
        in_lines: It stands below a magic, so that a line says where something is.
    """
    if any(isinstance(node, ast.Await) for node in ast.walk(expression)):
        raise Mistake("A payload cannot await. Do that in a line above, and send what it gives.")
    for call, cls in calls_of_payloads(expression, namespace):
        try:
            check_call(call, cls)
        except Mistake as mistake:
            raise (Mistake(f"{mistake} (line {call.lineno})") if in_lines else mistake) from None
    try:
        code = compile(expression, _FILE, "eval", dont_inherit=True)
    except SyntaxError as wrong:  # IPython shows those in its own way, whatever else is asked for
        place = f" (line {wrong.lineno})" if in_lines else ""
        raise Mistake(f"A payload is one expression: {wrong.msg}{place}.") from None
    try:
        return eval(code, dict(namespace))  # noqa: S307 - it is the person's own code, in the person's own kernel
    except Exception as error:
        name, text = type(error).__name__, one_line_of(str(error))
        line = f" (line {_line_of(error)})" if in_lines and _line_of(error) else ""
        show_as(error, f"✕ {text if text.startswith(name) else f'{name}: {text}'}{line}")
        raise


def _line_of(error: BaseException) -> int | None:
    """Give the line of the payload's text at which something went wrong."""
    lines = [each.lineno for each in extract_tb(error.__traceback__) if each.filename == _FILE]
    return lines[-1] if lines else None
