"""YAML text to plain data by the core rules of YAML 1.2, with the line of every place.

PyYAML scans, parses and composes; what a plain word means is decided here, because its own rules are YAML 1.1's
(`on` would be true, `1:30` ninety). Nothing is ever constructed from a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml.composer import Composer
from yaml.error import YAMLError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner
from yaml.tokens import ScalarToken

from xpipe_nb.config.yaml_words import syntax_fault
from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.settings import INVALID, Place, said

__all__ = ["MAX_DEPTH", "MAX_NODES", "MAX_TEXT", "YamlDocument", "load_yaml_text", "plain_value"]

MAX_TEXT = 1_048_576
"""Characters of a text; longer ones are refused before they are read."""

MAX_NODES = 10_000
"""Values of a document, those behind aliases counted each time (a few lines of aliases can mean billions)."""

MAX_DEPTH = 50
"""Levels of nesting."""

PLAIN = "plain"
"""The tag that we give to a word without quotes and without a tag."""

CORE = "tag:yaml.org,2002:"

# YAML 1.2.2, section 10.3.2 "Tag resolution" of the core schema.
NULL = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})
DECIMAL = re.compile(r"[-+]?[0-9]+", re.ASCII)
OCTAL = re.compile(r"0o[0-7]+", re.ASCII)
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)")
NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})


@dataclass
class YamlDocument:
    """What a YAML text says.

    Args:
        value: Plain data: dict, list, str, int, float, bool or `None`.
        lines: The line of every place, by JSON path, counted from 1.
        accidents: Keys that a comma inside braces made of a text, by JSON path, with the text that was meant;
            `None` for a further piece of the same text.
        faults: Duplicate keys, unknown tags and the like; the rest of the value is good.
    """

    value: Any = None
    lines: dict[str, int] = field(default_factory=dict)
    accidents: dict[str, str | None] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def located(self, fault: Fault) -> Fault:
        """Give a fault the line of its place, or of the nearest place around it."""
        path = fault.path
        while fault.line is None and path not in self.lines:
            path, cut = _parent(path), path
            if path == cut:
                return fault
        line = fault.line or self.lines[path]
        return Fault(fault.path, fault.problem, fault.expected, fault.nearest, line)


def load_yaml_text(text: str) -> YamlDocument:
    """Read one YAML document.

    Args:
        text: The document; `peers: *` and `peers: [*]` are understood, though YAML itself has no such value.

    Raises:
        ConfigError: The text is no YAML, too large, or nested too deeply; with the line, in plain words.

    Example:
        >>> load_yaml_text("{name: on, after: 1:30}").value
        {'name': 'on', 'after': '1:30'}
    """
    if len(text) > MAX_TEXT:
        raise ConfigError(Fault("$", f"the text has {len(text)} characters", f"at most {MAX_TEXT}"))
    document = YamlDocument()
    try:
        node = _Composer(text).get_single_node()
    except YAMLError as error:
        raise ConfigError(syntax_fault(error, text)) from None
    if node is not None:
        place = Place(faults=document.faults)
        document.value = _Walk(document).value(node, place)
    document.faults = [document.located(fault) for fault in document.faults]
    return document


def plain_value(word: str) -> Any:
    """Give what a word without quotes means by the core schema.

    Raises:
        ValueError: A whole number of thousands of digits.
    """
    if word in NULL:
        return None
    if word in TRUE or word in FALSE:
        return word in TRUE
    if DECIMAL.fullmatch(word):
        return int(word)
    if OCTAL.fullmatch(word) or HEXADECIMAL.fullmatch(word):
        return int(word, 0)
    if FLOAT.fullmatch(word):
        return float(word)
    if INFINITE.fullmatch(word) or word in NOT_A_NUMBER:
        return float(word.replace(".", ""))
    return word


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """Text to nodes; a word without a tag keeps the tag `PLAIN`, whatever it looks like."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self.depth = 0

    def resolve(self, kind: type[Node], value: str | None, implicit: Any) -> str:  # noqa: ARG002 - PyYAML calls it
        """Name the kind of an untagged node."""
        if kind is ScalarNode:
            return PLAIN if implicit[0] else f"{CORE}str"
        return f"{CORE}seq" if kind is SequenceNode else f"{CORE}map"

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """Bound the nesting: composing and walking both recurse."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise ConfigError(Fault("$", "nested too deeply", f"at most {MAX_DEPTH} levels", line=line))
        node: Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def fetch_alias(self) -> None:
        """Read a lone `*` as the text "*", where YAML would want the name of an anchor."""
        if self.peek(1) not in "\0 \t\r\n\x85\u2028\u2029,]}":
            super().fetch_alias()
            return
        self.save_possible_simple_key()
        self.allow_simple_key = False
        start = self.get_mark()
        self.forward()
        self.tokens.append(ScalarToken("*", False, start, self.get_mark(), "'"))


class _Walk:
    """Nodes to plain data, noting lines and faults on the way."""

    def __init__(self, document: YamlDocument) -> None:
        self.document = document
        self.seen = 0
        self.open: set[int] = set()

    def value(self, node: Node, place: Place) -> Any:
        self.seen += 1
        line: int = node.start_mark.line + 1
        if self.seen > MAX_NODES:
            raise ConfigError(
                Fault("$", "too many values, counting aliases each time", f"at most {MAX_NODES}", None, line)
            )
        self.document.lines.setdefault(place.path, line)
        if id(node) in self.open:
            place.fault("an alias that contains itself")
            return INVALID
        self.open.add(id(node))
        try:
            return self._inside(node, place)
        finally:
            self.open.discard(id(node))

    def _inside(self, node: Node, place: Place) -> Any:
        if isinstance(node, ScalarNode):
            return _scalar(node, place)
        right = "map" if isinstance(node, MappingNode) else "seq"
        if node.tag != CORE + right:
            place.fault(f"unknown tag {_tag(node)}", "no tag")
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        items = [self.value(item, place.item(index)) for index, item in enumerate(node.value)]
        # What could not be read keeps its place, so that the items after it keep their numbers.
        return [None if item is INVALID else item for item in items]

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        lines: dict[str, int] = {}
        values: dict[str, Any] = {}
        for key, item in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, ScalarNode):
                Place(place.path, place.faults).fault("a key that is a list or a mapping", "a word")
                continue
            spot = place.key(key.value)
            if key.value in lines:
                place.faults.append(_twice(spot.path, key.value, lines[key.value], line))
                continue
            lines[key.value] = self.document.lines[spot.path] = line
            value = self.value(item, spot)
            if value is not INVALID:
                values[key.value] = value
        if node.flow_style:
            self.document.accidents.update(_accidents(node, place))
        return values


def _twice(path: str, key: str, first: int, second: int) -> Fault:
    where = f"twice in line {first}" if first == second else f"in line {first} and in line {second}"
    return Fault(path, f"the key {key!r} stands {where}", "each key once", line=second)


def _scalar(node: ScalarNode, place: Place) -> Any:
    readers = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}
    wanted = readers.get(node.tag.removeprefix(CORE))
    if wanted is str:
        return node.value
    if wanted is None and node.tag != PLAIN:
        return place.fault(f"unknown tag {_tag(node)}", "no tag")
    try:
        value = plain_value(node.value)
    except ValueError:
        return place.fault("a number of too many digits")
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is not None and type(value) is not wanted:
        return place.fault(f"{said(node.value)} does not fit its tag {_tag(node)}")
    return value


def _tag(node: Node) -> str:
    tag: str = node.tag
    return f"!!{tag.removeprefix(CORE)}" if tag.startswith(CORE) else tag


def _accidents(node: MappingNode, place: Place) -> Iterator[tuple[str, str | None]]:
    """Find the pieces that a comma cut from a text without quotes: keys without a value, after such a text."""
    text: list[str] = []
    start = ""
    first = ""
    for key, item in [*node.value, (None, None)]:
        piece = isinstance(item, ScalarNode) and item.tag == PLAIN and item.start_mark.index == item.end_mark.index
        if piece and text and isinstance(key, ScalarNode):
            path = place.key(key.value).path
            first = first or path
            text.append(key.value)
            if path != first:
                yield path, None
            continue
        if first:
            yield first, f'{start}: "{", ".join(text)}"'
        plain = isinstance(item, ScalarNode) and item.tag == PLAIN and isinstance(key, ScalarNode)
        text, start, first = ([item.value], key.value, "") if plain else ([], "", "")


def _parent(path: str) -> str:
    return re.sub(r"(\.[^.\[\]]+|\[('(\\.|[^'\\])*'|\"(\\.|[^\"\\])*\"|\d+)\])$", "", path)
