"""How payloads are made in Python: what a call of their class needs, said before Python says it in its own way."""

from __future__ import annotations

import ast
import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.payloads import is_payload
from xpipe_nb.wording import counted, did_you_mean

__all__ = ["calls_of_payloads", "check_call", "check_fields", "example_of"]

_SAMPLES: Mapping[Any, str] = {"str": '"…"', "int": "1", "float": "1.5", "bool": "True", "bytes": 'b"…"'}
_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_OPEN = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


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


def calls_of_payloads(tree: ast.AST, namespace: Mapping[str, Any]) -> Iterator[tuple[ast.Call, type]]:
    """Find the calls of payload classes in an expression, the outermost first."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            cls = namespace.get(node.func.id)
            if isinstance(cls, type) and is_payload(cls):
                yield node, cls


def check_call(call: ast.Call, cls: type) -> None:
    """See to it that a call names the fields that there are, and all that are needed.

    Raises:
        Mistake: For a field that there is not, one too many, or one that is missing.
    """
    parameters = inspect.signature(cls).parameters
    named = [each.arg for each in call.keywords if each.arg]
    check_fields(cls, named, len(call.args))
    if any(isinstance(each, ast.Starred) for each in call.args) or len(named) < len(call.keywords):
        return  # what `*` and `**` bring is not known yet
    by_place = [name for name, each in parameters.items() if each.kind in _BY_PLACE][: len(call.args)]
    missing = [
        name
        for name, each in parameters.items()
        if each.default is each.empty and each.kind not in _OPEN and name not in (*by_place, *named)
    ]
    if missing:
        raise Mistake(f"{cls.__name__} needs {' and '.join(missing)}. Write {example_of(cls)}.")


def check_fields(cls: type, named: list[str], by_place: int = 0) -> None:
    """See to it that a class has these fields.

    Args:
        cls: The payload class.
        named: The fields that are given by name.
        by_place: How many are given by their place.

    Raises:
        Mistake: For a field that there is not, or more than there are.
    """
    parameters = inspect.signature(cls).parameters
    kinds = {each.kind for each in parameters.values()}
    for name in named:
        if name not in parameters and inspect.Parameter.VAR_KEYWORD not in kinds:
            hint = did_you_mean(name, parameters, there_are="It has")
            raise Mistake(f"{cls.__name__} has no field {name!r}.{hint}")
    most = sum(each.kind in _BY_PLACE for each in parameters.values())
    if by_place > most and inspect.Parameter.VAR_POSITIONAL not in kinds:
        count = f"has {counted(most, 'field')}, not {by_place}" if most else "takes its fields by name"
        raise Mistake(f"{cls.__name__} {count}. Write {example_of(cls)}.")
