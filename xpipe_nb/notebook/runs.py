"""One organism that `%%organism` started, and what the notebook keeps beside it while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from xpipe_nb.config import ConfigLoader, OrganismConfig
from xpipe_nb.notebook.display import Picture
from xpipe_nb.notebook.records import Record
from xpipe_nb.organism import Organism

__all__ = ["Run", "Source"]


class Source:
    """What an organism is made of: YAML from a cell or from a file.

    Args:
        text: YAML, or the path of a file.
    """

    def __init__(self, text: str | Path) -> None:
        self._path = text if isinstance(text, Path) else None
        self.text = text if isinstance(text, str) else ""

    def config(self, name: str, namespace: Mapping[str, Any]) -> OrganismConfig:
        """Read it with the names as they are now.

        Raises:
            ConfigError: When anything in it is wrong; it names every fault.
        """
        if self._path is not None:
            config = ConfigLoader.load(self._path, dict(namespace))
        else:
            config = ConfigLoader.load_text(self.text, dict(namespace), place="in this notebook")
        config.name = name
        return config

    @property
    def given(self) -> str | Path:
        """What it was made of."""
        return self.text if self._path is None else self._path


class Run:
    """A running organism with its record and its picture.

    Args:
        organism: The organism.
        source: What it was made of.
    """

    def __init__(self, organism: Organism, source: Source) -> None:
        self.organism, self.source = organism, source
        self.record = Record(organism)
        self.picture = Picture(organism)

    def close(self) -> None:
        """Take back what was put beside the organism."""
        self.record.close()
        self.picture.close()
