"""Completion in the YAML of an `%%organism` body: keys, functions, listeners and payload classes."""

from __future__ import annotations

import re

from xpipe_nb.config.keys import LIMIT_KEYS, SETTING_KEYS
from xpipe_nb.listeners.keys import LISTENER_KEYS
from xpipe_nb.listeners.lookup import defined_classes, defined_functions
from xpipe_nb.names import SYSTEM_LISTENERS
from xpipe_nb.notebook.completion.words import Found, starting
from xpipe_nb.notebook.session import Session

__all__ = ["in_yaml"]

_ITEM = re.compile(r"(?P<indent>\s*)-\s+(?P<word>[\w.*\"-]*)$")
_PEERS = re.compile(r".*\bpeers:\s*\[(?:[^\]]*,)?\s*(?P<word>[\w.-]*)$")
_VALUE = re.compile(r"(?:\s*(?:-\s+)?)(?P<key>handler|payload_class|output_class):\s*(?P<word>[\w.]*)$")
_FLOW = re.compile(r".*\{(?P<before>[^{}\[\]]*,\s*|\s*)(?P<word>\w*)$")
_KEY = re.compile(r"(?P<indent>\s*)(?P<word>\w*)$")


def in_yaml(lines: list[str], session: Session) -> tuple[str, list[Found]]:
    """Say what may stand at the end of the last line.

    Args:
        lines: The body up to the cursor.
        session: Where functions and classes are looked up.
    """
    line = lines[-1]
    functions = [Found(name, "function") for name in defined_functions(session.namespace)]
    if value := _VALUE.match(line):
        classes = [Found(name, "class") for name in defined_classes(session.namespace)]
        return value["word"], starting(value["word"], functions if value["key"] == "handler" else classes)
    if peers := _PEERS.match(line):
        taken = {*re.findall(r"[\w.-]+", line.rpartition("[")[2].removesuffix(peers["word"])), _listener_at(lines)}
        found = [each for each in _peers(lines, functions, peers["word"]) if each.text not in taken]
        return peers["word"], starting(peers["word"], found)
    if flow := _FLOW.match(line):
        written = set(re.findall(r"(\w+):", flow["before"]))
        return flow["word"], starting(
            flow["word"], [each for each in _listener_keys() if each.text[:-2] not in written]
        )
    if item := _ITEM.match(line):
        return item["word"], starting(item["word"], _items(lines, item["indent"], functions))
    if key := _KEY.match(line):
        return key["word"], starting(key["word"], _keys(key["indent"], _owner(lines, key["indent"], below=True)))
    return "", []


def _items(lines: list[str], indent: str, functions: list[Found]) -> list[Found]:
    owner = _owner(lines, indent)
    if owner == "peers":
        return _peers(lines, functions, lines[-1].rpartition(" ")[2])
    return [*functions, Found("name: ", "key")] if owner == "listeners" else []


def _owner(lines: list[str], indent: str, *, below: bool = False) -> str:
    """Give the key that something belongs to: the last line above it that ends in a colon and is not deeper.

    Args:
        lines: The body up to the cursor.
        indent: What stands before it.
        below: It must stand deeper than its key, which the items of a list need not.
    """
    for line in reversed(lines[:-1]):
        key = re.match(r"(\s*(?:-\s+)?)(\w+):\s*$", line)
        if key and len(key[1]) <= len(indent) - below:
            return key[2]
    return ""


def _listener_at(lines: list[str]) -> str:
    """Give the listener whose settings are being written: the last one that was named."""
    named = re.findall(r"\bname:\s*([\w.-]+)", "\n".join(lines))
    return named[-1] if named else ""


def _peers(lines: list[str], functions: list[Found], word: str) -> list[Found]:
    """Give the listeners of this cell first, then functions that could become one; the pump's own when begun."""
    text = "\n".join(lines[:-1])
    named = re.findall(r"^\s*-\s+([\w.-]+)\s*$|\bname:\s*([\w.-]+)", text, re.MULTILINE)
    names = dict.fromkeys(first or second for first, second in named)
    here = [Found(name, "listener") for name in names]
    system = [Found(name, "listener") for name in SYSTEM_LISTENERS if word]
    return [*here, *(each for each in functions if each.text not in names), *system]


def _keys(indent: str, owner: str) -> list[Found]:
    if owner == "limits":
        return [Found(f"{key.name}: ", "key") for key in LIMIT_KEYS]
    if indent:
        return _listener_keys()
    names = ["organism", *(key.name for key in SETTING_KEYS)]
    return [Found("listeners:", "key"), *(Found(f"{name}: ", "key") for name in names)]


def _listener_keys() -> list[Found]:
    return [Found(f"{key.name}: ", "key") for key in LISTENER_KEYS]
