"""Objects to XML: closures compiled once from a shape, which write text.

The text is parsed once, which is several times cheaper than building a large tree element by element. A class whose
fields are all plain values has a shorter way still: `template.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from xpipe_nb.payloads.checks import check_size, renderer
from xpipe_nb.payloads.escape import escape, escape_key
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.scalars import SCALARS
from xpipe_nb.payloads.schema import ITEM
from xpipe_nb.payloads.template import getter, missing

if TYPE_CHECKING:
    from xpipe_nb.payloads.codec import Codec

__all__ = ["compile_body"]

CodecOf = Callable[[type], "Codec[Any]"]
Text = Callable[[Any], str]
"""A value to the text between the tags of its element."""


# --- the general way: text ------------------------------------------------------------------------------------------


def compile_body(shape: Shape, codec_of: CodecOf) -> Text:
    """Compile object -> the text of its children; raises `Refusal` with the field in its trail."""
    names = [field.name for field in shape.fields]
    pieces = [_field(field, codec_of) for field in shape.fields]
    form = "".join(piece for piece, _ in pieces)
    writers = [write for _, write in pieces]
    get = getter(names)

    def body(value: Any) -> str:
        try:
            return form % tuple([write(item) for write, item in zip(writers, get(value), strict=True)])
        except Refusal as refusal:
            raise _blamed(refusal, zip(names, writers, get(value), strict=True)) from None
        except AttributeError:
            raise missing(value, names) from None

    return body


def _blamed(refusal: Refusal, fields: Iterable[tuple[str, Text, Any]]) -> Refusal:
    """Find the field that was refused by writing one after the other: knowing it beforehand would cost every object."""
    for name, write, item in fields:
        try:
            write(item)
        except Refusal as again:
            return again.under(name)
    return refusal


def _field(field: Field, codec_of: CodecOf) -> tuple[str, Text]:
    """Compile one field: its piece of the format, and value -> what fills it."""
    if field.repeated:
        return "%s", _repeated(field, codec_of)
    if not isinstance(field.node, Maybe):
        return f"<{field.tag}>%s</{field.tag}>", _content(field.node, codec_of)
    inner = _element(field.tag, field.node.inner, codec_of)
    nothing = "" if field.none == "absent" else f'<{field.tag} xsi:nil="true"/>'
    return "%s", lambda value: nothing if value is None else inner(value)


def _element(tag: str, node: Node, codec_of: CodecOf) -> Text:
    """Compile value -> its whole element."""
    opening, closing = f"<{tag}>", f"</{tag}>"
    if isinstance(node, Maybe):
        inner, nil = _element(tag, node.inner, codec_of), f'<{tag} xsi:nil="true"/>'
        return lambda value: nil if value is None else inner(value)
    content = _content(node, codec_of)
    return lambda value: f"{opening}{content(value)}{closing}"


def _content(node: Node, codec_of: CodecOf) -> Text:
    """Compile value -> the text inside its element."""
    match node:
        case Scalar():
            return _scalar(node)
        case Nested(cls):
            return _nested(codec_of(cls))
        case OneOf(classes):
            return _one_of(tuple(map(codec_of, classes)))
        case AnyOf():
            return _any(codec_of)
        case Many() | Mapping():
            return _items(node, ITEM, codec_of)
        case Fixed():
            return _fixed(node, codec_of)
        case _:
            raise TypeError("a Maybe is an element's affair")


def _scalar(node: Scalar) -> Text:
    render = renderer(node)
    if node.plain:
        return render
    if node.name == "str" and not node.checks:
        return _text
    return lambda value: escape(render(value))


def _text(value: Any) -> str:
    """Write a `str`; most need no escaping, and looking is cheaper than replacing nothing."""
    if type(value) is not str:
        value = _render_text(value)
    if "&" in value or "<" in value or ">" in value or "\r" in value:
        return escape(value)
    return value  # type: ignore[no-any-return]


_render_text = renderer(SCALARS[str])


def _nested(codec: Codec[Any]) -> Text:
    cls = codec.cls

    def nested(value: Any) -> str:
        if type(value) is cls:
            return codec.body(value)
        return codec.kin(value).body(value)

    return nested


def _one_of(codecs: tuple[Codec[Any], ...]) -> Text:
    by_class = {codec.cls: codec for codec in codecs}
    by_tag = {codec.tag: codec for codec in codecs}
    words = " or ".join(by_tag)

    def one_of(value: Any) -> str:
        codec = by_class.get(type(value))
        if codec is None:
            known = by_tag.get(type(value).__name__)
            if known is None:
                raise Refusal(f"expected {words}, got {shown(value)}")
            codec = known.kin(value)
        return f"<{codec.tag}>{codec.body(value)}</{codec.tag}>"

    return one_of


def _any(codec_of: CodecOf) -> Text:
    def any_of(value: Any) -> str:
        try:
            codec = codec_of(type(value))
        except TypeError:
            raise Refusal(f"expected a payload, got {shown(value)}") from None
        return codec.text(value)

    return any_of


# --- containers -----------------------------------------------------------------------------------------------------


def _repeated(field: Field, codec_of: CodecOf) -> Text:
    assert isinstance(field.node, Many | Mapping)  # a repeated field is nothing else
    items = _items(field.node, field.tag, codec_of)
    nil = f'<{field.tag} xsi:nil="true"/>'
    none = nil if field.none == "nil" else ""
    empty = nil if field.nil == "empty" else ""

    def repeated(value: Any) -> str:
        return items(value) or empty

    def optional(value: Any) -> str:
        return none if value is None else items(value) or empty

    return optional if field.none else repeated


def _items(node: Many | Mapping, tag: str, codec_of: CodecOf) -> Text:
    return _mapping(node, tag, codec_of) if isinstance(node, Mapping) else _many(node, tag, codec_of)


def _many(node: Many, tag: str, codec_of: CodecOf) -> Text:
    make: type[Any] = node.make
    least, most = node.least, node.most
    write = _element(tag, node.item, codec_of)
    unordered = make in (set, frozenset)

    def many(value: Any) -> str:
        if not isinstance(value, make):
            raise Refusal(f"expected {make.__name__}, got {shown(value)}")
        check_size(len(value), least, most)
        index, parts = -1, []
        try:
            for index, item in enumerate(value):  # noqa: B007  # `index` is for the except
                parts.append(write(item))
        except Refusal as refusal:
            raise refusal.under(f"[{index}]") from None
        if unordered:
            parts.sort()  # the same set gives the same text, whatever its order in memory
        return "".join(parts)

    return many


def _mapping(node: Mapping, tag: str, codec_of: CodecOf) -> Text:
    least, most = node.least, node.most
    write = _element(tag, node.item, codec_of)
    start = len(tag) + 1

    def mapping(value: Any) -> str:
        if not isinstance(value, dict):
            raise Refusal(f"expected dict, got {shown(value)}")
        check_size(len(value), least, most)
        parts = []
        for key, item in value.items():
            try:
                name = escape_key(_key(key))
                text = write(item)
            except Refusal as refusal:
                raise refusal.under(f"[{shown(key)}]") from None
            parts.append(f'{text[:start]} key="{name}"{text[start:]}')
        return "".join(parts)

    return mapping


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise Refusal(f"expected a str key, got {shown(key)}")
    return str.__str__(key)


def _fixed(node: Fixed, codec_of: CodecOf) -> Text:
    writers = [_element(f"{ITEM}{number}", item, codec_of) for number, item in enumerate(node.items, 1)]

    def fixed(value: Any) -> str:
        if not isinstance(value, tuple) or len(value) != len(writers):
            raise Refusal(f"expected a tuple of {len(writers)}, got {shown(value)}")
        index, parts = 0, []
        try:
            for index, (write, item) in enumerate(zip(writers, value, strict=True)):  # noqa: B007
                parts.append(write(item))
        except Refusal as refusal:
            raise refusal.under(f"[{index}]") from None
        return "".join(parts)

    return fixed
