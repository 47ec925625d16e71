"""The few productions of XML 1.0 (fifth edition) that are read outside the parser."""

from __future__ import annotations

__all__ = ["NAME", "NAME_START", "SPACE"]

NAME_START = (
    "[:A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff]"
)
"""Production 4, as a class of a regular expression; libxml2 takes the same characters."""

NAME = f"{NAME_START}{NAME_START[:-1]}\\-.0-9\u00b7\u0300-\u036f\u203f\u2040]*+"
"""Production 5."""

SPACE = " \t\r\n"
"""Production 3: the characters that are white space to XML; to Python there are many more."""
