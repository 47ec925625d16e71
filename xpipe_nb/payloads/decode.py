"""XML to objects: closures compiled once from a shape. They take exactly what the schema takes, and say more of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from lxml import etree

from xpipe_nb.payloads.encode import NIL, CodecOf, check_size, run_checks
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Mapping, Maybe, Nested, Node, OneOf, Scalar, Shape
from xpipe_nb.payloads.refusal import Refusal, shown
from xpipe_nb.payloads.scalars import WHITE
from xpipe_nb.payloads.schema import ITEM

if TYPE_CHECKING:
    from xpipe_nb.payloads.codec import Codec

__all__ = ["OPAQUE", "Read", "Table", "compile_reader", "named", "no_attributes"]

_Element = etree._Element

Table = Callable[[str], "Codec | None"] | None
"""Finds the codec of a tag for what stands in an `AnyPayload`; `None` when there is no table."""

Read = Callable[[_Element, Table], Any]
"""An element to its value; the attributes are the caller's affair."""

_DEFAULT: Any = object()
"""The field is not written, and its class knows its default."""


def OPAQUE(tag: str) -> Codec | None:  # noqa: N802  # a constant that has the type of a table
    """Stand for no table at all: what an `AnyPayload` holds is not looked at (as the schema does)."""
    return None



def compile_reader(shape: Shape, codec_of: CodecOf) -> Read:
    """Compile element -> object, from the element's children; raises `Refusal` with the field in its trail."""
    plan = [(field.tag, field.name, field.repeated, field_reader(field, codec_of), _absence(field)) for field in shape.fields]
    construct = _constructor(shape)

    def read(element: _Element, table: Table) -> Any:
        kids = element[:]
        no_text(element, kids)
        at, count, whole, values, name = 0, len(kids), True, [], ""
        try:
            for tag, name, repeated, take, absence in plan:  # noqa: B007  # `name` is for the except
                if at == count or kids[at].tag != tag:
                    value = absence(element, kids, at, shape)
                    whole = whole and value is not _DEFAULT
                elif repeated:
                    start = at
                    while at < count and kids[at].tag == tag:
                        at += 1
                    value = take(kids[start:at], table)
                else:
                    value = take(kids[at], table)
                    at += 1
                values.append(value)
        except Refusal as refusal:
            raise refusal.under(name) from None
        if at < count:
            raise _misplaced(kids, at, shape)
        return construct(element, values, whole)

    return read


def no_text(element: _Element, kids: list[_Element]) -> None:
    """Refuse text between elements; white space may stand there."""
    text = element.text
    if text is not None and text.strip(WHITE):
        raise Refusal(f"unexpected text {shown(text.strip(WHITE))}", element)
    for kid in kids:
        text = kid.tail
        if text is not None and text.strip(WHITE):
            raise Refusal(f"unexpected text {shown(text.strip(WHITE))} after {named(kid)}", kid)


def no_attributes(element: _Element) -> None:
    """Refuse any attribute."""
    if element.keys():
        raise Refusal(f"unexpected attribute {shown(element.keys()[0])}", element)


def named(element: _Element) -> str:
    """Give an element's tag as a person reads it."""
    tag = element.tag
    return f"<{tag}>" if isinstance(tag, str) else "a comment or an instruction"


def _misplaced(kids: list[_Element], at: int, shape: Shape) -> Refusal:
    """Say what is wrong with the first child that found no field: unknown, repeated, or out of order."""
    kid = kids[at]
    known = ", ".join(f"<{field.tag}>" for field in shape.fields)
    field = next((field for field in shape.fields if field.tag == kid.tag), None)
    if field is None:
        return Refusal(f"unexpected {named(kid)}; it holds {known or 'nothing'}", kid)
    if any(other.tag == kid.tag for other in kids[:at]):
        return Refusal(f"{named(kid)} stands twice", kid).under(field.name)
    return Refusal(f"{named(kid)} is out of order; the order is {known}", kid).under(field.name)


# --- building the object --------------------------------------------------------------------------------------------

_Absence = Callable[[_Element, list[_Element], int, Shape], Any]


def _absence(field: Field) -> _Absence:
    """Compile what happens when a field is not written: its value, a mark for the class's own default, or the error."""

    def missing(element: _Element, kids: list[_Element], at: int, shape: Shape) -> Any:
        if any(kid.tag == field.tag for kid in kids):
            order = ", ".join(f"<{field.tag}>" for field in shape.fields)
            raise Refusal(f"<{field.tag}> is out of order; the order is {order}", kids[at])
        found = f"; found {named(kids[at])}" if at < len(kids) else ""
        raise Refusal(f"<{field.tag}> is missing{found}", kids[at] if at < len(kids) else element)

    def empty(element: _Element, kids: list[_Element], at: int, shape: Shape) -> Any:
        node = field.node
        assert isinstance(node, Many | Mapping)  # nothing else can be empty
        try:
            check_size(0, node.least, node.most)
        except Refusal:
            missing(element, kids, at, shape)
        return _make(node)()

    if field.absent == "error":
        return missing
    if field.absent == "empty":
        return empty
    value = None if field.absent == "none" else _DEFAULT
    return lambda element, kids, at, shape: value


