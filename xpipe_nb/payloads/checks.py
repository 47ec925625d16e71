"""The checks that the way out and the way in share: types, constraints, sizes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from xpipe_nb.payloads.nodes import Scalar
from xpipe_nb.payloads.refusal import Refusal, shown

__all__ = ["check_size", "renderer", "run_checks"]


def renderer(node: Scalar) -> Callable[[Any], str]:
    """Compile value -> unescaped text, with every check of the node; raises `Refusal`."""
    render, checks, name = node.render, node.checks, node.name

    def refused(value: Any, error: Exception) -> Refusal:
        words = str(error) if type(error) is ValueError and error.args else ""
        return Refusal(words or f"expected {name}, got {shown(value)}")

    def plain(value: Any) -> str:
        try:
            return render(value)
        except Exception as error:  # noqa: BLE001  # a wrong type may fail in any way
            raise refused(value, error) from None

    def checked(value: Any) -> str:
        text = plain(value)
        run_checks(checks, value)
        return text

    return checked if checks else plain


def run_checks(checks: Sequence[Callable[[Any], str | None]], value: Any) -> None:
    """Raise `Refusal` for the first constraint that the value breaks."""
    for check in checks:
        try:
            problem = check(value)
        except Exception as error:  # noqa: BLE001  # a predicate is the user's own code
            problem = f"a constraint could not be checked for {shown(value)}: {error}"
        if problem is not None:
            raise Refusal(problem)


def check_size(size: int, least: int, most: int | None) -> None:
    """Raise `Refusal` for a container of the wrong size."""
    if size < least:
        raise Refusal(f"expected at least {least} item{'' if least == 1 else 's'}, got {size}")
    if most is not None and size > most:
        raise Refusal(f"expected at most {most} item{'' if most == 1 else 's'}, got {size}")
