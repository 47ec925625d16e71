"""The reference's way in: a pump from a file, and the one pump that a program may call its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xpipe_nb.config import ConfigLoader
from xpipe_nb.env_file import read_env_file
from xpipe_nb.errors import XPipeError
from xpipe_nb.payloads.primitives import Boot
from xpipe_nb.pump import StreamPump

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["bootstrap", "get_stream_pump", "reset_stream_pump", "set_stream_pump"]


class _Current:
    """The documented singleton of this module; nothing else in the package reads it."""

    pump: StreamPump | None = None


async def bootstrap(path: str | Path, namespace: Mapping[str, Any] | None = None) -> StreamPump:
    """Make a pump of a configuration file and call it the program's own; it does not run yet.

    Its first message is queued: `Boot`, from `system` to `system.boot`.

    The `.env` file beside it is read first; it overrides nothing that is set already.

    Args:
        path: The YAML file.
        namespace: Where the names of handlers and classes are looked up before they are imported.

    Raises:
        ConfigError: When anything in the file is wrong; it names every fault with its line.

    Example:
        ```python
        pump = await bootstrap("organism.yaml")
        await pump.run()
        ```
    """
    read_env_file(Path(path).parent)
    pump = StreamPump(ConfigLoader.load(path, namespace), namespace)
    pump.config_path = Path(path)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    pump.reception.announce(Boot(pump.name, now, len(pump.directory.by_name())), to="system.boot")
    set_stream_pump(pump)
    return pump


def get_stream_pump() -> StreamPump:
    """Give the program's own pump.

    Raises:
        XPipeError: When there is none.
    """
    if _Current.pump is None:
        raise XPipeError("there is no pump yet: `await bootstrap(...)` makes one")
    return _Current.pump


def set_stream_pump(pump: StreamPump) -> None:
    """Call a pump the program's own."""
    _Current.pump = pump


def reset_stream_pump() -> None:
    """Forget the program's own pump; it goes on running if it runs."""
    _Current.pump = None
