"""What encoders and decoders raise inside: a refusal that learns its place on the way up."""

from __future__ import annotations

from typing import Any

from lxml import etree

from xpipe_nb.errors import PayloadError

__all__ = ["Refusal", "shown"]

_SHOWN = 60


def shown(value: object) -> str:
    """Give the `repr` of a value, cut to what fits in a message."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a user's __repr__ may do anything, and an integer may have too many digits for one
        return f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class Refusal(Exception):
    """A value or an element that cannot be carried; each level it passes adds its part of the path.

    Args:
        problem: What is wrong, in one clause.
        element: The element it is about, when something is read.
        cause: What the user's own class raised.
    """

    def __init__(self, problem: str, element: etree._Element | None = None, cause: BaseException | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.element = element
        self.cause = cause
        self.trail: list[str] = []

    def under(self, part: str, element: etree._Element | None = None) -> Refusal:
        """Put a field's name, `[3]` or `['key']` before the path, and keep the innermost element."""
        self.trail.append(part)
        if self.element is None:
            self.element = element
        return self

    @property
    def field(self) -> str | None:
        """The path as a person reads it: `items[3].price`; `None` when it is about the payload itself."""
        path = ""
        for part in reversed(self.trail):
            path += part if part.startswith("[") or not path else f".{part}"
        return path or None

    def as_error(self, payload: str, place: tuple[int, int] | None = None) -> PayloadError:
        """Turn it into the public error, with the line and the column when they are known."""
        position: dict[str, Any] = {} if place is None else {"line": place[0], "column": place[1]}
        return PayloadError(payload, self.problem, field=self.field, **position)
