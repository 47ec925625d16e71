"""One organism that `%%organism` started, and what the notebook keeps beside it while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from xpipe_nb.config import ConfigLoader, OrganismConfig
from xpipe_nb.events import ReloadEvent
from xpipe_nb.listeners import resolve_all
from xpipe_nb.notebook.picture import Picture
from xpipe_nb.notebook.progress import ProgressShown
from xpipe_nb.notebook.records import Record
from xpipe_nb.notebook.view import bundle
from xpipe_nb.organism import Organism
from xpipe_nb.payloads import is_payload

__all__ = ["Run", "Source"]


class Source:
    """What an organism is made of: YAML from a cell or from a file.

    Args:
        given: YAML, or the path of a file.
        present_cell: Gives the number of the cell that runs now.
    """

    def __init__(self, given: str | Path, present_cell: Callable[[], int]) -> None:
        self.given = given
        self._text = given if isinstance(given, str) else ""
        self._present_cell, self._cell = present_cell, present_cell()

    def config(self, name: str, namespace: Mapping[str, Any]) -> OrganismConfig:
        """Read it with the names as they are now.

        Raises:
            ConfigError: When anything in it is wrong; it names every fault.
        """
        if isinstance(self.given, str):
            return self.again(name, namespace)
        config = ConfigLoader.load(self.given, dict(namespace))
        self._text = self.given.read_text(encoding="utf-8")
        config.name = name
        return _with_newest_classes(config, namespace)

    def again(self, name: str, namespace: Mapping[str, Any]) -> OrganismConfig:
        """Do the same, with a file as it was when it was read last: what is edited is the notebook, not the file.

        Raises:
            ConfigError: As `config` does.
        """
        folder = None if isinstance(self.given, str) else self.given.resolve().parent
        config = ConfigLoader.load_text(
            self._text, dict(namespace), source=self._place, place="in this notebook", folder=folder
        )
        config.name = name
        return _with_newest_classes(config, namespace)

    @property
    def _place(self) -> str:
        """What its lines are lines of; nothing where that is the cell that runs."""
        if isinstance(self.given, Path):
            return self.given.name
        return "" if self._cell == self._present_cell() else f"cell {self._cell}"


class Run:
    """A running organism with its record and its picture.

    Args:
        organism: The organism.
        source: What it was made of.
        namespace: The notebook's names.
        ended: Is told the number of each conversation that has ended.
        stopped: Is told of this run once its organism has stopped, whoever stopped it.
        progress: Draws how far its handlers are.
    """

    def __init__(
        self,
        organism: Organism,
        source: Source,
        namespace: Mapping[str, Any],
        ended: Callable[[int], None],
        stopped: Callable[[Run], None],
        progress: ProgressShown,
    ) -> None:
        self.organism, self.source = organism, source
        self.progress = progress
        self.record = Record(organism, ended, lambda: stopped(self))
        organism.pump.passages.keep()
        self.messages = organism.messages  # it holds what happens from the first look on
        self.picture = Picture(self.bundle)
        self.forms: dict[str, Any] = {}  # the open form of each listener
        self._view: Any = None
        self._is_over = False
        self.watched: dict[str, Any] = {}
        self.watch(namespace)

    def watch(self, namespace: Mapping[str, Any]) -> None:
        """Note the names in the notebook of all handlers and payload classes that are in use, with what they are.

        A name that meant something in use stays on the list, whatever it means now.
        """
        used: set[int] = set()
        for listener in self.organism.listeners.values():
            used |= {id(listener.handler), *map(id, listener.accepts.values()), *map(id, listener.output_class or ())}
        names = {name for name, value in namespace.items() if id(value) in used and not name.startswith("_")}
        names |= self.watched.keys() & namespace.keys()
        self.watched = {name: namespace[name] for name in names}

    async def take_over(self, source: Source, namespace: Mapping[str, Any]) -> ReloadEvent:
        """Reload from a source with the names as they are now.

        Raises:
            ConfigError: When it cannot be used; the organism runs on unchanged.
        """
        config = source.config(self.organism.name, namespace)
        event = await self.organism.reload(config, namespace)
        if event.cause is not None:
            raise event.cause
        self.source = source
        self.watch(namespace)
        return event

    def bundle(self) -> dict[str, Any]:
        """Give what a cell shows of it: the live view, which is made when it is first shown, and the picture."""
        if self._is_over and self._view is not None:
            return bundle(self._view, live=False)
        self._view = self.organism.view()
        return bundle(self._view)

    def blocked(self, words: str | None) -> None:
        """Say in the view, if there is one, who holds the loop, or with `None` that nobody does; from any thread."""
        if self._view is not None:
            self._view.blocked(words)

    def close(self) -> None:
        """Take back what was put beside the organism; wherever it is shown, its last state stays.

        Where that cannot be shown now, the picture is due, and somebody has to renew it later.
        """
        self._is_over = True
        self.record.close()
        self.progress.close()
        for form in self.forms.values():
            form.close()
        self.picture.finish()
        if self._view is not None:
            self._view.close()


def _with_newest_classes(config: OrganismConfig, namespace: Mapping[str, Any]) -> OrganismConfig:
    """Let each listener take the payload classes that the notebook means now.

    The annotation of a handler keeps the class that was there when its cell ran; the class may have been defined anew
    since, in a cell of its own.
    """
    for item, listener in zip(config.listeners, resolve_all(config.listeners, namespace), strict=True):
        accepted, given = list(listener.accepts.values()), list(listener.output_class or ())
        if (newest := [_newest(cls, namespace) for cls in accepted]) != accepted:
            item.payload_class = newest
        if (newest := [_newest(cls, namespace) for cls in given]) != given:
            item.output_class = newest
    return config


def _newest(cls: type, namespace: Mapping[str, Any]) -> type:
    found = namespace.get(cls.__name__)
    is_heir = isinstance(found, type) and found.__module__ == cls.__module__ == namespace.get("__name__")
    return found if is_heir and is_payload(found) else cls  # type: ignore[return-value]  # a type, as `is_heir` says
