"""Objects to XML: closures compiled once from a shape.

A class whose fields are all plain values is written by copying a ready tree and setting its texts; anything larger is
written as text and parsed once, which is several times cheaper than building the tree element by element.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.payloads.characters import unwritable
from xpipe_nb.payloads.escape import escape, escape_key
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.schema import ITEM

if TYPE_CHECKING:
    from xpipe_nb.payloads.codec import Codec

__all__ = ["NIL", "XSI", "compile_body", "compile_tree"]

XSI = "http://www.w3.org/2001/XMLSchema-instance"
NIL = f"{{{XSI}}}nil"

CodecOf = Callable[[type], "Codec"]
Text = Callable[[Any], str]
"""A value to the text between the tags of its element."""


def renderer(node: Scalar) -> Text:
    """Compile value -> unescaped text, with every check of the node; raises `Refusal`."""
    render, checks, name = node.render, node.checks, node.name

    def refused(value: Any, error: Exception) -> Refusal:
        words = str(error) if type(error) is ValueError and error.args else ""
        return Refusal(words or f"expected {name}, got {shown(value)}")

    def plain(value: Any) -> str:
        try:
            return render(value)
        except Exception as error:  # a wrong type may fail in any way
            raise refused(value, error) from None

    def checked(value: Any) -> str:
        text = plain(value)
        run_checks(checks, value)
        return text

    return checked if checks else plain


def run_checks(checks: Sequence[Callable[[Any], str | None]], value: Any) -> None:
    """Raise `Refusal` for the first constraint that the value breaks."""
    for check in checks:
        try:
            problem = check(value)
        except Exception as error:  # a predicate is the user's own code
            problem = f"a constraint could not be checked for {shown(value)}: {error}"
        if problem is not None:
            raise Refusal(problem)


# --- the general way: text ------------------------------------------------------------------------------------------


def compile_body(shape: Shape, codec_of: CodecOf) -> Text:
    """Compile object -> the text of its children; raises `Refusal` with the field in its trail."""
    names = [field.name for field in shape.fields]
    writers = [_field(field, codec_of) for field in shape.fields]
    get = _getter(names)

    def body(value: Any) -> str:
        name = ""
        try:
            parts = []
            for name, write, item in zip(names, writers, get(value), strict=True):  # noqa: B007  # `name` is for the except
                parts.append(write(item))
            return "".join(parts)
        except Refusal as refusal:
            raise refusal.under(name) from None
        except AttributeError:
            raise _missing(value, names) from None

    return body


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        one = attrgetter(names[0])
        return lambda value: (one(value),)
    return lambda value: ()


def _missing(value: Any, names: list[str]) -> Refusal:
    """Name the field that the object has lost."""
    gone = next((name for name in names if not hasattr(value, name)), "")
    refusal = Refusal("the object has no such attribute")
    return refusal.under(gone) if gone else refusal


def _field(field: Field, codec_of: CodecOf) -> Text:
    if field.repeated:
        return _repeated(field, codec_of)
    if not isinstance(field.node, Maybe):
        return _element(field.tag, field.node, codec_of)
    inner = _element(field.tag, field.node.inner, codec_of)
    nothing = "" if field.none == "absent" else f'<{field.tag} xsi:nil="true"/>'
    return lambda value: nothing if value is None else inner(value)


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
        case Many():
            return _many(node, ITEM, codec_of)
        case Mapping():
            return _mapping(node, ITEM, codec_of)
        case Fixed():
            return _fixed(node, codec_of)
        case Maybe():
            raise TypeError("a Maybe is an element's affair")


def _scalar(node: Scalar) -> Text:
    render = renderer(node)
    if node.plain:
        return render
    if node.name == "str" and not node.checks:
        return lambda value: escape(value if type(value) is str else render(value))
    return lambda value: escape(render(value))


def _nested(codec: Codec) -> Text:
    cls = codec.cls

    def nested(value: Any) -> str:
        if type(value) is cls:
            return codec.body(value)
        return codec.kin(value).body(value)

    return nested


def _one_of(codecs: tuple[Codec, ...]) -> Text:
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
    node = field.node
    items = (
        _mapping(node, field.tag, codec_of) if isinstance(node, Mapping) else _many(_as_many(node), field.tag, codec_of)
    )
    nil = f'<{field.tag} xsi:nil="true"/>'
    none = nil if field.none == "nil" else ""
    empty = nil if field.nil == "empty" else ""

    def repeated(value: Any) -> str:
        return items(value) or empty

    def optional(value: Any) -> str:
        return none if value is None else items(value) or empty

    return optional if field.none else repeated


def _as_many(node: Node) -> Many:
    assert isinstance(node, Many)  # a repeated field is nothing else
    return node


def check_size(size: int, least: int, most: int | None) -> None:
    """Raise `Refusal` for a container of the wrong size."""
    if size < least:
        raise Refusal(f"expected at least {least} item{'' if least == 1 else 's'}, got {size}")
    if most is not None and size > most:
        raise Refusal(f"expected at most {most} item{'' if most == 1 else 's'}, got {size}")


def _many(node: Many, tag: str, codec_of: CodecOf) -> Text:
    make, least, most = node.make, node.least, node.most
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
                if not isinstance(key, str):
                    raise Refusal(f"expected a str key, got {shown(key)}")
                text = write(item)
            except Refusal as refusal:
                raise refusal.under(f"[{shown(key)}]") from None
            parts.append(f'{text[:start]} key="{escape_key(str.__str__(key))}"{text[start:]}')
        return "".join(parts)

    return mapping


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


# --- the short way: a ready tree ------------------------------------------------------------------------------------


def compile_tree(shape: Shape) -> Callable[[Any], etree._Element] | None:
    """Compile object -> element for a class of plain values; `None` for any other class."""
    plan = []
    template = etree.Element(shape.tag)
    for field in shape.fields:
        node = field.node.inner if isinstance(field.node, Maybe) else field.node
        if field.repeated or not isinstance(node, Scalar):
            return None
        etree.SubElement(template, field.tag).text = ""
        plan.append((field.name, renderer(node), field.none))
    names = [name for name, _, _ in plan]
    get = _getter(names)
    copy = template.__copy__

    def tree(value: Any) -> etree._Element:
        root = copy()
        name = ""
        try:
            for kid, (name, render, none), item in zip(root[:], plan, get(value), strict=True):  # noqa: B007
                if item is None and none:
                    _leave_out(root, kid, none)
                else:
                    kid.text = render(item)
        except Refusal as refusal:
            raise refusal.under(name) from None
        except AttributeError:
            raise _missing(value, names) from None
        except ValueError:  # lxml's word for a character that XML does not have, and Python's for a lone surrogate
            raise unwritable(item).under(name) from None
        return root

    return tree


def _leave_out(root: etree._Element, kid: etree._Element, none: str) -> None:
    if none == "absent":
        root.remove(kid)
    else:
        kid.text = None
        kid.set(NIL, "true")

