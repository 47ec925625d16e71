"""What a reload has changed, in the words of one line, or of a table when it was much."""

from __future__ import annotations

from typing import Any

from xpipe_nb.changes import fields_changed
from xpipe_nb.events import ORGANISM, ReloadEvent
from xpipe_nb.organism import Organism
from xpipe_nb.payloads import codec_of

__all__ = ["changes_in_words", "edited_line", "reloaded_text"]

_MOST_IN_A_LINE = 3
_LONGEST_VALUE = 40


def reloaded_text(organism: Organism, event: ReloadEvent) -> str:
    """Say what the re-run of an `%%organism` cell has changed.

    Example:
        `hello: + whisperer, ~ shouter.timeout 60 → 5; 1 in flight finishes on the old code`
    """
    changes = changes_in_words(event)
    if not changes:
        return f"{organism.name}: no change"
    flying = _in_flight(organism, [*event.updated_listeners, *event.removed_listeners])
    rest = f"; {flying} in flight {'finishes' if flying == 1 else 'finish'} on the old code" if flying else ""
    if len(changes) > _MOST_IN_A_LINE:
        return "\n".join([f"{organism.name}: {len(changes)} changes{rest}", *(f"  {each}" for each in changes)])
    return f"{organism.name}: {', '.join(changes)}{rest}"


def edited_line(organism: Organism, event: ReloadEvent) -> str:
    """Say what the run of a cell with an edited handler or payload has changed.

    Example:
        `hello: ~ shouter (code) · new messages use it · 0 in flight`
    """
    changes = changes_in_words(event)
    flying = _in_flight(organism, event.updated_listeners)
    return f"{organism.name}: {', '.join(changes)} · new messages use it · {flying} in flight"


def changes_in_words(event: ReloadEvent) -> list[str]:
    """Give each change in a few words: `+ whisperer`, `~ shouter (code)`, `~ shouter.timeout 60 → 5`."""
    words = [f"+ {name}" for name in event.added_listeners] + [f"- {name}" for name in event.removed_listeners]
    classes: dict[str, list[str]] = {}
    for name in event.updated_listeners:
        details = dict(event.changes.get(name, {}))
        for setting in ("payload_class", "output_class"):
            for old, new in _pairs(details, setting):
                classes.setdefault(f"{new.__name__} ({fields_changed(old, new)})", []).append(name)
        words += _words_of(name, details)
    words += _words_of("", dict(event.changes.get(ORGANISM, {})))
    return [*words, *(f"~ {what} in {', '.join(dict.fromkeys(names))}" for what, names in classes.items())]


def _pairs(details: dict[str, tuple[Any, Any]], setting: str) -> list[tuple[type, type]]:
    """Take out the classes that kept their name, if nothing else about the setting has changed."""
    before, after = ({codec_of(cls).tag: cls for cls in classes} for classes in details.get(setting, ((), ())))
    if before.keys() != after.keys():
        return []
    details.pop(setting, None)
    return [
        (before[tag], after[tag])
        for tag in after
        if codec_of(before[tag]).fingerprint != codec_of(after[tag]).fingerprint
    ]


def _words_of(name: str, details: dict[str, tuple[Any, Any]]) -> list[str]:
    words = []
    if "handler" in details:
        del details["handler"]
        words.append(f"~ {name} (code)")
        details.pop("description", None)  # the docstring is part of the code
    for setting, (old, new) in details.items():
        if setting in ("payload_class", "output_class"):
            verb = "takes" if setting == "payload_class" else "answers"
            words.append(f"~ {name} {verb} {' or '.join(cls.__name__ for cls in new) or 'anything'}")
        else:
            values = f"{_value(setting, old)} → {_value(setting, new)}"
            whose = f"{name}." if name else ""
            words.append(f"~ {whose}{setting}" + (f" {values}" if len(values) <= _LONGEST_VALUE else ""))
    return words


def _value(setting: str, value: Any) -> str:
    if value is None:
        return "anybody" if setting == "peers" else "none"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "nobody"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _in_flight(organism: Organism, names: list[str]) -> int:
    return sum(organism.running(name) for name in names)
