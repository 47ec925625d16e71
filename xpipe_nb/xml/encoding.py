"""From bytes or text to UTF-8 that is small enough, and the XML declaration at its head."""

from __future__ import annotations

import re

from xpipe_nb.xml.limits import GateLimits
from xpipe_nb.xml.refusal import refused, refused_at

__all__ = ["after_declaration", "as_text"]

_BOM = "\ufeff"
_SPACE = "[ \t\r\n]"
_DECLARATION = re.compile(
    rf"""<\?xml
    {_SPACE}++version{_SPACE}*+={_SPACE}*+(?P<q1>["'])(?P<version>[\w.:-]*+)(?P=q1)
    (?:{_SPACE}++encoding{_SPACE}*+={_SPACE}*+(?P<q2>["'])(?P<encoding>[\w.:-]*+)(?P=q2))?+
    (?:{_SPACE}++standalone{_SPACE}*+={_SPACE}*+(?P<q3>["'])(?:yes|no)(?P=q3))?+
    {_SPACE}*+\?>""",
    re.ASCII | re.VERBOSE,
)
"""The XML declaration (XML 1.0, productions 23 to 26 and 32), its version and encoding still to be judged."""


def as_text(data: bytes | bytearray | memoryview | str, limits: GateLimits) -> str:
    """Give a document as text without its byte order mark.

    Raises:
        Rejected: `too-large` above `max_bytes`, `encoding` when it is not UTF-8 throughout.
    """
    if isinstance(data, str):
        text = _checked_text(data, limits)
    else:
        if len(data) > limits.max_bytes:
            raise _too_large(limits)
        text = _decoded(bytes(data))
    if "\0" in text:
        raise refused_at("encoding", "a NUL character: the text is not XML, or not UTF-8", text, text.index("\0"))
    return text[1:] if text.startswith(_BOM) else text


def _checked_text(text: str, limits: GateLimits) -> str:
    """Hold a `str` to the same cap in bytes, and refuse lone surrogates."""
    if len(text) > limits.max_bytes:
        raise _too_large(limits)
    if not text.isascii():
        try:
            size = len(text.encode())
        except UnicodeEncodeError as error:
            problem = "half of a surrogate pair, which UTF-8 cannot carry"
            raise refused_at("encoding", problem, text, error.start) from None
        if size > limits.max_bytes:
            raise _too_large(limits)
    return text


def _decoded(data: bytes) -> str:
    """Decode strictly: no byte is ever replaced."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        problem = f"byte 0x{data[error.start]:02X} is not UTF-8, and only UTF-8 is read"
        raise refused_at("encoding", problem, before, len(before)) from None


def _too_large(limits: GateLimits) -> Exception:
    return refused("too-large", f"the text is larger than {limits.max_bytes:,} bytes")


def after_declaration(text: str, start: int = 0) -> int:
    """Give the offset behind the XML declaration that stands at `start`; `start` itself when none stands there.

    Raises:
        Rejected: `encoding` for another version than 1.0 or another encoding than UTF-8, `malformed` for a
            declaration that is none.

    Example:
        >>> after_declaration('<?xml version="1.0"?><a/>')
        21
    """
    if not text.startswith("<?xml", start) or text[start + 5 : start + 6] not in tuple(" \t\r\n?"):
        return start
    found = _DECLARATION.match(text, start)
    if found is None:
        raise refused_at("malformed", "the XML declaration is not well formed", text, start)
    if found["version"] != "1.0":
        problem = f"the XML declaration says version {found['version'] or 'nothing'}; only XML 1.0 is read"
        raise refused_at("encoding", problem, text, start)
    if (found["encoding"] or "UTF-8").upper() != "UTF-8" or found["encoding"] == "":
        problem = f"the XML declaration says encoding {found['encoding']!r}; only UTF-8 is read"
        raise refused_at("encoding", problem, text, start)
    return found.end()
