"""The line of a magic: options first, then names, then raw text that nobody splits or expands."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xpipe_nb.notebook.called import PLAIN, Called
from xpipe_nb.notebook.mistakes import Mistake
from xpipe_nb.wording import did_you_mean

__all__ = [
    "FLAG", "HELP", "INJECT", "ORGANISM", "SETTLE", "Head", "InjectLine", "OptionTable", "OrganismLine", "first_word",
    "read_inject", "read_organism", "read_settle", "split_head", "wants_help",
]  # fmt: skip

OptionTable = Mapping[str, "Callable[[str], Any] | None"]
"""The options of a magic: how the word after each is read; `None` for an option that takes no word."""

FLAG = None


@dataclass(frozen=True, slots=True)
class Head:
    """The options at the beginning of a line, and the raw text after them."""

    options: dict[str, Any]
    rest: str


@dataclass(frozen=True, slots=True)
class InjectLine:
    """What `%inject` was asked for.

    Args:
        target: The listener's name, with `organism/` before it if that was written; empty when nothing was.
        text: The payload, as it was written.
        options: The options by name: `from`, `as`, `continue`, `no-wait`, `timeout`, `raw`, `help`.
        silent: Whether the line ended in a semicolon: nothing but handlers' prints is shown.
    """

    target: str
    text: str
    options: dict[str, Any] = field(default_factory=dict)
    silent: bool = False


@dataclass(frozen=True, slots=True)
class OrganismLine:
    """What `%%organism` was asked for: a name and the options `no-view`, `replace`, `as`, `from`, `help`."""

    name: str
    options: dict[str, Any]


def _seconds(text: str) -> float:
    seconds = float(text)
    if seconds < 0 or math.isnan(seconds):
        raise ValueError("no time")
    return seconds


def _conversation_number(text: str) -> int:
    return int(text.removeprefix("#"))


INJECT: OptionTable = {
    "from": str,
    "as": str,
    "continue": _conversation_number,
    "no-wait": FLAG,
    "timeout": _seconds,
    "raw": FLAG,
    "help": FLAG,
}
ORGANISM: OptionTable = {"no-view": FLAG, "replace": FLAG, "as": str, "from": str, "help": FLAG}
SETTLE: OptionTable = {"timeout": _seconds, "help": FLAG}
HELP = ("--help", "-h", "?")
"""What asks for help."""
_EXPECTED: Mapping[Any, str] = {_seconds: "seconds, from 0", _conversation_number: "the number of a conversation"}


def read_inject(line: str, called: Called = PLAIN) -> InjectLine:
    """Read the line of `%inject` (or the first line of `%%inject`).

    Args:
        line: The line.
        called: What our magics are called here.

    Raises:
        Mistake: For an unknown option, a word that is no number, or an option after the listener.

    Example:
        >>> read_inject('--timeout 5 greeter Greeting("a -- b");')
        InjectLine(target='greeter', text='Greeting("a -- b")', options={'timeout': 5.0}, silent=True)
    """
    text = line.strip()
    silent = text.endswith(";")
    head = split_head(text[:-1].rstrip() if silent else text, INJECT, called.inject)
    target, rest = first_word(head.rest)
    if rest in HELP:
        return InjectLine(target, "", {**head.options, "help": True}, silent)
    late = re.match(r"--([a-z-]+)", rest)
    if late and late[1] in INJECT:
        raise Mistake(
            f"--{late[1]} stands after {target}. Put options before the listener: {called.inject} {rest} {target} …"
        )
    return InjectLine(target, rest, head.options, silent)


def read_organism(line: str, called: Called = PLAIN) -> OrganismLine:
    """Read the first line of `%%organism`; options may stand before or after the name.

    Raises:
        Mistake: For an unknown option, or more than one name.
    """
    magic = called.organism_cell
    head = split_head(line.strip(), ORGANISM, magic)
    name, rest = first_word(head.rest)
    tail = split_head(rest, ORGANISM, magic)
    if tail.rest:
        raise Mistake(f"{magic} takes one name; after {name} stands {tail.rest!r}. What it is made of goes below.")
    return OrganismLine(name, head.options | tail.options)


def read_settle(line: str, called: Called = PLAIN) -> dict[str, Any]:
    """Read the line of `%settle`.

    Raises:
        Mistake: For anything but its options.
    """
    head = split_head(line.strip().removesuffix(";").rstrip(), SETTLE, called.settle)
    if head.rest:
        raise Mistake(f"{called.settle} waits for every organism and takes no {head.rest!r}. Options: --timeout S.")
    return head.options


def first_word(text: str) -> tuple[str, str]:
    r"""Take the first word off a text, up to a blank of any kind.

    Example:
        >>> first_word('greeter\tGreeting("a  b")')
        ('greeter', 'Greeting("a  b")')
    """
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0] if rest else ""


def wants_help(line: str) -> bool:
    """Say whether a line asks for nothing but help."""
    return line.strip() in ("", *HELP)


def split_head(text: str, table: OptionTable, magic: str) -> Head:
    """Take the options off the beginning of a text, and leave the rest as it stands.

    Args:
        text: The line.
        table: The options there are.
        magic: How the magic is called in a mistake.
    """
    options: dict[str, Any] = {}
    while text.startswith("-") or first_word(text)[0] in HELP:
        word, text = first_word(text)
        name, equals, value = ("help" if word in HELP else word.removeprefix("--")).partition("=")
        if name not in table:
            raise _unknown_option(word, table, magic)
        read = table[name]
        if read is FLAG:
            if equals:
                raise Mistake(f"--{name} takes no value: it is there or not, so leave ={value} out.")
            options[name] = True
        else:
            if not equals:
                value, text = first_word(text)
            options[name] = _value(name, value, read)
    return Head(options, text)


def _value(name: str, value: str, read: Callable[[str], Any]) -> Any:
    if not value:
        raise Mistake(f"--{name} needs a word after it.")
    try:
        return read(value)
    except ValueError:
        raise Mistake(f"--{name} takes {_EXPECTED[read]}, not {value!r}.") from None


def _unknown_option(word: str, table: OptionTable, magic: str) -> Mistake:
    options = [f"--{name}" for name in table]
    hint = did_you_mean(word.partition("=")[0], options, there_are="There are")
    return Mistake(f"{magic} has no option {word}.{hint}")
