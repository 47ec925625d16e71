"""How large and how deep a document from outside may be."""

from __future__ import annotations

from dataclasses import dataclass, fields

from xpipe_nb.errors import ConfigError, Fault

__all__ = ["DEFAULT_LIMITS", "GateLimits"]

_CEILINGS = {"max_depth": 250, "max_text": 10_000_000}
"""What libxml2 itself refuses without `huge_tree`, which the gate never switches on."""


@dataclass(frozen=True, slots=True)
class GateLimits:
    """The caps that the gate applies to each document before it works on it; internal messages have none.

    Args:
        max_bytes: Bytes of the whole text in UTF-8, a byte order mark included.
        max_depth: Elements inside one another, the root counted; at most 250.
        max_nodes: Elements, comments and CDATA sections together.
        max_attributes: Attributes of one element, namespace declarations counted.
        max_text: Bytes of UTF-8 in one run of text or one attribute value; at most 10,000,000.

    Raises:
        ConfigError: A value is no positive whole number, or lies above what the parser can do.

    Example:
        >>> GateLimits(max_depth=8).max_depth
        8
    """

    max_bytes: int = 1_048_576
    max_depth: int = 64
    max_nodes: int = 20_000
    max_attributes: int = 32
    max_text: int = 262_144

    def __post_init__(self) -> None:
        faults = [fault for field in fields(self) if (fault := _fault(field.name, getattr(self, field.name)))]
        if faults:
            raise ConfigError(*faults)


def _fault(name: str, value: object) -> Fault | None:
    """Say what is wrong with one limit."""
    ceiling = _CEILINGS.get(name)
    if type(value) is int and value >= 1 and (ceiling is None or value <= ceiling):
        return None
    expected = "a whole number of at least 1" + (f" and at most {ceiling:,}" if ceiling else "")
    return Fault(f"$.limits.{name}", f"{value!r} cannot be used", expected)


DEFAULT_LIMITS = GateLimits()
