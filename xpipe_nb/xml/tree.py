"""The rules that a tree must keep, however it came to us: as text, or as an element injected by a program."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from lxml import etree

from xpipe_nb.xml.canonical import canonical
from xpipe_nb.xml.limits import DEFAULT_LIMITS, GateLimits
from xpipe_nb.xml.namespaces import ENVELOPE_NS, MESSAGE, META, XSI_NS
from xpipe_nb.xml.nodes import kind_of, line_of, local_name, namespace_of
from xpipe_nb.xml.refusal import refused

__all__ = ["check_canonical", "check_header_comments", "check_rules", "check_texts", "check_tree", "copy_tree"]

_NIL = f"{{{XSI_NS}}}nil"
_PAYLOAD_ATTRIBUTES = frozenset({_NIL, "key"})
_SCHEMA_LOCATIONS = frozenset({f"{{{XSI_NS}}}schemaLocation", f"{{{XSI_NS}}}noNamespaceSchemaLocation"})


def check_tree(element: etree._Element, limits: GateLimits = DEFAULT_LIMITS) -> etree._Element:
    """Hold an element that was injected as a tree to the rules of the gate; the element is not altered.

    Args:
        element: An envelope or a bare payload, alone or inside another tree.
        limits: The caps; `max_bytes` does not apply.

    Returns:
        The element itself.

    Raises:
        Rejected: `nodes`, `depth`, `attributes`, `text`, `attribute`, `schema-location`, `namespace`, `instruction`,
            `declaration` (an entity), or `comment`: a comment would split the text that it stands in (`copy_tree`
            drops comments).

    Example:
        >>> check_tree(etree.XML("<Greeting><Name>World</Name></Greeting>")).tag
        'Greeting'
    """
    nodes = 0
    for node in element.iter():
        nodes += 1
        if nodes > limits.max_nodes:
            raise refused("nodes", f"more than {limits.max_nodes:,} elements", line_of(node))
        if kind_of(node) != "element":
            raise _no_element(node)
    _check_attributes(element, limits)
    check_rules(element, limits, nodes=nodes)
    check_texts(element.iter(), limits)
    check_canonical(element)
    return element


def copy_tree(element: etree._Element, limits: GateLimits = DEFAULT_LIMITS) -> etree._Element:
    """Give a detached and checked copy of an injected element: comments dropped, the text around them joined.

    Raises:
        Rejected: As `check_tree`; `comment` only for one inside from, to or thread.

    Example:
        >>> copy_tree(etree.XML("<Name>Wor<!-- x -->ld</Name>")).text
        'World'
    """
    check_header_comments(element)
    copy = deepcopy(element)
    copy.tail = None
    etree.strip_tags(copy, etree.Comment)
    return check_tree(copy, limits)


def check_rules(root: etree._Element, limits: GateLimits, *, nodes: int) -> None:
    """Hold a tree of elements to the rules on depth, attributes and namespaces; `nodes` bounds their number."""
    if nodes > limits.max_depth:
        _check_depth(root, limits)
    if root.tag != MESSAGE:
        if root.tag[:1] == "{":
            raise refused("namespace", _wrong_root(root), line_of(root))
        _check_payload(root.iter())
        return
    _check_locations((root,))
    for child in root:
        if child.tag == META or child.tag[:1] == "{":
            _check_locations(child.iter())
        else:
            _check_payload(child.iter())


def check_texts(nodes: Iterable[etree._Element], limits: GateLimits) -> None:
    """Refuse a text or an attribute value above the cap."""
    most = limits.max_text
    for node in nodes:
        for text in (node.text, node.tail, *node.attrib.values()):
            if text and len(text) * 4 > most and len(text.encode()) > most:
                problem = f"a text in or behind <{local_name(node)}> is larger than {most:,} bytes"
                raise refused("text", problem, line_of(node))


def check_header_comments(root: etree._Element) -> None:
    """Refuse a comment inside from, to and thread: two readers must never see two senders in one text."""
    if root.tag != MESSAGE or (meta := root.find(META)) is None:
        return
    for field in meta.iterchildren(f"{{{ENVELOPE_NS}}}*"):
        for comment in field.iter(etree.Comment):
            name = local_name(field)
            raise refused("comment", f"a comment inside <{name}>; only text may stand there", line_of(comment))


def _check_attributes(root: etree._Element, limits: GateLimits) -> None:
    """Refuse a tag with too many attributes; namespaces are announced just before the element that declares them."""
    declared = 0
    for event, node in etree.iterwalk(root, events=("start-ns", "start")):
        if event == "start-ns":
            declared += 1
            continue
        if declared + len(node.attrib) > limits.max_attributes:
            raise refused("attributes", f"more than {limits.max_attributes} attributes in one tag", line_of(node))
        declared = 0


def _check_depth(root: etree._Element, limits: GateLimits) -> None:
    """Go down level by level, so that no nesting can exhaust the stack."""
    level = [root]
    for _ in range(limits.max_depth):
        level = [child for element in level for child in element]
        if not level:
            return
    raise refused("depth", f"elements are nested more than {limits.max_depth} deep", line_of(level[0]))


def _check_payload(elements: Iterable[etree._Element]) -> None:
    """Refuse namespaces in a payload, and all attributes but xsi:nil and key."""
    for element in elements:
        if element.tag[:1] == "{":
            problem = f"<{local_name(element)}> is in namespace {namespace_of(element)}; a payload is in no namespace throughout"
            raise refused("namespace", problem, line_of(element))
        attributes = element.attrib
        if attributes and not _PAYLOAD_ATTRIBUTES.issuperset(attributes):
            _check_locations((element,))
            odd = next(name for name in attributes if name not in _PAYLOAD_ATTRIBUTES)
            problem = f"attribute {odd!s} of <{element.tag}>; a payload has no attributes but xsi:nil and key"
            raise refused("attribute", problem, line_of(element))


def _check_locations(elements: Iterable[etree._Element]) -> None:
    """Refuse a pointer to a schema, which libxml2 would let pass and a validator might follow."""
    for element in elements:
        attributes = element.attrib
        if attributes and not _SCHEMA_LOCATIONS.isdisjoint(attributes):
            problem = "xsi:schemaLocation and xsi:noNamespaceSchemaLocation are not allowed"
            raise refused("schema-location", problem, line_of(element))


def check_canonical(element: etree._Element) -> None:
    """Refuse namespaces that have no canonical form: relative ones, which libxml2 reads but does not canonicalise."""
    try:
        canonical(element)
    except etree.C14NError:
        raise refused("namespace", "a namespace is not an absolute URI", line_of(element)) from None


def _wrong_root(root: etree._Element) -> str:
    """Say what is wrong with a root in a foreign namespace."""
    name = local_name(root)
    problem = f"<{name}> is in namespace {namespace_of(root)}; a bare payload is in no namespace"
    return f"{problem}, and an envelope in {ENVELOPE_NS}" if name == "message" else problem


def _no_element(node: etree._Element) -> Exception:
    """Refuse a node that is no element."""
    kind = kind_of(node)
    if kind == "instruction":
        return refused(kind, "processing instructions are not allowed", line_of(node))
    return refused("comment" if kind == "comment" else "declaration", f"an injected tree holds a {kind}", line_of(node))
