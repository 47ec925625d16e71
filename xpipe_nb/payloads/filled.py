"""What was filled into a form, read into a payload: every mistake with its place, found by the codec's own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lxml import etree

from xpipe_nb.errors import PayloadError, Rejected
from xpipe_nb.payloads.checks import check_size, run_checks
from xpipe_nb.payloads.codec import codec_of
from xpipe_nb.payloads.elements import unread
from xpipe_nb.payloads.form import class_keys
from xpipe_nb.payloads.nodes import AnyOf, Field, Fixed, Many, Maybe, Nested, Node, OneOf, Scalar
from xpipe_nb.payloads.nodes import Mapping as Dict
from xpipe_nb.payloads.refusal import Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xpipe_nb.payloads.codec import Codec, TagTable

__all__ = ["Filled", "read_form"]


@dataclass
class Filled:
    """What a form came to.

    Args:
        payload: The payload; `None` while there is a mistake.
        xml: The same as XML, indented.
        errors: By place, such as `items[3].price`, what is wrong there; `""` is the whole.
    """

    payload: Any = None
    xml: str = ""
    errors: dict[str, str] = field(default_factory=dict)


def read_form(classes: Sequence[type], root: Any, values: Any, table: TagTable | None = None) -> Filled:
    """Read what was filled into `form_of(classes)`.

    Args:
        classes: The classes of the form.
        root: The key of the class that was chosen.
        values: For each field its value: a text; an object of the fields of a class; for a union `{"class", "value"}`;
            a list of items; for a dict a list of `[key, item]`; `None`. A field that is not there is left to its default.
        table: Finds the classes of what stands in `AnyPayload` fields.

    Returns:
        The payload, or all mistakes at once. Nothing of what is given is taken on trust.
    """
    by_key = {key: cls for cls, key in class_keys(classes).items()}
    cls = by_key.get(root) if isinstance(root, str) else None
    if cls is None or cls not in classes:
        return Filled(errors={"": f"there is no payload class {shown(root)} here"})
    reader = _Reader(by_key, table)
    payload = reader.attempt("", reader.payload, cls, values)
    if reader.errors:
        return Filled(errors=reader.errors)
    try:
        codec: Codec[Any] = codec_of(cls)
        element = codec.encode(payload)
        codec.validate(element)
        payload = codec.decode(element, table)
    except PayloadError as error:
        return Filled(errors={error.field or "": error.problem})
    etree.indent(element, "  ")
    return Filled(payload, etree.tostring(element, encoding="unicode"))


class _Reader:
    """Reads values; what is wrong is noted with its place, and the rest is read all the same."""

    def __init__(self, classes: Mapping[str, type], table: TagTable | None) -> None:
        self.errors: dict[str, str] = {}
        self._classes, self._table = classes, table

    def attempt(self, place: str, read: Callable[..., Any], *given: Any) -> Any:
        """Read something that was given at a place; a mistake in it is noted."""
        try:
            return read(*given, place)
        except Refusal as refusal:
            self.errors.setdefault(place, refusal.problem)
        except PayloadError as error:
            self.errors.setdefault(place, f"{error.field}: {error.problem}" if error.field else error.problem)
        return None

    def payload(self, cls: type, values: Any, place: str) -> Any:
        """Make an object of a class."""
        shape, before = codec_of(cls).shape, len(self.errors)
        given = _typed(values, dict, "an object of fields")
        for name in given:
            if name not in {each.name for each in shape.fields}:
                self.errors[_below(place, str(name))] = f"{cls.__name__} has no such field"
        arguments = {}
        for each in shape.fields:
            where = _below(place, each.name)
            if each.name in given:
                arguments[each.argument] = self.attempt(where, self.field, each, given[each.name])
            elif each.absent == "error":
                self.errors.setdefault(where, "is missing")
        if len(self.errors) > before:
            return None
        try:
            return shape.build(**arguments)
        except Exception as error:  # noqa: BLE001 - the class's own checks may raise anything
            raise Refusal(f"{cls.__name__} refuses it: {error}") from None

    def field(self, of: Field, value: Any, place: str) -> Any:
        """Read one field, which may be `None` where its class says so."""
        if value is None and of.none:
            return None
        return self.node(of.node, value, place)

    def node(self, node: Node, value: Any, place: str) -> Any:
        """Read one value."""
        match node:
            case Maybe(inner):
                return None if value is None else self.node(inner, value, place)
            case Scalar():
                return _scalar(node, _typed(value, str, "a text"))
            case Nested(cls):
                return self.payload(cls, value, place)
            case OneOf(classes):
                return self._one_of(classes, value, place)
            case AnyOf():
                return self._any(_typed(value, str, "a payload as XML"))
            case _:
                return self._container(node, value, place)

    def _one_of(self, classes: tuple[type, ...], value: Any, place: str) -> Any:
        chosen = _typed(value, dict, "a class and its fields")
        cls = self._classes.get(str(chosen.get("class")))
        if cls is None or cls not in classes:
            names = " or ".join(each.__name__ for each in classes)
            raise Refusal(f"expected {names}, got {shown(chosen.get('class'))}")
        return self.payload(cls, chosen.get("value", {}), place)

    def _any(self, text: str) -> Any:
        from xpipe_nb.xml import read_document

        try:
            element = read_document(text)
        except Rejected as error:
            raise Refusal(error.detail) from None
        cls = None if self._table is None else self._table.get(str(element.tag))
        if cls is None:
            raise Refusal(f"nobody here knows a payload class {element.tag}")
        return codec_of(cls).from_xml(text, self._table)

    def _container(self, node: Many | Dict | Fixed, value: Any, place: str) -> Any:
        if isinstance(node, Many):
            return self._many(node, value, place)
        if isinstance(node, Dict):
            return self._dict(node, value, place)
        given = _typed(value, list, "a list")
        check_size(len(given), len(node.items), len(node.items))
        return tuple(self._items(zip(node.items, given, strict=True), place))

    def _many(self, node: Many, value: Any, place: str) -> Any:
        given = _typed(value, list, "a list")
        check_size(len(given), node.least, node.most)
        items = list(self._items(((node.item, each) for each in given), place))
        if node.make in (set, frozenset):
            for at, item in enumerate(items):
                if item in items[:at]:
                    self.errors.setdefault(f"{place}[{at}]", "stands there twice")
        return None if self.errors else node.make(items)

    def _dict(self, node: Dict, value: Any, place: str) -> Any:
        pairs = [_typed(each, list, "a key and a value") for each in _typed(value, list, "a list of pairs")]
        if any(len(each) != 2 or not isinstance(each[0], str) for each in pairs):
            raise Refusal("expected a list of keys with their values")
        check_size(len(pairs), node.least, node.most)
        made: dict[str, Any] = {}
        for at, (key, item) in enumerate(pairs):
            where = f"{place}[{at}]"
            if key in made:
                self.errors.setdefault(where, f"the key {key!r} stands there twice")
            made[key] = self.attempt(where, self.node, node.item, item)
        return made

    def _items(self, pairs: Any, place: str) -> Any:
        for at, (node, item) in enumerate(pairs):
            yield self.attempt(f"{place}[{at}]", self.node, node, item)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _typed(value: Any, kind: type, words: str) -> Any:
    """See to it that a value is what it must be; a page may send anything."""
    if not isinstance(value, kind):
        raise Refusal(f"expected {words}, got {shown(value)}")
    return value


def _scalar(node: Scalar, text: str) -> Any:
    """Read a text as an element's is read."""
    try:
        value = node.parse(text)
    except Exception as error:  # noqa: BLE001  # the parsers are Python's own and raise what they like
        raise unread(node.name, text, error) from None
    run_checks(node.checks, value)
    return value
