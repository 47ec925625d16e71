"""Which part of a cell the cursor is in, and what may stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from xpipe_nb.errors import XPipeError
from xpipe_nb.listeners import Listener
from xpipe_nb.names import SYSTEM, SYSTEM_LISTENERS, is_name
from xpipe_nb.notebook.answering import WORDS
from xpipe_nb.notebook.breaking import stops_at
from xpipe_nb.notebook.commands import COMMANDS
from xpipe_nb.notebook.completion.words import Found, starting
from xpipe_nb.notebook.completion.xml import in_xml
from xpipe_nb.notebook.completion.yaml import in_yaml
from xpipe_nb.notebook.constructors import example_of
from xpipe_nb.notebook.line import INJECT, ORGANISM, SETTLE, OptionTable
from xpipe_nb.notebook.session import Session
from xpipe_nb.notebook.starters import STARTERS

__all__ = ["Found", "found_in"]

Answer = tuple[str, list[Found]]
"""What stands before the cursor already, and what it may become."""

_NOTHING: Answer = ("", [])


class _Call(NamedTuple):
    """One of our magics on a line, up to the cursor."""

    name: str
    is_cell: bool
    rest: str


def found_in(lines: list[str], session: Session, prefix: str = "") -> Answer:
    """Say what may stand at the end of the last line.

    Args:
        lines: The lines of the cell up to the cursor.
        session: The organisms of this kernel.
        prefix: What stands before the names of our magics.
    """
    head = _call(lines[0], prefix) if lines else None
    if head is not None and head.is_cell and len(lines) > 1:
        return _in_body(head, lines[1:], session)
    call = _call(lines[-1], prefix) if lines else None
    if call is None or (call.is_cell and len(lines) > 1):
        return _NOTHING
    return _LINES[call.name](call, session)


def _call(line: str, prefix: str) -> _Call | None:
    names = "|".join(_LINES)
    found = re.match(rf"\s*(?:%time\s+)?(?:[\w.,\s]+=\s*)?(%?%){prefix}({names})\s(.*)$", line)
    return None if found is None else _Call(found[2], found[1] == "%%", found[3])


def _in_body(head: _Call, body: list[str], session: Session) -> Answer:
    if head.name == "organism":
        return in_yaml(body, session)
    _, rest, _ = _without_options(head.rest, INJECT)
    listener = _listener(rest.split(" ")[0], session)
    if listener is None:
        return _NOTHING
    text = "\n".join(body)
    return in_xml(text, listener) if "<" in text else _payload(text, listener)


# ---- lines


def _inject(call: _Call, session: Session) -> Answer:
    answer, rest, is_done = _without_options(call.rest, INJECT)
    if not is_done:
        return answer
    target, blank, payload = rest.partition(" ")
    if not blank:
        options = [] if rest else _options(INJECT)
        system = [Found(name, "listener") for name in SYSTEM_LISTENERS if target.startswith(SYSTEM)]
        within = _listeners_within(target.partition("/")[0], session) if "/" in target else []
        return target, starting(target, [*_listeners(session), *within, *system, *options])
    listener = _listener(target, session)
    if listener is None:
        return _NOTHING
    payload = payload.lstrip()
    return in_xml(payload, listener) if payload.startswith("<") else _payload(payload, listener)


def _payload(text: str, listener: Listener) -> Answer:
    """Offer the constructors, and the fields of the only class."""
    calls = []
    for cls in listener.accepts.values():
        fields = re.findall(r"(\w+)=", example_of(cls))
        calls.append(f"{cls.__name__}({', '.join(f'{field}=' for field in fields)})")
        if len(listener.accepts) == 1:
            calls += [f"{field}=" for field in fields]
    return text, [Found(each, "payload") for each in calls if each.startswith(text)]


def _organism(call: _Call, session: Session) -> Answer:
    names = [Found(name, "organism") for name in session.runs]
    if call.is_cell:
        answer, rest, is_done = _without_options(call.rest, ORGANISM)
        if not is_done:
            return answer
        word = rest.rpartition(" ")[2]
        return word, starting(word, [*(names if " " not in rest else []), *_options(ORGANISM)])
    word, blank, rest = call.rest.partition(" ")
    if not blank:
        options = [Found("--help", "option"), Found("--from ", "option")] if word.startswith("-") else []
        return word, starting(word, [*(Found(name, "command") for name in COMMANDS), *names, *options])
    if word == "budgets" and " " in rest:
        return _raise(rest, session)
    if word == "budgets":
        names.append(Found("raise", "command"))
    if word in ("break", "answer"):
        return _break(rest, session) if word == "break" else _answer(rest, session)
    if word == "new":
        names = [Found(kind, "starter") for kind in STARTERS]
    return rest, starting(rest, names)


def _break(rest: str, session: Session) -> Answer:
    """Offer what can be broken at, then how that is taken back."""
    before, _, word = rest.rpartition(" ")
    organisms = [session.runs[before].organism] if before in session.runs else list(session.organisms.values())
    stops = [Found(each, "breakpoint") for organism in organisms for each in stops_at(organism)]
    if before and before not in session.runs:
        stops = []
    names = [] if before else [Found(name, "organism") for name in session.runs]
    return word, starting(word, [*stops, *names, Found("--off", "option")])


def _answer(rest: str, session: Session) -> Answer:
    """Offer the conversations that wait, then what answers their questions."""
    before, _, word = rest.rpartition(" ")
    asked = [each for organism in session.organisms.values() for each in organism.questions]
    if before and not before.startswith("#"):
        return _NOTHING
    numbers = [Found(f"#{each.conversation.number}", "conversation") for each in asked]
    words = dict.fromkeys(word for each in asked for word in WORDS.get(each.kind, ("yes", "no")))
    found = [Found(each, "answer") for each in words]
    return word, starting(word, [*(numbers if not before else []), *found, Found("--script", "option")])


def _raise(rest: str, session: Session) -> Answer:
    """Offer the conversations that wait for tokens, then the limit that would do."""
    before, _, word = rest.rpartition(" ")
    asked = [each for organism in session.organisms.values() for each in organism.questions if each.kind == "budget"]
    if before.endswith("raise"):
        return word, starting(word, [Found(f"#{each.conversation.number}", "conversation") for each in asked])
    number = before.rpartition(" ")[2]
    limits = [Found(str(each.about), "tokens") for each in asked if number == f"#{each.conversation.number}"]
    return word, starting(word, [*limits, *([] if limits else [Found("raise", "command")])])


def _settle(call: _Call, _session: Session) -> Answer:
    return call.rest, starting(call.rest, _options(SETTLE))


def _expect(call: _Call, session: Session) -> Answer:
    """Offer listeners on both sides of the arrow, then what the receiver accepts."""
    word = call.rest.rpartition(" ")[2]
    arrow = re.match(r"\S+\s*(?:->|→|▸)\s*(?:(\S+)\s+)?(\S*)$", call.rest)
    if arrow and arrow[1]:
        listener = _listener(arrow[1], session)
        return _NOTHING if listener is None else _payload(arrow[2], listener)
    names = [each for each in _listeners(session) if "/" not in each.text]
    if arrow:
        return word, starting(word, names)
    if " " in call.rest:
        return word, starting(word, [Found("->", "arrow")])
    return word, starting(
        word,
        [*names, Found("reply ==", "expectation"), *[Found(each, "expectation") for each in ("no dead", "tokens <")]],
    )


_LINES = {"inject": _inject, "organism": _organism, "settle": _settle, "expect": _expect}


# ---- words


def _without_options(text: str, table: OptionTable) -> tuple[Answer, str, bool]:
    """Read over the options at the beginning; while one is being written, say which there are."""
    while text.startswith("-"):
        word, blank, rest = text.partition(" ")
        if not blank:
            return (word, starting(word, _options(table))), "", False
        takes_word = table.get(word.removeprefix("--")) is not None
        if takes_word:
            value, blank, rest = rest.lstrip().partition(" ")
            if not blank:
                return (value, starting(value, _values(word, table))), "", False
        text = rest.lstrip()
    return _NOTHING, text, True


def _values(option: str, table: OptionTable) -> list[Found]:
    """Give what may stand after an option: files that an organism is read from, or the port of a message."""
    if option != "--from":
        return []
    if table is ORGANISM:
        return [Found(path.name, "file") for path in sorted(Path.cwd().glob("*.y*ml"))]
    return [Found("console", "port")]


def _options(table: OptionTable) -> list[Found]:
    return [Found(f"--{name}", "option") for name in table]


def _listeners(session: Session) -> Iterable[Found]:
    """Give every listener; one that is in several organisms with the organism's name before it."""
    every = [(name, organism.name) for organism in session.organisms.values() for name in organism.listeners]
    names = [name for name, _ in every]
    plain = [name if names.count(name) == 1 else f"{organism}/{name}" for name, organism in every]
    return [Found(each, "listener") for each in plain]


def _listeners_within(organism: str, session: Session) -> list[Found]:
    run = session.runs.get(organism)
    return [Found(f"{organism}/{name}", "listener") for name in run.organism.listeners] if run else []


def _listener(target: str, session: Session) -> Listener | None:
    if not is_name(target.rpartition("/")[2]):
        return None
    try:
        return session.find(target)[1]
    except XPipeError:
        return None
