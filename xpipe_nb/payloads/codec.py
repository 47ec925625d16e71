"""The codec of one class: schema, encoder and decoder, compiled once and kept on the class itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import cached_property
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from lxml import etree
from lxml.etree import _Element

from xpipe_nb.errors import DefinitionError, PayloadError, Rejected
from xpipe_nb.payloads.annotations import is_class
from xpipe_nb.payloads.characters import find_unwritable
from xpipe_nb.payloads.decode import compile_reader
from xpipe_nb.payloads.defaults import check_default
from xpipe_nb.payloads.elements import OPAQUE, Read, Table
from xpipe_nb.payloads.encode import compile_body
from xpipe_nb.payloads.example import build_example
from xpipe_nb.payloads.layout import classes_in, signature
from xpipe_nb.payloads.locate import locate, path_of
from xpipe_nb.payloads.nodes import Shape
from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.schema import build_schema
from xpipe_nb.payloads.shape import Unresolved, names_of, read_shape
from xpipe_nb.payloads.strict import XSI, named, no_attributes
from xpipe_nb.payloads.template import compile_tree

__all__ = ["CODEC", "Codec", "TagTable", "codec_of", "is_payload"]

CODEC = "__xpipe_codec__"
"""The attribute of a class that holds its codec: no registry keeps a class alive."""

_PLACE = re.compile(r" \(line [0-9]+(, column [0-9]+)?\)$")

T = TypeVar("T")
"""The payload class."""

_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
"""Reads only what `compile_body` has just written, so its size has no cap but memory's."""


class TagTable(Protocol):
    """What finds the class of a tag for an `AnyPayload`; `PayloadTable` is one."""

    def get(self, tag: str, /) -> type | None:
        """Give the class of a tag."""


