"""The envelope: opened only when every part of it is where it belongs, and built from elements, never from strings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

from lxml import etree

from xpipe_nb.errors import Rejected
from xpipe_nb.names import is_name
from xpipe_nb.xml.grammar import SPACE
from xpipe_nb.xml.namespaces import ENVELOPE_NS, FROM, MESSAGE, META, SIGNATURE, SIGNATURE_NS, THREAD, TO
from xpipe_nb.xml.nodes import kind_of, line_of, local_name, namespace_of
from xpipe_nb.xml.refusal import refused

__all__ = ["Opened", "build_envelope", "open_envelope"]

_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_ENVELOPE_PREFIX = f"{{{ENVELOPE_NS}}}"
_SIGNATURE_PREFIX = f"{{{SIGNATURE_NS}}}"


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope says; all `None` but the payload when a bare payload came.

    Args:
        from_id: The sender's name.
        to_id: The addressee's name, if there is one.
        thread: The thread, a canonical UUID of version 4.
        payload: The payload's element, still in the tree it was read in.
        signature: The text of a signature that nobody has verified; one that was is taken out of the tree before.
    """

    from_id: str | None
    to_id: str | None
    thread: str | None
    payload: etree._Element
    signature: str | None = None


def open_envelope(root: etree._Element) -> Opened:
    """Open an envelope that came through the gate; any other root is a bare payload.

    Args:
        root: The root that `read_document` or `copy_tree` gave.

    Raises:
        Rejected: Stage `open`; the reason is one of `envelope` (a part is missing, twice, or out of order), `stray-text`,
            `attribute`, `namespace`, `payload` (none, or several), `name`, `thread` and `signature`.

    Example:
        >>> open_envelope(etree.XML("<Greeting/>")).payload.tag
        'Greeting'
    """
    if root.tag != MESSAGE:
        return Opened(None, None, None, _bare(root))
    _check_plain(root)
    meta, payload = _parts(root)
    _check_plain(meta)
    fields, rest = _header(list(meta))
    to_id = fields.get(TO)
    return Opened(
        from_id=_name(_text(fields[FROM])),
        to_id=None if to_id is None else _name(_text(to_id)),
        thread=_thread(_text(fields[THREAD])),
        payload=payload,
        signature=_signature(rest),
    )


def build_envelope(payload: etree._Element, *, from_id: str, to_id: str | None = None, thread: str) -> etree._Element:
    """Put a copy of a payload into a new envelope, compact and with the payload explicitly in no namespace.

    Args:
        payload: An element in no namespace; it is copied, not moved.
        from_id: The sender's name.
        to_id: The addressee's name, if there is one.
        thread: The thread, a canonical UUID of version 4.

    Raises:
        Rejected: Stage `open`, as `open_envelope` would refuse the result: `name`, `thread` or `namespace`.

    Example:
        >>> thread = "2f9d3c52-50a5-4b7e-9f0e-6d9a6f0d3b11"
        >>> root = build_envelope(etree.XML("<Greeting/>"), from_id="console", thread=thread)
        >>> open_envelope(root).from_id
        'console'
    """
    root = deepcopy(_BLANK)
    meta, holder = root
    for tag, text in ((FROM, _name(from_id)), (TO, None if to_id is None else _name(to_id)), (THREAD, _thread(thread))):
        if text is not None:
            etree.SubElement(meta, tag).text = text
    _fill(holder, _bare(payload))
    return root


_BLANK = etree.XML(f'<message xmlns="{ENVELOPE_NS}"><meta/><payload xmlns=""/></message>')
# Only a parser makes an element that says xmlns="": one appended to a tree with a default namespace would be written
# without it, and so move into the envelope's namespace on its way.


def _fill(holder: etree._Element, payload: etree._Element) -> None:
    """Make `holder` a copy of the payload; it keeps its own xmlns=""."""
    copy = deepcopy(payload)
    holder.tag = copy.tag
    for name, value in copy.attrib.items():
        holder.set(name, value)
    holder.text = copy.text
    holder.extend(list(copy))


