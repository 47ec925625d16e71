"""A second opinion on accepted documents: the rules checked again by other means, and expat reading the same text."""

from __future__ import annotations

import re
from xml.parsers import expat

from lxml import etree

from xpipe_nb.names import is_name
from xpipe_nb.xml import ENVELOPE_NS, GateLimits, Opened, canonical, open_envelope, read_document
from xpipe_nb.xml.limits import DEFAULT_LIMITS

XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
SCHEMA_LOCATIONS = {f"{XSI}schemaLocation", f"{XSI}noNamespaceSchemaLocation"}
UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def check_accepted(data: bytes | str, root: etree._Element, limits: GateLimits = DEFAULT_LIMITS) -> None:
    """Fail unless a document that was accepted is safe, and means to others what it means to us."""
    check_tree_is_plain(root, limits)
    first = canonical(root)
    assert canonical(read_document(first, GateLimits(max_bytes=8 * limits.max_bytes))) == first, (
        "canonical is not stable"
    )
    if all(name.isascii() for node in root.iter() for name in (node.tag, *node.attrib, *filter(None, node.nsmap))):
        # expat knows the names of the fourth edition of XML 1.0 only; the fifth allows more letters
        assert events_of_expat(data) == events_of_tree(root), "expat reads another document"


def check_tree_is_plain(root: etree._Element, limits: GateLimits) -> None:
    """Fail unless a tree holds only elements, text and attributes within the limits, and nothing beside its root."""
    assert root.getparent() is None
    assert root.getprevious() is None
    assert root.getnext() is None
    assert root.getroottree().docinfo.internalDTD is None
    nodes = list(root.iter())
    assert all(isinstance(node.tag, str) for node in nodes), "a node is no element"
    assert len(nodes) <= limits.max_nodes
    for node in nodes:
        assert len(node.attrib) <= limits.max_attributes
        assert not SCHEMA_LOCATIONS & set(node.attrib), "a pointer to a schema"
        for text in (node.text, node.tail, *node.attrib.values()):
            assert len((text or "").encode()) <= limits.max_text
    deepest = max(sum(1 for _ in node.iterancestors()) + 1 for node in nodes)
    assert deepest <= limits.max_depth


def check_opened(opened: Opened) -> None:
    """Fail unless an opened envelope names legal parties and its payload is in no namespace throughout."""
    if opened.from_id is not None or opened.thread is not None:
        assert opened.from_id is not None and is_name(opened.from_id)
        assert opened.to_id is None or is_name(opened.to_id)
        assert opened.thread is not None and UUID4.match(opened.thread)
    for node in opened.payload.iter():
        assert "}" not in node.tag, "a payload with a namespace"
        assert set(node.attrib) <= {"key", f"{XSI}nil"}, "a payload with an attribute"


def events_of_tree(root: etree._Element) -> list[object]:
    """The tags, attributes and texts of a tree in the order of the document."""
    events: list[object] = []

    def text(value: str | None) -> None:
        if value:
            events.append(value)

    stack: list[tuple[etree._Element, bool]] = [(root, True)]
    while stack:
        node, opening = stack.pop()
        if opening:
            events.append((node.tag, sorted(node.attrib.items())))
            text(node.text)
            stack.append((node, False))
            stack.extend((child, True) for child in reversed(node))
        else:
            events.append(("/", node.tag))
            if node is not root:
                text(node.tail)
    return events


def events_of_expat(data: bytes | str) -> list[object]:
    """The same from expat, which must see neither DOCTYPE nor processing instruction."""
    events: list[object] = []
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator="}")
    parser.buffer_text = True

    def name(raw: str) -> str:
        return "{" + raw if "}" in raw else raw

    def text(value: str) -> None:
        if events and isinstance(events[-1], str):
            events[-1] += value
        else:
            events.append(value)

    def start(tag: str, attributes: dict[str, str]) -> None:
        events.append((name(tag), sorted((name(key), value) for key, value in attributes.items())))

    def forbidden(*_: object) -> None:
        raise AssertionError("expat sees a DOCTYPE or a processing instruction")

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: events.append(("/", name(tag)))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = forbidden
    parser.ProcessingInstructionHandler = forbidden
    raw = data.encode() if isinstance(data, str) else data
    parser.Parse(raw.removeprefix(b"\xef\xbb\xbf"), True)
    return events


def judge(data: bytes | str) -> Opened:
    """Read and open a document and hold the result to all of the above; `Rejected` passes through."""
    root = read_document(data)
    check_accepted(data, root)
    opened = open_envelope(root)
    check_opened(opened)
    assert (root.tag == f"{{{ENVELOPE_NS}}}message") == (opened.from_id is not None)
    return opened
