"""The section `dask:`, and whether the package is there that its listeners need."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.listeners import Listener
from xpipe_nb.settings import Key, or_none, text, whole

__all__ = ["DASK_KEYS", "check_dask"]

DASK_KEYS = (Key("address", or_none(text)), Key("workers", or_none(whole(1, 512))))
"""What it may say: the address of a scheduler, or how many workers a cluster of this machine's own has."""


def check_dask(listeners: Iterable[Listener | None]) -> None:
    """See to it that listeners with `executor: dask` find Dask; it is looked for, not loaded.

    Raises:
        ConfigError: They do not; every one is named.
    """
    places = [(index, each) for index, each in enumerate(listeners) if each is not None and each.executor == "dask"]
    if places and find_spec("distributed") is None:
        raise ConfigError(
            *(
                Fault(
                    f"$.listeners[{index}].executor",
                    f"{listener.name} runs on Dask, and the package distributed is not installed (pip install 'xpipe_nb[dask]')",
                    "that package, or executor: process",
                )
                for index, listener in places
            )
        )
