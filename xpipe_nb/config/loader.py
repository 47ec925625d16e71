"""From a YAML text or file to an `OrganismConfig` whose handlers and classes are found."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from xpipe_nb.config.entries import read_entries
from xpipe_nb.config.keys import PYTHON_KEYS, SETTING_KEYS, identity_keys, mapping
from xpipe_nb.config.organism import OrganismConfig
from xpipe_nb.config.pool import check_pool
from xpipe_nb.config.yaml_reader import YamlDocument, load_yaml_text
from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.listeners import Listener, ListenerConfig
from xpipe_nb.listeners.resolve import Surroundings, with_mark
from xpipe_nb.listeners.together import Entry, read_together
from xpipe_nb.names import nearest
from xpipe_nb.settings import INVALID, Key, Place, read_keys

__all__ = ["ConfigLoader", "check_config", "settings_from"]


class ConfigLoader:
    """Reads organisms written in YAML.

    Example:
        >>> config = ConfigLoader.load_text("listeners: [greeter]", globals())
        >>> config.listeners[0].name
        'greeter'
    """

    @classmethod
    def load(cls, path: str | Path, namespace: Mapping[str, Any] | None = None) -> OrganismConfig:
        """Read a file.

        Args:
            path: A YAML file in UTF-8; import paths in it may name modules that stand beside it.
            namespace: Where names of handlers and classes are looked up before they are imported.

        Raises:
            ConfigError: There is no such file, or anything in it is wrong; every fault is in the error.
        """
        text = read_file(Path(path))
        path = Path(path)
        folder = path.resolve().parent
        with _importable(folder):
            return cls.load_text(text, namespace, source=path.name, folder=folder)

    @classmethod
    def load_text(
        cls,
        text: str,
        namespace: Mapping[str, Any] | None = None,
        source: str = "",
        place: str = "here",
        folder: Path | None = None,
    ) -> OrganismConfig:
        """Read a text.

        Args:
            text: The YAML text.
            namespace: Where names of handlers and classes are looked up before they are imported.
            source: What the text is called in a message of a person, such as `organism.yaml`; left out, it is not named.
            place: What to call the namespace in a message, such as `in this notebook`.
            folder: Where relative paths of key files begin; default: the current folder.

        Raises:
            ConfigError: Anything is wrong; every fault is in the error, with its line.
        """
        try:
            document = load_yaml_text(text)
            return _organism(document, Surroundings(namespace or {}, place), folder)
        except ConfigError as error:
            if not source:
                raise
            raise ConfigError(*(replace(fault, source=source) for fault in error.faults)) from None


def settings_from(**settings: Any) -> OrganismConfig:
    """Check settings given in Python by the same table as YAML.

    Args:
        settings: Any setting of `OrganismConfig`; `None` leaves one at its default. Listeners are kept as they are.

    Raises:
        ConfigError: A setting is unknown or does not fit; every fault is in the error.

    Example:
        >>> settings_from(name="hello", max_concurrent_handlers=4).max_concurrent_handlers
        4
    """
    listeners = list(settings.pop("listeners", None) or ())
    given = {word: value for word, value in settings.items() if value is not None}
    top = Place()
    values = read_keys(PYTHON_KEYS, given, top)
    top.conclude()
    return OrganismConfig(**values, listeners=listeners)


def check_config(config: OrganismConfig) -> OrganismConfig:
    """Check a configuration that was written in Python, and give a checked copy."""
    return settings_from(**{item.name: getattr(config, item.name) for item in fields(config)})


def read_file(path: Path) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Raises:
        ConfigError: There is no such file, it cannot be read, or it is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(Fault("$", f"{path} is not UTF-8", "a text in UTF-8", line=line)) from None
    except FileNotFoundError:
        folder = path.parent
        others = [other.name for other in folder.glob("*.y*ml")] if folder.is_dir() else []
        raise ConfigError(Fault("$", f"there is no file {path}", nearest=nearest(path.name, others))) from None
    except OSError as error:
        raise ConfigError(Fault("$", f"{path} cannot be read: {error.strerror}")) from None


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let modules of a folder be imported meanwhile; what Python finds already goes before them."""
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _organism(document: YamlDocument, around: Surroundings, folder: Path | None) -> OrganismConfig:
    top = Place(faults=list(document.faults))
    entries: list[Entry] = []
    resolved: list[Listener | None] = []

    def listeners(value: Any, place: Place) -> Any:
        entries.extend(read_entries(value, place, around))
        resolved.extend(read_together(entries, around))
        return INVALID

    value = {} if document.value is None else document.value
    if isinstance(value, list) and any(isinstance(each, str | Mapping) for each in value):
        raise ConfigError(document.located(Fault("$", "a list without a key", "`listeners:` above it")))
    settings = mapping(_top_keys(listeners, folder))(value, top)
    _check_pool(resolved, settings, top)
    faults = _told_once([document.located(fault) for fault in top.faults], document)
    if faults:
        raise ConfigError(*faults)
    found = [_found(entry, one) for entry, one in zip(entries, resolved, strict=True) if one is not None]
    return OrganismConfig(**settings, listeners=found)


def _check_pool(listeners: list[Listener | None], settings: Any, place: Place) -> None:
    try:
        check_pool(listeners, settings.get("process_pool") if isinstance(settings, dict) else None)
    except ConfigError as error:
        place.faults.extend(error.faults)


def _top_keys(listeners: Callable[[Any, Place], Any], folder: Path | None) -> tuple[Key, ...]:
    return (
        Key("organism", mapping(identity_keys(folder)), spreads=True),
        *SETTING_KEYS,
        Key("listeners", listeners),
    )


def _found(entry: Entry, listener: Listener) -> ListenerConfig:
    """Give the settings of a listener with its handler and classes in place of their names."""
    config = with_mark(entry.config, listener.handler)
    config.payload_class = list(listener.accepts.values())
    if config.output_class is not None:
        config.output_class = list(listener.output_class or ())
    return config


def _told_once(faults: list[Fault], document: YamlDocument) -> list[Fault]:
    """One fault for each place, in the order of the text; what a comma broke is told as that."""
    told: dict[tuple[str, int | None], Fault] = {}
    for fault in faults:
        accident = fault.path in document.accidents and fault.problem.startswith("unknown key")
        meant = document.accidents[fault.path] if accident else None
        if meant is not None:
            problem = "the comma before it ends the text, so this became a key"
            told.setdefault((fault.path, fault.line), Fault(fault.path, problem, meant, None, fault.line))
        elif not accident:  # else it is a further piece of a text that is told already
            told.setdefault((fault.path, fault.line), fault)
    return sorted(told.values(), key=lambda fault: fault.line or 0)