class Codec(Generic[T]):
    """How the objects of one class become XML and come back.

    Get one from `codec_of(cls)`; it is compiled when the class is defined, or at its first use when its annotations name
    what is defined later.

    Args:
        cls: The payload class.
        tag: The tag of its element.
        namespace: What its annotations may name besides the names of its module.
    """

    def __init__(self, cls: type[T], tag: str, namespace: Mapping[str, Any]) -> None:
        self.cls = cls
        self.tag = tag
        self._namespace = namespace

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as what it is compiled from: a class that is sent by value is compiled anew where it is needed."""
        return type(self), (self.cls, self.tag, names_of(self.cls, self._namespace))

    # --- compiled on first use ----------------------------------------------------------------------------------

    @cached_property
    def shape(self) -> Shape:
        """The fields of the class.

        Raises:
            DefinitionError: An annotation names what is not defined, or says what cannot be written.
        """
        try:
            return self._now()
        except Unresolved as error:
            field, problem = error.args
            raise DefinitionError(self.cls.__name__, problem, field=field) from None

    def _now(self) -> Shape:
        shape, namespace = read_shape(self.cls, self.tag, self._namespace), self._namespace
        for field in shape.fields:
            check_default(self.cls.__name__, field)
            for cls in classes_in(field.node):
                if CODEC not in cls.__dict__:  # a plain dataclass is compiled with the names that its holder sees
                    _attach(cls, namespace)
        self._namespace = names_of(self.cls, namespace)  # what was given may hold a frame
        return shape

    def compile(self) -> None:
        """Read the class, unless its annotations name what is not defined yet.

        Raises:
            DefinitionError: The class cannot be a payload.
        """
        with suppress(Unresolved):
            self.__dict__["shape"] = self._now()

    @cached_property
    def body(self) -> Callable[[Any], str]:
        """Object to the text of its children; raises `Refusal`."""
        return compile_body(self.shape, codec_of)

    @cached_property
    def tree(self) -> Callable[[Any], _Element]:
        """Object to element; raises `Refusal`."""
        return compile_tree(self.shape) or self._parsed_tree

    @cached_property
    def read(self) -> Read:
        """Element to object, from its children; raises `Refusal`."""
        return compile_reader(self.shape, codec_of)

    @cached_property
    def xsd(self) -> _Element:
        """The `xs:schema` element, with the docstrings as documentation; copy it before you change it."""
        return build_schema(self.shape, _shape_of)

    @cached_property
    def schema(self) -> etree.XMLSchema:
        """The compiled schema."""
        return etree.XMLSchema(build_schema(self.shape, _shape_of, docs=False))

    @cached_property
    def fingerprint(self) -> str:
        """A text that two classes share exactly when they accept the same XML and have the same fields.

        Docstrings do not count. An instance of an older binding of a class can be told by it from one of a changed class.
        """
        schema = etree.tostring(build_schema(self.shape, _shape_of, docs=False), method="c14n")
        layout = signature(self.shape, _shape_of)
        return hashlib.sha256(schema + b"\0" + layout.encode("utf-8", "surrogatepass")).hexdigest()

    # --- out ------------------------------------------------------------------------------------------------------

    def encode(self, value: T) -> _Element:
        """Write an object as a fresh detached tree in no namespace.

        Raises:
            PayloadError: A field holds what its type does not allow or XML cannot carry.
        """
        try:
            codec = self if type(value) is self.cls else self.kin(value)
            return codec.tree(value)
        except Refusal as refusal:
            raise refusal.as_error(self.tag) from refusal.cause
        except RecursionError:
            raise PayloadError(self.tag, "it is nested too deeply to be written") from None

    def kin(self, value: object) -> Codec[Any]:
        """Give the codec of an object of another binding of the same class; it must have the same fingerprint."""
        cls = type(value)
        if cls is self.cls:
            return self
        if cls.__name__ == self.cls.__name__ and CODEC in cls.__dict__:
            codec = codec_of(cls)
            if codec.fingerprint == self.fingerprint:
                return codec
            raise Refusal(f"expected {self.cls.__name__}, got an object of another definition of that class")
        raise Refusal(f"expected {self.cls.__name__}, got {shown(value)}")

    def text(self, value: Any) -> str:
        """Write an object as the text of one element; raises `Refusal`."""
        body = self.body(value)
        declared = f' xmlns:xsi="{XSI}"' if 'xsi:nil="' in body else ""
        return f"<{self.tag}{declared}>{body}</{self.tag}>"

    def _parsed_tree(self, value: Any) -> _Element:
        try:
            return etree.fromstring(self.text(value).encode(), _PARSER)
        except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
            raise find_unwritable(value, _shape_if_any) or Refusal(f"it cannot be written: {error}") from None

    # --- in -------------------------------------------------------------------------------------------------------

    def validate(self, element: _Element, *, text: str | bytes | None = None) -> None:
        """Check an element against the schema.

        Args:
            element: The payload's element; it is not altered.
            text: The document that it was read from, to name line and column.

        Raises:
            PayloadError: The schema refuses it.
        """
        if not self.schema.validate(element):
            self._explain(element, text)

    def decode(self, element: _Element, table: TagTable | None = None, *, text: str | bytes | None = None) -> T:
        """Read a fresh object from an element, which is neither kept nor altered.

        Args:
            element: The payload's element.
            table: Finds the classes of what stands in `AnyPayload` fields.
            text: The document that the element was read from, to name line and column.

        Raises:
            PayloadError: The element is not one of this class, or the class refuses its values.
        """
        finder = None if table is None else _finder(table)
        try:
            return self._root(element, finder)  # type: ignore[no-any-return]
        except Refusal as refusal:
            if not _has_comments(element):
                self._raise(refusal, element, text)
        except RecursionError:
            raise PayloadError(self.tag, "it is nested too deeply to be read") from None
        return self._decode_bare(element, finder, text)

    def check(self, element: _Element) -> None:
        """Check an element against the schema; raises `Refusal`."""
        try:
            self.validate(element)
        except PayloadError as error:
            refusal = Refusal(error.problem, element)
            raise refusal.under(error.field) if error.field else refusal from None

    def _root(self, element: _Element, table: Table) -> Any:
        if element.tag != self.tag:
            raise Refusal(f"expected <{self.tag}>, got {named(element)}", element)
        if element.items():
            no_attributes(element)
        return self.read(element, table)

    def _decode_bare(self, element: _Element, table: Table, text: str | bytes | None) -> T:
        """Read a copy without comments: they may stand anywhere and mean nothing."""
        bare = deepcopy(element)
        bare.tail = None
        etree.strip_tags(bare, etree.Comment)
        try:
            return self._root(bare, table)  # type: ignore[no-any-return]
        except Refusal as refusal:
            self._raise(refusal, element, text)

    def _raise(self, refusal: Refusal, element: _Element, text: str | bytes | None) -> NoReturn:
        place = None
        if text is not None:
            inside = () if refusal.element is None else path_of(refusal.element, element)
            path = path_of(element) + inside
            place = locate(text, path)
        raise refusal.as_error(self.tag, place) from refusal.cause

    def _explain(self, element: _Element, text: str | bytes | None) -> NoReturn:
        """Say in our words what the schema refused; in libxml2's where the decoder has none."""
        log: Any = self.schema.error_log  # the stubs do not know that it can be iterated
        messages = [str(entry.message) for entry in log]
        try:
            self._root(element, OPAQUE)
        except Refusal as refusal:
            self._raise(refusal, element, text)
        except RecursionError:
            pass
        raise PayloadError(self.tag, _plain(messages[-1]) if messages else "the schema refuses it")

    def from_xml(self, source: _Element | str | bytes, table: TagTable | None = None) -> T:
        """Read an object from an element, or from the text of one element through the strict gate.

        Raises:
            PayloadError: The text is not one well-formed element, or not one of this class.
        """
        text = source if isinstance(source, str | bytes) else None
        element = self._document(source) if isinstance(source, str | bytes) else source
        self.validate(element, text=text)
        return self.decode(element, table, text=text)

    def _document(self, text: str | bytes) -> _Element:
        from xpipe_nb.xml import read_document

        try:
            return read_document(text)
        except Rejected as error:
            problem = _PLACE.sub("", error.detail)  # the error says the place itself
            raise PayloadError(self.tag, problem, line=error.line, column=error.column) from None

    def example(self) -> str:
        """Give XML that the class accepts, indented, for people and models.

        Raises:
            PayloadError: No value that fits could be made up (a constraint that only the class knows).
        """
        return build_example(self, _shape_of)


