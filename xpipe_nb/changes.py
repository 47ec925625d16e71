"""What differs between two sets of listeners, in the words of their settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from xpipe_nb.payloads import codec_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xpipe_nb.listeners import Listener

__all__ = ["Changes", "changes_between", "fields_changed"]

_SETTINGS = (
    "description", "agent", "peers", "broadcast", "prompt", "cpu_bound", "executor", "timeout", "concurrency", "retries",
)  # fmt: skip


@dataclass(frozen=True)
class Changes:
    """The difference between two tables of listeners.

    Args:
        added: The names that are new.
        removed: The names that are gone.
        updated: The names whose listener is another one now.
        details: What changed about each of these: setting to old and new value. `handler` stands for its code,
            `payload_class` and `output_class` for the classes, by name, with the fields that changed.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    details: dict[str, dict[str, tuple[Any, Any]]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.updated)


def changes_between(old: Mapping[str, Listener], new: Mapping[str, Listener]) -> Changes:
    """Compare two tables of listeners."""
    details = {name: found for name in new if name in old and (found := _details(old[name], new[name]))}
    return Changes(
        added=[name for name in new if name not in old],
        removed=[name for name in old if name not in new],
        updated=list(details),
        details=details,
    )


def _details(old: Listener, new: Listener) -> dict[str, tuple[Any, Any]]:
    found = {
        setting: (getattr(old, setting), getattr(new, setting))
        for setting in _SETTINGS
        if getattr(old, setting) != getattr(new, setting)
    }
    if _differs(old.handler, new.handler):
        found["handler"] = (old.handler, new.handler)
    for setting, before, after in (
        ("payload_class", tuple(old.accepts.values()), tuple(new.accepts.values())),
        ("output_class", old.output_class or (), new.output_class or ()),
    ):
        if _fingerprints(before) != _fingerprints(after):
            found[setting] = (before, after)
    return found


def _fingerprints(classes: tuple[type, ...]) -> dict[str, str]:
    return {codec_of(cls).tag: codec_of(cls).fingerprint for cls in classes}


def _differs(old: Any, new: Any) -> bool:
    """Say whether two handlers may do different things: a cell that is run again makes equal functions anew."""
    if old is new:
        return False
    if not isinstance(old, FunctionType) or not isinstance(new, FunctionType):
        return bool(old != new)
    if old.__closure__ or new.__closure__ or old.__globals__ is not new.__globals__:
        return True
    same = _same_code(old.__code__, new.__code__)
    return not same or (old.__defaults__, old.__kwdefaults__) != (new.__defaults__, new.__kwdefaults__)


def _same_code(old: CodeType, new: CodeType) -> bool:
    """Compare code wherever it was written: line numbers and file names do not count."""
    if (old.co_code, old.co_names, old.co_varnames) != (new.co_code, new.co_names, new.co_varnames):
        return False
    if len(old.co_consts) != len(new.co_consts):
        return False
    return all(
        _same_code(before, after)
        if isinstance(before, CodeType) and isinstance(after, CodeType)
        else type(before) is type(after) and before == after
        for before, after in zip(old.co_consts, new.co_consts, strict=True)
    )


def fields_changed(old: type, new: type) -> str:
    """Say which fields of two classes of one name differ, such as `name: str → first: str`."""
    before, after = _fields(old), _fields(new)
    gone = [each for each in before if each not in after]
    come = [each for each in after if each not in before]
    if gone and come:
        return f"{', '.join(gone)} → {', '.join(come)}"
    return ", ".join([*(f"without {each}" for each in gone), *(f"with {each}" for each in come)]) or "its rules changed"


def _fields(cls: type) -> list[str]:
    return [
        f"{name}: {annotation if isinstance(annotation, str) else getattr(annotation, '__name__', annotation)}"
        for name, annotation in cls.__annotations__.items()
    ]
