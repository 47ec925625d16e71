"""XML to values: closures for one element, compiled from its node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from lxml.etree import _Element

from xpipe_nb.payloads.checks import check_size, run_checks
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar
from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.schema import ITEM
from xpipe_nb.payloads.strict import NIL, children, is_nil, named, no_attributes, no_text, tag_of

if TYPE_CHECKING:
    from xpipe_nb.payloads.codec import Codec

__all__ = ["OPAQUE", "Read", "Table", "field_reader", "make_of", "unread"]

CodecOf = Callable[[type], "Codec[Any]"]

Table = Callable[[str], "Codec[Any] | None"] | None
"""Finds the codec of a tag for what stands in an `AnyPayload`; `None` when there is no table."""

Read = Callable[[_Element, Table], Any]
"""An element to its value; the attributes are the caller's affair."""


def OPAQUE(_tag: str, /) -> Codec[Any] | None:  # noqa: N802  # a constant that has the type of a table
    """Stand for no table at all: what an `AnyPayload` holds is not looked at (as the schema does)."""
    return None


def field_reader(field: Field, codec_of: CodecOf) -> Callable[[Any, Table], Any]:
    """Compile the reader of a field: of its one element, or of the list of its elements."""
    if not field.repeated:
        return _element(field.node, codec_of)
    node = field.node
    assert isinstance(node, Many | Mapping)  # a repeated field is nothing else
    items = _items(node, codec_of)
    if not field.nil:
        return items

    def nilled(kids: list[_Element], table: Table) -> Any:
        if len(kids) == 1 and kids[0].keys() == [NIL] and is_nil(kids[0]):
            return None if field.nil == "none" else make_of(node)()
        return items(kids, table)

    return nilled


def _element(node: Node, codec_of: CodecOf, allowed: tuple[str, ...] = ()) -> Read:
    """Compile element -> value, attributes included; `allowed` are those that the caller reads."""
    if isinstance(node, Scalar) and not allowed:
        return _scalar(node, bare=True)
    maybe = isinstance(node, Maybe)
    content = _content(node.inner if isinstance(node, Maybe) else node, codec_of)

    def strict(element: _Element, table: Table) -> Any:
        if element.items():
            no_attributes(element)
        return content(element, table)

    def careful(element: _Element, table: Table) -> Any:
        for key in element.keys():  # noqa: SIM118  # an element iterates over its children
            if key not in allowed and not (maybe and key == NIL):
                raise Refusal(f"unexpected attribute {shown(key)}", element)
        if maybe and is_nil(element):
            return None
        return content(element, table)

    return careful if maybe or allowed else strict


def _content(node: Node, codec_of: CodecOf) -> Read:
    """Compile element -> value from what stands inside it."""
    match node:
        case Scalar():
            return _scalar(node)
        case Nested(cls):
            return _nested(codec_of(cls))
        case OneOf(classes):
            return _one_of(tuple(map(codec_of, classes)))
        case AnyOf():
            return _any
        case Many() | Mapping():
            return _wrapped(_items(node, codec_of))
        case Fixed():
            return _fixed(node, codec_of)
        case Maybe():
            raise TypeError("a Maybe is an element's affair")


def _scalar(node: Scalar, *, bare: bool = False) -> Read:
    """Compile element -> value for a value that is text.

    This is what most elements are, so one call does it all: with `bare` the attributes are looked at here, too.
    """
    parse, checks, text_only = node.parse, node.checks, node.name == "str" and not node.checks

    def read(element: _Element, _table: Table) -> Any:
        if len(element) or (bare and element.items()):
            raise _not_text(node.name, element, bare=bare)
        text = element.text or ""
        if text_only:
            return text
        try:
            value = parse(text)
        except Exception as error:  # noqa: BLE001  # the parsers are Python's own and raise what they like
            raise unread(node.name, text, error, element) from None
        if checks:
            _run_checks(checks, value, element)
        return value

    return read


def _run_checks(checks: Sequence[Callable[[Any], str | None]], value: Any, element: _Element) -> None:
    try:
        run_checks(checks, value)
    except Refusal as refusal:
        refusal.element = element
        raise


def _not_text(name: str, element: _Element, *, bare: bool) -> Refusal:
    if bare:
        no_attributes(element)
    return Refusal(f"expected {name}, got {named(element[0])}", element)


def unread(name: str, text: str, error: Exception, element: _Element | None = None) -> Refusal:
    """Say that a text is no value of a type, in the parser's own words where they are ours."""
    ours = type(error) is ValueError and error.args and name not in _TERSE
    return Refusal(str(error) if ours else f"expected {name}, got {shown(text)}", element)


_TERSE = frozenset(("date", "time", "datetime", "UUID", "bytes", "float", "Decimal"))
"""Types whose own parser speaks of its insides; the text alone says more."""