def _plain(message: str) -> str:
    return message.removesuffix(".").replace("'", "")


def _finder(table: TagTable) -> Table:
    def find(tag: str) -> Codec[Any] | None:
        cls = table.get(tag)
        return None if cls is None else codec_of(cls)

    return find


def _has_comments(element: _Element) -> bool:
    return next(element.iter(etree.Comment), None) is not None


def _shape_if_any(cls: type) -> Shape | None:
    return codec_of(cls).shape if CODEC in cls.__dict__ else None


def _shape_of(cls: type) -> Shape:
    return codec_of(cls).shape


def codec_of(cls: type[T]) -> Codec[T]:
    """Give the codec of a payload class; a plain dataclass or pydantic model gets its own at the first call.

    Raises:
        DefinitionError: The class cannot be a payload.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass
        ... class Point:
        ...     x: float
        >>> codec_of(Point).decode(codec_of(Point).encode(Point(1.5)))
        Point(x=1.5)
    """
    codec: Codec[T] | None = cls.__dict__.get(CODEC)
    if codec is not None:
        return codec
    if not is_class(cls):
        raise DefinitionError(
            getattr(cls, "__name__", repr(cls)), "it is no payload class", expected="a class with @payload"
        )
    return _attach(cls, {})


def _attach(cls: type[T], namespace: Mapping[str, Any]) -> Codec[T]:
    from xpipe_nb.payloads.decorate import attach  # it imports this module

    return attach(cls, namespace)


def is_payload(value: object) -> bool:
    """Say whether a class, or the class of an object, is a payload: decorated, or already compiled by `codec_of`."""
    cls = value if isinstance(value, type) else type(value)
    return CODEC in cls.__dict__
