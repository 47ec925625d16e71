"""Handlers as parcels: packed anew whenever they may have changed, which a look at what they name mostly rules out."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from xpipe_nb.errors import CannotTravel
from xpipe_nb.workers.culprits import culprit, largest
from xpipe_nb.workers.freshness import FRESHNESS
from xpipe_nb.workers.inside import function_name, named
from xpipe_nb.workers.jobs import Parcel
from xpipe_nb.workers.packing import is_importable, know, pack, token_of, unpack

__all__ = ["LARGE", "Packed", "Parcels", "opened"]

MANY = 256
"""Functions that are remembered."""

LARGE = 1_000_000
"""Bytes from which a function is not packed for each job, although what it names may have been changed in place."""


class Packed(NamedTuple):
    """A function as it was packed.

    Args:
        parcel: What travels.
        classes: The classes that have a token where it has been opened.
    """

    parcel: Parcel
    classes: frozenset[type]


class _Last(NamedTuple):
    """How a function was packed last, and what it named then."""

    function: Callable[..., Any]
    packed: Packed
    names: list[Any]
    generation: int


class Parcels:
    """Packs handlers for an organism's workers.

    Args:
        large: Is told of a function that is large: the owner's name, bytes, and what is large in it.
    """

    def __init__(self, large: Callable[[str, int, str], None] = lambda _owner, _size, _what: None) -> None:
        self._last: dict[int, _Last] = {}
        self._large = large

    def pack(self, function: Callable[..., Any], classes: Iterable[type] = (), owner: str = "") -> Packed:
        """Give a function as it is now, by value.

        Args:
            function: The handler.
            classes: The payload classes that it takes and gives; their objects are small after that.
            owner: Who needs it, for messages.

        Raises:
            CannotTravel: It names something that cannot be sent.
        """
        names, is_lasting = named(function)
        last = self._last.get(id(function))
        if last is not None and self._still_holds(last, names, is_lasting=is_lasting):
            return last.packed
        packed = _wrapped(function, classes, owner or function_name(function))
        if len(packed.parcel.data) > 10 * LARGE and (last is None or last.packed.parcel.hash != packed.parcel.hash):
            self._large(owner, len(packed.parcel.data), largest(function))
        if len(self._last) > MANY:  # reloads have left the functions of before
            self._last.clear()
        self._last[id(function)] = _Last(function, packed, names, FRESHNESS.generation)
        return packed

    def _still_holds(self, last: _Last, names: list[Any], *, is_lasting: bool) -> bool:
        """Say whether a function is what it was; one that is large is not packed again to find out."""
        is_trusted = is_lasting or len(last.packed.parcel.data) > LARGE
        return is_trusted and last.generation == FRESHNESS.generation and _same(last.names, names)


def _wrapped(function: Callable[..., Any], classes: Iterable[type], owner: str) -> Packed:
    tokens: list[tuple[str, type]] = []
    sources: dict[str, str] = {}

    def seen(thing: Any) -> None:
        if isinstance(thing, FunctionType):
            _note_source(thing.__code__.co_filename, sources)
        elif isinstance(thing, type) and not is_importable(thing):
            tokens.append((token_of(thing), thing))

    try:
        data = pack((function, tuple(classes), tokens), seen=seen)  # the tokens come last: by then they are known
    except Exception as error:
        what, why = culprit(function, error)
        raise CannotTravel(owner, what, why, "make it inside the function") from error
    return Packed(Parcel(hashlib.sha256(data).hexdigest()[:32], data, sources), frozenset(cls for _, cls in tokens))


def opened(parcel: Parcel) -> tuple[Callable[..., Any], frozenset[type]]:
    """Make a function of a parcel, and know from now on what came with it.

    Returns:
        The function, and the classes that have a token on both sides.
    """
    for file, text in parcel.sources.items():
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    function, _classes, tokens = unpack(parcel.data)
    for token, cls in tokens:
        know(token, cls)
    return function, frozenset(cls for _, cls in tokens)


def _note_source(file: str, sources: dict[str, str]) -> None:
    """Keep the lines of code that no file holds."""
    lines = linecache.cache.get(file)
    if file not in sources and lines is not None and len(lines) == 4 and not Path(file).exists():
        sources[file] = "".join(lines[2])


def _same(before: list[Any], now: list[Any]) -> bool:
    return len(before) == len(now) and all(one is other for one, other in zip(before, now, strict=True))