def _bare(payload: etree._Element) -> etree._Element:
    """Refuse a payload in a namespace, which is mostly an envelope's that lacks its xmlns=""."""
    if kind_of(payload) != "element":
        raise _refused("payload", "the payload is no element", payload)
    if payload.tag[:1] == "{":
        namespace = namespace_of(payload)
        hint = ' (xmlns="" is missing)' if namespace == ENVELOPE_NS else ""
        problem = f"<{local_name(payload)}> is in namespace {namespace}{hint}; a payload is in no namespace"
        raise _refused("namespace", problem, payload)
    return payload


def _check_plain(element: etree._Element) -> None:
    """Refuse attributes of message and meta, and text between their children."""
    if element.attrib:
        name = local_name(element)
        raise _refused("attribute", f"attribute {next(iter(element.attrib))!s} of <{name}>, which has none", element)
    for text in (element.text, *(child.tail for child in element)):
        if text and text.strip(SPACE):
            problem = f"stray text {text.strip(SPACE)[:40]!r} in <{local_name(element)}>"
            raise _refused("stray-text", problem, element)


def _parts(root: etree._Element) -> tuple[etree._Element, etree._Element]:
    """Give meta and the payload: the only two children, in this order."""
    children = list(root)
    if not children or children[0].tag != META:
        raise _refused("envelope", "<meta> must be the first child of <message>", root)
    if any(child.tag == META for child in children[1:]):
        raise _refused("envelope", "<meta> stands twice", children[1])
    if len(children) != 2:
        problem = "no payload follows <meta>" if len(children) < 2 else "more than one payload follows <meta>"
        raise _refused("payload", problem, root)
    return children[0], _bare(children[1])


def _header(children: list[etree._Element]) -> tuple[dict[str, etree._Element], list[etree._Element]]:
    """Take from, to and thread off the head of meta; give them and the rest, all of other namespaces."""
    fields: dict[str, etree._Element] = {}
    position = 0
    for tag in (FROM, TO, THREAD):
        if position < len(children) and children[position].tag == tag:
            fields[tag] = children[position]
            position += 1
        elif tag != TO:
            found = children[position] if position < len(children) else None
            raise _misplaced(tag, found, children)
    rest = children[position:]
    for child in rest:
        if kind_of(child) != "element" or child.tag[:1] != "{" or child.tag.startswith(_ENVELOPE_PREFIX):
            problem = f"{_shown(child)} may not follow <thread>; only elements of other namespaces may"
            raise _refused("envelope", problem, child)
    return fields, rest


def _misplaced(tag: str, found: etree._Element | None, children: Iterable[etree._Element]) -> Rejected:
    """Say which field is missing, and what stands in its place."""
    name = local_name(tag)
    expected = "<from>, <to> (which may be left out) and <thread>, in this order"
    instead = "" if found is None else f", {_shown(found)} stands in its place"
    where = next(iter(children), None) if found is None else found
    return _refused("envelope", f"<{name}> is missing{instead}; <meta> holds {expected}", where)


def _shown(child: etree._Element) -> str:
    kind = kind_of(child)
    return f"<{local_name(child)}>" if kind == "element" else f"a {kind}"


def _text(element: etree._Element) -> str:
    """Give the text of a field, which holds neither children nor attributes."""
    if len(element) or element.attrib:
        reason = "envelope" if len(element) else "attribute"
        raise _refused(reason, f"<{local_name(element)}> holds more than text", element)
    return element.text or ""


def _name(text: str) -> str:
    if not is_name(text):
        raise refused("name", f"{text[:80]!r} is no name; names are like greeter or system.todo", stage="open")
    return text


def _thread(text: str) -> str:
    if _UUID4.fullmatch(text) is None:
        problem = f"thread {text[:80]!r} is no UUID of version 4 in lower case with hyphens"
        raise refused("thread", problem, stage="open")
    return text


def _signature(rest: list[etree._Element]) -> str | None:
    """Give the signature's text: the last child of meta, if it is one; one anywhere else is refused."""
    signature = None
    if rest and rest[-1].tag == SIGNATURE:
        *rest, element = rest
        signature = _text(element)
        if _BASE64.fullmatch(signature) is None:
            raise _refused("signature", "the signature is not base64", element)
    for child in rest:
        for inner in child.iter(f"{_SIGNATURE_PREFIX}*"):
            raise _refused("signature", "a signature may stand only once, as the last child of <meta>", inner)
    return signature


def _refused(reason: str, problem: str, element: etree._Element | None) -> Rejected:
    return refused(reason, problem, None if element is None else line_of(element), stage="open")
