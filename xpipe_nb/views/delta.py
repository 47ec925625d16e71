"""Deltas: what of a snapshot became different, so that only that is sent; and how to apply one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["applied", "delta"]

_PARTS = ("graph", "threads", "messages", "budgets", "questions", "workers")
"""The parts of a snapshot that hold lists, and beside them what is told as a whole when any of it is different."""

_TABLES = (
    ("graph", "nodes"),
    ("graph", "edges"),
    ("threads", "conversations"),
    ("threads", "frames"),
    ("messages", "rows"),
    ("budgets", "accounts"),
    ("questions", "questions"),
    ("workers", "workers"),
)
"""The lists of a snapshot; each row has a `key`; those of threads and messages are numbers and in order."""


def delta(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any] | None:
    """Say what became different between two snapshots of one session; `None` if nothing shows.

    Returns:
        `base` and `seq`, every part outside the lists that is different, and for each list the rows that are new or
        different (`set`) and the keys that are gone (`gone`).
    """
    different: dict[str, Any] = {}
    if old["organism"] != new["organism"]:
        different["organism"] = new["organism"]
    for part in _PARTS:
        plain = {name: value for name, value in new[part].items() if not isinstance(value, list)}
        if any(old[part].get(name) != value for name, value in plain.items()):
            different[part] = plain
    for part, table in _TABLES:
        change = _change(old[part][table], new[part][table])
        if change:
            different.setdefault("tables", {})[table] = change
    if not different:
        return None
    head = {"protocol": new["protocol"], "session": new["session"], "base": old["seq"], "seq": new["seq"]}
    return {**head, **different}


def _change(old: list[Any], new: list[Any]) -> dict[str, Any]:
    if old == new:
        return {}
    known = {row["key"]: row for row in old}
    change: dict[str, Any] = {}
    there = {row["key"] for row in new}
    rows = [row for row in new if known.get(row["key"]) != row]
    gone = [key for key in known if key not in there]
    if rows:
        change["set"] = rows
    if gone:
        change["gone"] = gone
    return change


def applied(old: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Give the snapshot that a delta makes of another; the front end does the same."""
    new = {**old, "seq": change["seq"]}
    if "organism" in change:
        new["organism"] = change["organism"]
    for part in _PARTS:
        new[part] = {**old[part], **change.get(part, {})}
    tables = change.get("tables", {})
    for part, table in _TABLES:
        if table in tables:
            rows = list(_rows(old[part][table], tables[table]))
            new[part][table] = rows if part == "graph" else sorted(rows, key=lambda row: int(row["key"]))
    return new


def _rows(old: list[Any], change: dict[str, Any]) -> Iterator[Any]:
    fresh = {row["key"]: row for row in change.get("set", ())}
    gone = set(change.get("gone", ()))
    for row in old:
        if row["key"] not in gone:
            yield fresh.pop(row["key"], row)
    yield from fresh.values()
