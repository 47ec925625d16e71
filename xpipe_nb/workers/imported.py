"""What a worker has imported for its jobs, so that it can tell when the files of that are other ones by now."""

from __future__ import annotations

import os
import sys
from typing import Any

__all__ = ["Imported"]

_STANDARD = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - compared with other texts
_INSTALLED = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages"))

_Look = tuple[int, int]
"""When a file was changed last, in nanoseconds, and how many bytes it has."""


class Imported:
    """The modules that were imported since this was made, other than Python's own and installed ones.

    A module cannot be taken out of a process that uses it: what was made of it stays what it was. So whoever asks ends
    the process, and goes on in a fresh one.

    Example:
        ```python
        imported = Imported()
        began = time.time_ns()
        ...                         # a job, which imports what it needs
        imported.note(began)
        imported.is_outdated        # before the next one
        ```
    """

    def __init__(self) -> None:
        self._seen = set(sys.modules)
        self._files: dict[str, _Look | None] = {}

    def note(self, began: int) -> None:
        """Note what is there now and was not the last time.

        Args:
            began: When what has imported it began, by `time.time_ns`. A file that was changed after that may have been
                read before or after, and counts as outdated.
        """
        if len(sys.modules) == len(self._seen):
            return
        for name in sys.modules.keys() - self._seen:
            file = _file_of(sys.modules[name])
            look = None if file is None else _look_of(file)
            if file is not None and look is not None:
                self._files[file] = look if look[0] <= began else None
        self._seen = set(sys.modules)

    @property
    def is_outdated(self) -> bool:
        """The file of one of these modules is not the one any more that was imported."""
        return any(look is None or _look_of(file) != look for file, look in self._files.items())


def _file_of(module: Any) -> str | None:
    """Give the file of a module that a person may be working on."""
    spec = getattr(module, "__spec__", None)
    file = getattr(spec, "origin", None) if getattr(spec, "has_location", False) else None
    if not isinstance(file, str) or file.startswith(_STANDARD) or any(folder in file for folder in _INSTALLED):
        return None
    return file


def _look_of(file: str) -> _Look | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - called before each job
    except OSError:  # it is gone, or is none of the file system's
        return None
    return found.st_mtime_ns, found.st_size
