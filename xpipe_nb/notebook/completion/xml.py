"""Completion in the XML of an `%%inject` body: tags by the schema of what the listener accepts."""

from __future__ import annotations

import re
from typing import Any

from xpipe_nb.listeners import Listener
from xpipe_nb.notebook.completion.words import Found, starting
from xpipe_nb.payloads import codec_of

__all__ = ["in_xml"]

_TAG = re.compile(r"<(/?)([A-Za-z_][\w.-]*)[^<>]*?(/?)>")


def in_xml(text: str, listener: Listener) -> tuple[str, list[Found]]:
    """Say which tags may stand at the end of the text, if a tag is being written there.

    Args:
        text: The body up to the cursor.
        listener: Whom it is for.
    """
    writing = re.search(r"<(/?)([\w.-]*)$", text)
    if writing is None:
        return "", []
    path, written = _open_tags(text[: writing.start()])
    fragment = writing[2]
    if writing[1]:
        return fragment, starting(fragment, [Found(f"{path[-1]}>", "tag")]) if path else []
    names = [f"{name}>" for name in _allowed(path, listener) if name not in written]
    closing = [Found(f"/{path[-1]}>", "tag")] if path and not fragment else []
    return fragment, [*starting(fragment, [Found(name, "tag") for name in names]), *closing]


def _open_tags(text: str) -> tuple[list[str], set[str]]:
    """Give the elements that are open at the end of a text, and what the innermost holds already."""
    path: list[str] = []
    held: list[set[str]] = [set()]
    for closing, name, alone in _TAG.findall(text):
        if closing:
            del path[-1:], held[len(path) + 1 :]
            continue
        held[-1].add(name)
        if not alone:
            path.append(name)
            held.append(set())
    return path, held[-1]


def _allowed(path: list[str], listener: Listener) -> list[str]:
    if not path:
        return list(listener.accepts)
    cls = listener.accepts.get(path[0])
    return [] if cls is None else _children(codec_of(cls).xsd, path)


def _children(schema: Any, path: list[str]) -> list[str]:
    """Walk down the types of a schema along a path; give the elements that may stand at its end."""
    space = {"xs": "http://www.w3.org/2001/XMLSchema"}
    elements = schema.xpath("xs:element", namespaces=space)
    for name in path:
        kind = next((each.get("type") for each in elements if each.get("name") == name), None)
        elements = schema.xpath("xs:complexType[@name=$kind]//xs:element", namespaces=space, kind=kind or "")
    return [each.get("name") for each in elements]
