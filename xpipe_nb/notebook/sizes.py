"""How large something is, in bytes, and how that is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["size_of", "size_said"]


def size_of(value: Any) -> int:
    """Give the bytes of a text in UTF-8, of bytes, or of all that a mapping holds."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode(errors="replace"))
    if isinstance(value, Mapping):
        return sum(map(size_of, value.values()))
    return len(value) if isinstance(value, bytes) else len(repr(value))


def size_said(count: int) -> str:
    """Say a number of bytes.

    Example:
        >>> size_said(36_001)
        '36 kB'
    """
    return f"{count:,} B" if count < 1000 else f"{count / 1000:,.0f} kB"
