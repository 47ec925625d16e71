"""Which class a tag means: the newest binding of it that was put in."""

from __future__ import annotations

import sys
from typing import Any

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.payloads.codec import Codec, codec_of

__all__ = ["PayloadTable"]


class PayloadTable:
    """The payload classes that one organism knows, by tag.

    Example:
        >>> from xpipe_nb.payloads import payload
        >>> @payload
        ... class Greeting:
        ...     name: str
        >>> table = PayloadTable()
        >>> table.add(Greeting)
        >>> table.get("Greeting") is Greeting, table.get("Parting")
        (True, None)
    """

    def __init__(self) -> None:
        self._codecs: dict[str, Codec[Any]] = {}

    def add(self, cls: type) -> None:
        """Put in a class; the newest one with the same schema, or under the same name of a module, wins.

        Raises:
            ConfigError: Another class that is still in use has the same tag and another schema.
            DefinitionError: The class cannot be a payload.
        """
        codec: Codec[Any] = codec_of(cls)
        known = self.get(codec.tag)
        rivals = known is not None and known is not cls and not _replaced(known)
        if known is not None and rivals and codec_of(known).fingerprint != codec.fingerprint:
            raise ConfigError(_clash(codec.tag, known, cls))
        self._codecs[codec.tag] = codec

    def bind(self, cls: type) -> None:
        """Put in a class in place of the one that has its tag, such as after its cell was run again."""
        codec: Codec[Any] = codec_of(cls)
        self._codecs[codec.tag] = codec

    def get(self, tag: str, /) -> type | None:
        """Give the class of a tag, or `None`."""
        codec = self._codecs.get(tag)
        return None if codec is None else codec.cls

    def codec(self, tag: str) -> Codec[Any] | None:
        """Give the codec of a tag's class, or `None`."""
        return self._codecs.get(tag)

    def tags(self) -> tuple[str, ...]:
        """Give the tags, in the order in which they came."""
        return tuple(self._codecs)


def _clash(tag: str, known: type, cls: type) -> Fault:
    problem = f"two classes are both written <{tag}>, with different fields: {_origin(known)} and {_origin(cls)}"
    return Fault(f"$.payloads.{tag}", problem, expected="one class for each tag")


def _origin(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def _replaced(cls: type) -> bool:
    """Say whether the class's name in its module means another class by now: its cell was run again."""
    if "<locals>" in cls.__qualname__:
        return False
    bound: Any = sys.modules.get(cls.__module__)
    for name in cls.__qualname__.split("."):
        bound = getattr(bound, name, None)
    return bound is not None and bound is not cls