def _make(node: Many | Mapping) -> type:
    return dict if isinstance(node, Mapping) else node.make


def _constructor(shape: Shape) -> Callable[[_Element, list[Any], bool], Any]:
    """Compile values -> object: by position where that can be, else by name; what the class raises is a refusal."""
    build = shape.build
    arguments = [field.argument for field in shape.fields]
    by_position = not any(field.keyword for field in shape.fields)

    def construct(element: _Element, values: list[Any], whole: bool) -> Any:
        try:
            if whole and by_position:
                return build(*values)
            named_values = zip(arguments, values, strict=True)
            return build(**{name: value for name, value in named_values if value is not _DEFAULT})
        except Exception as error:  # the class's own checks may raise anything
            raise Refusal(_words(error), element) from error

    return construct


def _words(error: Exception) -> str:
    """Say in one line what the class's own check said."""
    details = getattr(error, "errors", None)
    if callable(details) and type(error).__module__.startswith("pydantic"):
        first = details()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    text = str(error)
    if isinstance(error, ValueError | AssertionError) and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


# --- one element ----------------------------------------------------------------------------------------------------


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
        if len(kids) == 1 and kids[0].keys() == [NIL] and _is_nil(kids[0]):
            return None if field.nil == "none" else _make(node)()
        return items(kids, table)

    return nilled


def _element(node: Node, codec_of: CodecOf, allowed: tuple[str, ...] = ()) -> Read:
    """Compile element -> value, attributes included; `allowed` are those that the caller reads."""
    maybe = isinstance(node, Maybe)
    content = _content(node.inner if isinstance(node, Maybe) else node, codec_of)

    def strict(element: _Element, table: Table) -> Any:
        if element.keys():
            no_attributes(element)
        return content(element, table)

    def careful(element: _Element, table: Table) -> Any:
        for key in element.keys():
            if key not in allowed and not (maybe and key == NIL):
                raise Refusal(f"unexpected attribute {shown(key)}", element)
        if maybe and _is_nil(element):
            return None
        return content(element, table)

    return careful if maybe or allowed else strict


def _is_nil(element: _Element) -> bool:
    """Read `xsi:nil`; an element that is nil holds nothing."""
    value = element.get(NIL)
    if value is None:
        return False
    says = _NIL_WORDS.get(value.strip(WHITE))
    if says is None:
        raise Refusal(f"expected xsi:nil to be true or false, got {shown(value)}", element)
    if says and (element.text or len(element)):
        raise Refusal("an element with xsi:nil holds nothing", element)
    return says


_NIL_WORDS = {"true": True, "1": True, "false": False, "0": False}


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


def _scalar(node: Scalar) -> Read:
    parse, checks, name = node.parse, node.checks, node.name

    def refused(text: str, error: Exception, element: _Element) -> Refusal:
        words = str(error) if type(error) is ValueError and " " in str(error) and name not in _TERSE else ""
        return Refusal(words or f"expected {name}, got {shown(text)}", element)

    def read(element: _Element, table: Table) -> Any:
        if len(element):
            raise Refusal(f"expected {name}, got {named(element[0])}", element)
        text = element.text or ""
        try:
            value = parse(text)
        except Exception as error:  # the parsers are Python's own and raise what they like
            raise refused(text, error, element) from None
        if checks:
            try:
                run_checks(checks, value)
            except Refusal as refusal:
                refusal.element = element
                raise
        return value

    def read_text(element: _Element, table: Table) -> Any:
        if len(element):
            raise Refusal(f"expected {name}, got {named(element[0])}", element)
        return element.text or ""

    return read_text if name == "str" and not checks else read


_TERSE = frozenset(("date", "time", "datetime", "UUID", "bytes", "float", "Decimal"))
"""Types whose own parser speaks of its insides; the text alone says more."""


def _nested(codec: Codec) -> Read:
    return lambda element, table: codec.read(element, table)


def _only(element: _Element, words: str) -> _Element:
    kids = element[:]
    no_text(element, kids)
    if len(kids) != 1:
        raise Refusal(f"expected one of {words}, got {len(kids) or 'nothing'}", element)
    if kids[0].keys():
        no_attributes(kids[0])
    return kids[0]


def _one_of(codecs: tuple[Codec, ...]) -> Read:
    by_tag = {codec.tag: codec for codec in codecs}
    words = ", ".join(f"<{tag}>" for tag in by_tag)

    def one_of(element: _Element, table: Table) -> Any:
        kid = _only(element, words)
        codec = by_tag.get(kid.tag) if isinstance(kid.tag, str) else None
        if codec is None:
            raise Refusal(f"expected one of {words}, got {named(kid)}", kid)
        return codec.read(kid, table)

    return one_of


def _any(element: _Element, table: Table) -> Any:
    kid = _only(element, "the payloads")
    if table is OPAQUE:
        return None if isinstance(kid.tag, str) and not kid.tag.startswith("{") else _refuse_any(kid)
    if table is None:
        raise Refusal("an AnyPayload is read by an organism's table only, and there is none", kid)
    codec = table(kid.tag) if isinstance(kid.tag, str) else None
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
        kids = element[:]
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
        kids = element[:]
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
