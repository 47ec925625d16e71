"""Text and attribute values as XML writes them, so that a parser gives back the same."""

from __future__ import annotations

__all__ = ["escape", "escape_key"]


def escape(text: str) -> str:
    """Write text content; a carriage return becomes a reference, or the parser would make it a line feed.

    See https://www.w3.org/TR/xml/#sec-line-ends.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def escape_key(text: str) -> str:
    """Write an attribute's value; white space becomes references, or the parser would make it spaces.

    See https://www.w3.org/TR/xml/#AVNormalize.
    """
    text = escape(text).replace('"', "&quot;")
    return text.replace("\t", "&#9;").replace("\n", "&#10;")
