"""`@payload`: a class becomes a dataclass with a codec."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Callable, Mapping
from copy import deepcopy
from types import FrameType
from typing import Any, TypeVar, dataclass_transform, overload

from lxml import etree

from xpipe_nb.errors import DefinitionError
from xpipe_nb.payloads.codec import CODEC, Codec, TagTable, codec_of
from xpipe_nb.payloads.reserved import RESERVED_TAGS
from xpipe_nb.payloads.shape import METHODS

__all__ = ["attach", "payload", "xmlify"]

T = TypeVar("T")
C = TypeVar("C", bound=type)
"""The class that is decorated."""


@overload
def payload(cls: C, /) -> C: ...
@overload
def payload(cls: None = None, /, **options: Any) -> Callable[[C], C]: ...
@dataclass_transform(field_specifiers=(dataclasses.field,))
def payload(cls: C | None = None, /, **options: Any) -> C | Callable[[C], C]:
    """Make a class a payload: a dataclass (if it is not one yet) that can be written as XML and read back.

    The class gets `X.xsd()` (its schema), `x.to_xml()` (a fresh element), `X.from_xml(element | str | bytes)` and
    `X.example_xml()`. Type checkers see the constructor; for typed access to the rest use `codec_of(X)`.

    Args:
        cls: The class; a dataclass stays as it is, and so does a pydantic model.
        options: Options of `dataclasses.dataclass`, such as `frozen=True`, when the class is not yet one.

    Raises:
        DefinitionError: A field's type cannot be written, a field bears a reserved name, two fields have one tag, an
            annotation was forgotten, or the class bears the name of one of the pump's own payloads.

    Example:
        >>> @payload
        ... class Greeting:
        ...     name: str
        ...     volume: int = 11
        >>> Greeting.from_xml("<Greeting><Name>World</Name></Greeting>")
        Greeting(name='World', volume=11)
        >>> etree.tostring(Greeting("World").to_xml())
        b'<Greeting><Name>World</Name><Volume>11</Volume></Greeting>'
    """
    frame = sys._getframe(1)  # noqa: SLF001  # annotations may name what is local to the caller
    if cls is None:
        return lambda decorated: _define(decorated, options, frame)
    return _define(cls, options, frame)


def xmlify(cls: C) -> C:
    """Give an existing dataclass what `payload` gives; the reference's name for it.

    Raises:
        DefinitionError: As for `payload`.

    Example:
        >>> from dataclasses import dataclass
        >>> @xmlify
        ... @dataclass
        ... class Note:
        ...     text: str
        >>> Note.from_xml(Note("hi").to_xml())
        Note(text='hi')
    """
    return _define(cls, {}, sys._getframe(1))  # noqa: SLF001  # as in payload


def _define(cls: C, options: Mapping[str, Any], frame: FrameType) -> C:
    if not isinstance(cls, type):
        raise DefinitionError(
            getattr(cls, "__name__", repr(cls)), "it is not a class", expected="a class under @payload"
        )
    made = cls if _has_fields(cls) else _as_dataclass(cls, options)
    attach(made, _names_at(frame))
    return made  # type: ignore[return-value]


def _has_fields(cls: type) -> bool:
    """Say whether the class is a dataclass itself, not only by inheritance, or a pydantic model."""
    return "__dataclass_fields__" in cls.__dict__ or hasattr(cls, "__pydantic_fields__")


def _names_at(frame: FrameType) -> Mapping[str, Any]:
    """Give the local names where the class is defined; a module's are found by its name anyway."""
    return {} if frame.f_locals is frame.f_globals else _Locals(frame)


class _Locals(Mapping[str, Any]):
    """The local names of a function, read when they are needed: a class may name one that is defined after it."""

    def __init__(self, frame: FrameType) -> None:
        self.frame = frame

    def __getitem__(self, name: str) -> Any:
        return self.frame.f_locals[name]

    def __iter__(self) -> Any:
        return iter(self.frame.f_locals)

    def __len__(self) -> int:
        return len(self.frame.f_locals)


