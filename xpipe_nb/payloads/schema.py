"""Shapes as XML Schema: what the codec reads and nothing else, as far as XSD 1.0 can say it.

What it cannot say, the decoder alone refuses: what a class checks itself, `MultipleOf` and predicates, a second equal
item of a set, an integer of more than 4,300 digits, a nil item among others, and what stands in an `AnyPayload`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree
from lxml.etree import _Element

from xpipe_nb.payloads.characters import is_writable
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape

__all__ = ["ITEM", "XS", "build_schema"]

XS = "http://www.w3.org/2001/XMLSchema"
ITEM = "Item"
"""The tag of what stands in a wrapped list or dict."""


def build_schema(shape: Shape, shape_of: Callable[[type], Shape], *, docs: bool = True) -> _Element:
    """Write the schema of a payload class and of all it holds.

    Args:
        shape: The class.
        shape_of: Gives the shapes of the classes it holds.
        docs: Write docstrings as `xs:documentation`; without them two schemas are equal when they accept the same.
    """
    return _Writer(shape_of, docs).write(shape)


class _Writer:
    """Builds one schema; remembers which classes still need their type."""

    def __init__(self, shape_of: Callable[[type], Shape], docs: bool) -> None:
        self.shape_of, self.docs = shape_of, docs
        self.root = etree.Element(f"{{{XS}}}schema", nsmap={"xs": XS})
        self.names: dict[type, str] = {}
        self.waiting: list[type] = []
        self.keys = 0

    def write(self, shape: Shape) -> _Element:
        self.element(self.root, shape.tag, Nested(shape.cls))
        while self.waiting:
            self.payload_type(self.waiting.pop(0))
        return self.root

    def add(self, parent: _Element, kind: str, **attributes: Any) -> _Element:
        return etree.SubElement(parent, f"{{{XS}}}{kind}", {key: str(value) for key, value in attributes.items()})

    def document(self, parent: _Element, text: str) -> None:
        if text and self.docs:
            self.add(self.add(parent, "annotation"), "documentation").text = "".join(filter(is_writable, text))

    def name_of(self, cls: type) -> str:
        if cls not in self.names:
            tag = self.shape_of(cls).tag
            clashes = sum(name.split(".")[0] == tag for name in self.names.values())
            self.names[cls] = f"{tag}.{clashes}" if clashes else tag
            self.waiting.append(cls)
        return self.names[cls]

    def payload_type(self, cls: type) -> None:
        shape = self.shape_of(cls)
        kind = self.add(self.root, "complexType", name=self.names[cls])
        self.document(kind, shape.doc)
        if not shape.fields:
            self.nothing(kind)
            return
        inside = self.add(kind, "sequence")
        for field in shape.fields:
            self.field(inside, field)

    def nothing(self, kind: _Element) -> None:
        """Allow white space and nothing else: XSD's own empty content would refuse a line end between the tags."""
        blank = Scalar("nothing", "token", str, str, (("maxLength", "0"),))
        self.add(self.add(kind, "simpleContent"), "extension", base=self.named_simple(blank))

    def field(self, parent: _Element, field: Field) -> None:
        if not field.repeated:
            self.element(parent, field.tag, field.node, least=0 if field.absent != "error" else 1, doc=field.doc)
            return
        node = field.node
        assert isinstance(node, Many | Mapping)  # a repeated field is nothing else
        least, most = node.least, node.most
        if least and field.absent != "empty":
            parent, least = self.add(parent, "sequence", minOccurs=0), max(least, 1)
        if field.nil:
            least, most = min(least, 1), most if most is None else max(most, 1)
        element = self.element(
            parent, field.tag, node.item, least=least, most=most, doc=field.doc, key=isinstance(node, Mapping)
        )
        if field.nil:
            element.set("nillable", "true")

    def element(
        self,
        parent: _Element,
        tag: str,
        node: Node,
        *,
        least: int = 1,
        most: int | None = 1,
        doc: str = "",
        key: bool = False,
    ) -> _Element:
        element = self.add(parent, "element", name=tag)
        if least != 1:
            element.set("minOccurs", str(least))
        if most != 1:
            element.set("maxOccurs", "unbounded" if most is None else str(most))
        if isinstance(node, Maybe):
            element.set("nillable", "true")
            node = node.inner
        self.document(element, doc)
        if key:
            self.keyed(element, node)
        else:
            self.content(element, node)
        self.unique_keys(element, node)
        return element

    def keyed(self, element: _Element, node: Node) -> None:
        """Give the element's type a `key` attribute besides its content."""
        kind = self.add(element, "complexType")
        holder = kind
        if isinstance(node, Scalar):
            holder = self.add(self.add(kind, "simpleContent"), "extension", base=self.named_simple(node))
        elif isinstance(node, Nested):
            content = "complexContent" if self.shape_of(node.cls).fields else "simpleContent"
            holder = self.add(self.add(kind, content), "extension", base=self.name_of(node.cls))
        else:
            self.complex(kind, node)
        self.add(holder, "attribute", name="key", type="xs:string", use="required")

    def named_simple(self, node: Scalar) -> str:
        if not node.facets:
            return f"xs:{node.base}"
        self.keys += 1
        kind = self.add(self.root, "simpleType", name=f"value.{self.keys}")
        self.facets(kind, node)
        return f"value.{self.keys}"

    def content(self, element: _Element, node: Node) -> None:
        if isinstance(node, Nested):
            element.set("type", self.name_of(node.cls))
        elif not isinstance(node, Scalar):
            self.complex(self.add(element, "complexType"), node)
        elif node.facets:
            self.facets(self.add(element, "simpleType"), node)
        else:
            element.set("type", f"xs:{node.base}")

    def facets(self, kind: _Element, node: Scalar) -> None:
        """Write one restriction after another: patterns of one restriction would be alternatives."""
        groups: list[list[tuple[str, str]]] = [[]]
        for facet in node.facets:
            if facet[0] != "enumeration" and any(facet[0] == other[0] for other in groups[-1]):
                groups.append([])
            groups[-1].append(facet)
        for group in reversed(groups[1:]):
            outer = self.add(kind, "restriction")
            kind = self.add(outer, "simpleType")
            for name, value in group:
                self.add(outer, name, value=value)
        inner = self.add(kind, "restriction", base=f"xs:{node.base}")
        for name, value in groups[0]:
            self.add(inner, name, value=value)

    def complex(self, kind: _Element, node: Node) -> None:
        if isinstance(node, OneOf):
            choice = self.add(kind, "choice")
            for cls in node.classes:
                self.element(choice, self.shape_of(cls).tag, Nested(cls))
        elif isinstance(node, AnyOf):
            self.add(self.add(kind, "sequence"), "any", namespace="##local", processContents="skip")
        elif isinstance(node, Many | Mapping) and node.most != 0:
            inside = self.add(kind, "sequence")
            self.element(inside, ITEM, node.item, least=node.least, most=node.most, key=isinstance(node, Mapping))
        elif isinstance(node, Fixed) and node.items:
            inside = self.add(kind, "sequence")
            for number, item in enumerate(node.items, 1):
                self.element(inside, f"{ITEM}{number}", item)
        else:
            self.nothing(kind)

    def unique_keys(self, element: _Element, node: Node) -> None:
        """Say that no key of a dict stands twice; XSD says it where the element that holds the items is declared."""
        tags: list[str] = []
        if isinstance(node, Mapping):
            tags = [ITEM]
        elif isinstance(node, Nested):
            fields = self.shape_of(node.cls).fields
            tags = [field.tag for field in fields if field.repeated and isinstance(field.node, Mapping)]
        for tag in tags:
            self.keys += 1
            unique = self.add(element, "unique", name=f"keys.{self.keys}")
            self.add(unique, "selector", xpath=tag)
            self.add(unique, "field", xpath="@key")
