"""What stands after a listener's name: a Python expression, the fields of its only class, or XML."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any

from xpipe_nb.listeners import Listener
from xpipe_nb.names import nearest
from xpipe_nb.notebook.mistakes import Mistake, one_line, show_as

__all__ = ["example_of", "payload_from", "takes"]

_SAMPLES: Mapping[Any, str] = {"str": '"…"', "int": "1", "float": "1.5", "bool": "True", "bytes": 'b"…"'}


def payload_from(text: str, listener: Listener, namespace: Mapping[str, Any]) -> Any:
    """Read a payload as a person wrote it.

    Args:
        text: XML if it begins with `<`, else one Python expression, else the fields of the listener's only class, else
            prose with XML in it.
        listener: Whom it is for; its classes give the hints.
        namespace: Where names in an expression are looked up.

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
        expression, is_fields = _parsed(text, listener)
    except Mistake:
        if re.search(r"<[A-Za-z_]", text):
            return text  # XML with prose around it; repair keeps the two apart
        raise
    if is_fields:
        names = {**namespace, "_payload": _only_class(listener)}
        payload = _evaluated(expression, names)
    else:
        _check_class(expression, listener, namespace)
        payload = _evaluated(expression, namespace)
    if inspect.isclass(payload):
        raise Mistake(f"{payload.__name__} is the class. Write {example_of(payload)}.")
    is_xml = isinstance(payload, str | bytes) and payload.lstrip()[:1] in ("<", b"<")
    if not is_xml and type(payload).__name__ not in listener.accepts and not listener.generic:
        raise Mistake(f"{listener.name} takes {takes(listener)}, not {type(payload).__name__}.")
    return payload


def takes(listener: Listener) -> str:
    """Say which classes a listener takes: `Greeting or Shouted`."""
    return " or ".join(listener.accepts) or "anything"


def example_of(cls: type) -> str:
    """Write how an instance is made, with a sample for each field that has no default.

    Example:
        For `class Greeting` with a field `name: str` it gives `Greeting(name="…")`.
    """
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    samples = [f"{each.name}={_sample(each.type)}" for each in fields if each.init and _is_required(each)]
    models: Mapping[str, Any] = getattr(cls, "model_fields", {})
    samples += [f"{name}={_sample(each.annotation)}" for name, each in models.items() if each.is_required()]
    return f"{cls.__name__}({', '.join(samples)})"


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _sample(annotation: Any) -> str:
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return "[]" if name.startswith(("list", "tuple")) else _SAMPLES.get(name, "…")


def _parsed(text: str, listener: Listener) -> tuple[ast.Expression, bool]:
    """Parse an expression; or, if it is none, the fields of the listener's class."""
    text = text.strip()
    try:
        return ast.parse(text, "<payload>", mode="eval"), False
    except (SyntaxError, ValueError) as wrong:  # the latter for a NUL or half a surrogate pair
        problem = getattr(wrong, "msg", str(wrong))
    try:
        call = ast.parse(f"_payload({text}\n)", "<payload>", mode="eval")
    except (SyntaxError, ValueError):
        raise _unreadable(text, problem, listener) from None
    if isinstance(call.body, ast.Call) and call.body.keywords and not call.body.args:
        return call, True
    raise _unreadable(text, problem, listener)


def _unreadable(text: str, problem: str, listener: Listener) -> Mistake:
    if "was never closed" in problem:
        return Mistake(f"{problem}. A payload over several lines goes into a cell of its own: %%inject {listener.name}")
    if option := re.search(r"\s--[a-z-]+(\s|$)", text):
        return Mistake(f"Options stand before the listener: %inject {option[0].strip()} … {listener.name} …")
    example = example_of(next(iter(listener.accepts.values()), type))
    return Mistake(f"Not Python and not XML: {text.partition(chr(10))[0]!r} ({problem}). Expected {example} or XML.")


def _only_class(listener: Listener) -> type:
    if len(listener.accepts) == 1:
        return next(iter(listener.accepts.values()))
    examples = " or ".join(example_of(cls) for cls in listener.accepts.values())
    raise Mistake(f"{listener.name} takes {takes(listener)}: say which one: {examples or 'a payload'}.")


def _check_class(expression: ast.Expression, listener: Listener, namespace: Mapping[str, Any]) -> None:
    """Catch a misspelt class before Python does: `greeter takes Greeting, not Greetin`."""
    import builtins

    match expression.body:
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            if name in namespace or hasattr(builtins, name):
                return
            if name in listener.accepts:
                raise Mistake(f"{name} is not defined in this notebook. Run the cell that defines it.")
            near = nearest(name, listener.accepts)
            hint = f" Did you mean {near}?" if near else ""
            raise Mistake(f"{listener.name} takes {takes(listener)}, not {name}.{hint}")


def _evaluated(expression: ast.Expression, namespace: Mapping[str, Any]) -> Any:
    code = compile(expression, "<payload>", "eval", dont_inherit=True)
    try:
        return eval(code, dict(namespace))  # noqa: S307 - it is the person's own code, in the person's own kernel
    except Exception as error:
        text = one_line(error) if str(error).startswith(type(error).__name__) else f"✕ {type(error).__name__}: {error}"
        show_as(error, text)
        raise