def _as_dataclass(cls: type, options: Mapping[str, Any]) -> type:
    _check_annotated(cls)
    try:
        return dataclasses.dataclass(**options)(cls)
    except (TypeError, ValueError) as error:
        raise DefinitionError(cls.__name__, str(error), field=_named_in(str(error), cls)) from None


def _named_in(problem: str, cls: type) -> str | None:
    """Find the field that dataclasses speaks of."""
    words = problem.replace("'", " ").split()
    return next((name for name in inspect.get_annotations(cls) if name in words), None)


def _check_annotated(cls: type) -> None:
    """Refuse a class without fields that sets plain attributes: their annotations were forgotten."""
    if any(inspect.get_annotations(base) for base in cls.__mro__):
        return
    for name, value in cls.__dict__.items():
        if name.startswith("_") or isinstance(value, type | property | classmethod | staticmethod) or callable(value):
            continue
        kind = type(value).__name__
        raise DefinitionError(
            cls.__name__,
            "it has no type, so it is not a field",
            field=name,
            expected=f"{name}: {kind if kind in _PLAIN else 'str'} = …",
        )


_PLAIN = ("str", "int", "float", "bool", "bytes", "Decimal", "date", "datetime", "time", "timedelta", "UUID")


def attach(cls: type[T], namespace: Mapping[str, Any]) -> Codec[T]:
    """Give a class its codec and its methods; the codec lives on the class, so the class can be forgotten."""
    _check_names(cls)
    tag = cls.__dict__.get("__xpipe_tag__", cls.__name__)
    codec: Codec[T] = cls.__dict__.get("__xpipe_codec_type__", Codec)(cls, tag, namespace)
    before = cls.__dict__.get(CODEC)
    setattr(cls, CODEC, codec)
    try:
        codec.compile()
    except Exception:
        if before is None:
            delattr(cls, CODEC)
        else:
            setattr(cls, CODEC, before)
        raise
    for name, method in _METHODS.items():
        setattr(cls, name, method)
    return codec


def _check_names(cls: type) -> None:
    ours = cls.__module__.split(".")[0] == __name__.split(".")[0]
    if cls.__name__ in RESERVED_TAGS and not ours:
        raise DefinitionError(cls.__name__, "the name belongs to one of the pump's own payloads")
    for base in cls.__mro__:
        for name in METHODS:
            if name in base.__dict__ and base.__dict__[name] is not _METHODS[name]:
                annotated = name in inspect.get_annotations(base)
                problem = f"the name {name!r} belongs to @payload"
                raise (
                    DefinitionError(cls.__name__, problem, field=name)
                    if annotated
                    else DefinitionError(cls.__name__, f"it has a method {name} of its own; {problem}", field=name)
                )


# --- the methods of a payload class -----------------------------------------------------------------------------------


def _to_xml(self: Any) -> etree._Element:
    """Write this object as a fresh detached element; raises `PayloadError` naming the field."""
    return codec_of(type(self)).encode(self)


def _from_xml(cls: type[T], source: etree._Element | str | bytes, table: TagTable | None = None) -> T:
    """Read an object from an element or from text; raises `PayloadError`. `table` serves `AnyPayload` fields."""
    return codec_of(cls).from_xml(source, table)


def _xsd(cls: type) -> etree._Element:
    """Give the XML Schema of this class as a fresh `xs:schema` element."""
    return deepcopy(codec_of(cls).xsd)


def _example_xml(cls: type) -> str:
    """Give an example of this class as indented XML that its own schema accepts."""
    return codec_of(cls).example()


_METHODS: dict[str, Any] = {
    "to_xml": _to_xml,
    "from_xml": classmethod(_from_xml),
    "xsd": classmethod(_xsd),
    "example_xml": classmethod(_example_xml),
}