def _nested(codec: Codec[Any]) -> Read:
    return lambda element, table: codec.read(element, table)  # noqa: PLW0108  # `read` is compiled at its first use


def _only(element: _Element, words: str) -> _Element:
    kids = children(element)
    no_text(element, kids)
    if len(kids) != 1:
        raise Refusal(f"expected one of {words}, got {len(kids) or 'nothing'}", element)
    if kids[0].keys():
        no_attributes(kids[0])
    return kids[0]


def _one_of(codecs: tuple[Codec[Any], ...]) -> Read:
    by_tag = {codec.tag: codec for codec in codecs}
    words = ", ".join(f"<{tag}>" for tag in by_tag)

    def one_of(element: _Element, table: Table) -> Any:
        kid = _only(element, words)
        codec = by_tag.get(tag_of(kid) or "")
        if codec is None:
            raise Refusal(f"expected one of {words}, got {named(kid)}", kid)
        return codec.read(kid, table)

    return one_of


def _any(element: _Element, table: Table) -> Any:
    kid = _only(element, "the payloads")
    tag = tag_of(kid)
    if table is OPAQUE:
        return None if tag is not None and not tag.startswith("{") else _refuse_any(kid)
    if table is None:
        raise Refusal("an AnyPayload is read by an organism's table only, and there is none", kid)
    codec = None if tag is None else table(tag)
    if codec is None:
        _refuse_any(kid)
    codec.check(kid)
    return codec.read(kid, table)


def _refuse_any(kid: _Element) -> NoReturn:
    raise Refusal(f"no payload here is called {named(kid)}", kid)


# --- containers -----------------------------------------------------------------------------------------------------


def _items(node: Many | Mapping, codec_of: CodecOf) -> Callable[[list[_Element], Table], Any]:
    return _dict_items(node, codec_of) if isinstance(node, Mapping) else _list_items(node, codec_of)


def _list_items(node: Many, codec_of: CodecOf) -> Callable[[list[_Element], Table], Any]:
    make, least, most = node.make, node.least, node.most
    read = _element(node.item, codec_of)
    unordered = make in (set, frozenset)

    def items(kids: list[_Element], table: Table) -> Any:
        check_size(len(kids), least, most)
        index, values = -1, []
        try:
            for index, kid in enumerate(kids):  # noqa: B007  # `index` is for the except
                values.append(read(kid, table))
        except Refusal as refusal:
            raise refusal.under(f"[{index}]") from None
        if make is list:
            return values
        value = make(values)
        if unordered and len(value) < len(values):
            raise Refusal("the same item stands twice in a set", kids[-1])
        return value

    return items


def _dict_items(node: Mapping, codec_of: CodecOf) -> Callable[[list[_Element], Table], Any]:
    least, most = node.least, node.most
    read = _element(node.item, codec_of, ("key",))

    def items(kids: list[_Element], table: Table) -> Any:
        check_size(len(kids), least, most)
        values: dict[str, Any] = {}
        for kid in kids:
            key = kid.get("key")
            if key is None:
                raise Refusal(f"{named(kid)} has no key", kid)
            if key in values:
                raise Refusal(f"the key {shown(key)} stands twice", kid)
            try:
                values[key] = read(kid, table)
            except Refusal as refusal:
                raise refusal.under(f"[{shown(key)}]") from None
        return values

    return items


def _wrapped(items: Callable[[list[_Element], Table], Any]) -> Read:
    def wrapped(element: _Element, table: Table) -> Any:
        kids = children(element)
        no_text(element, kids)
        for kid in kids:
            if kid.tag != ITEM:
                raise Refusal(f"expected <{ITEM}>, got {named(kid)}", kid)
        try:
            return items(kids, table)
        except Refusal as refusal:
            refusal.element = element if refusal.element is None else refusal.element
            raise

    return wrapped


def _fixed(node: Fixed, codec_of: CodecOf) -> Read:
    readers = [(f"{ITEM}{number}", _element(item, codec_of)) for number, item in enumerate(node.items, 1)]

    def fixed(element: _Element, table: Table) -> Any:
        kids = children(element)
        no_text(element, kids)
        if [kid.tag for kid in kids] != [tag for tag, _ in readers]:
            words = ", ".join(f"<{tag}>" for tag, _ in readers) or "nothing"
            raise Refusal(f"expected {words}, got {', '.join(map(named, kids)) or 'nothing'}", element)
        index, values = 0, []
        try:
            for index, (kid, (_, read)) in enumerate(zip(kids, readers, strict=True)):  # noqa: B007
                values.append(read(kid, table))
        except Refusal as refusal:
            raise refusal.under(f"[{index}]") from None
        return tuple(values)

    return fixed


def make_of(node: Many | Mapping) -> type:
    """Give the class of a container."""
    return dict if isinstance(node, Mapping) else node.make
