"""A class as a list of fields: dataclasses and pydantic models alike."""

from __future__ import annotations

import builtins
import dataclasses
import inspect
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import annotated_types
import typing_extensions
from lxml import etree

from xpipe_nb.errors import DefinitionError
from xpipe_nb.payloads.annotations import node_of
from xpipe_nb.payloads.layout import EMPTY, NO_DEFAULT, OTHER, lay_out
from xpipe_nb.payloads.nodes import Field, Shape

__all__ = ["METHODS", "Unresolved", "names_of", "pascal", "read_shape"]

METHODS = ("to_xml", "from_xml", "xsd", "example_xml")
"""The names that `@payload` puts on a class; no field may bear one."""


class Unresolved(Exception):
    """An annotation names what is not defined yet; the class can be read again later."""


def pascal(name: str) -> str:
    """Give the tag of a field.

    Example:
        >>> pascal("original_sender")
        'OriginalSender'
    """
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@dataclasses.dataclass(frozen=True)
class _Raw:
    """A field as its class declares it."""

    name: str
    argument: str
    hint: Any
    default: Any
    keyword: bool = False
    doc: str = ""


def read_shape(cls: type, tag: str, namespace: Mapping[str, Any]) -> Shape:
    """Read the fields of a dataclass or a pydantic model.

    Args:
        cls: The class.
        tag: The name of its element.
        namespace: Names that annotations may use besides those of the class's module.

    Raises:
        DefinitionError: A field cannot be written, or two fields have one tag.
        Unresolved: An annotation names something that is not defined yet.
    """
    pydantic = hasattr(cls, "__pydantic_fields__")
    raws = list(_of_model(cls, namespace) if pydantic else _of_dataclass(cls, namespace))
    fields = tuple(_field(cls, raw) for raw in raws)
    _check_tags(cls, tag, fields)
    doc = inspect.cleandoc(cls.__doc__) if _has_own_doc(cls) and cls.__doc__ else ""
    return Shape(cls, tag, fields, doc, _by_name(cls) if pydantic else cls)


def _has_own_doc(cls: type) -> bool:
    """Say whether a person wrote the docstring; `dataclass` fills an empty one with the signature."""
    doc: str = cls.__dict__.get("__doc__") or ""
    return bool(doc) and not doc.startswith(f"{cls.__name__}(")


def _field(cls: type, raw: _Raw) -> Field:
    if raw.name in METHODS:
        raise DefinitionError(cls.__name__, f"the name {raw.name!r} belongs to @payload", field=raw.name)
    node = node_of(raw.hint, cls.__name__, raw.name)
    known = not any(raw.default is mark for mark in (NO_DEFAULT, OTHER, EMPTY))
    sample = (raw.default,) if known else ()
    doc = raw.doc or _doc_of(raw.hint)
    return lay_out(
        node,
        raw.default,
        name=raw.name,
        argument=raw.argument,
        tag=pascal(raw.name),
        doc=doc,
        sample=sample,
        keyword=raw.keyword,
    )


def _doc_of(hint: Any) -> str:
    metadata = typing.get_args(hint)[1:] if typing.get_origin(hint) is Annotated else ()
    words = (getattr(item, "documentation", None) for item in metadata if isinstance(item, _DOCS))
    return next((text for text in words if isinstance(text, str)), "")


_DOCS: tuple[type, ...] = (typing_extensions.Doc, annotated_types.DocInfo)


def _check_tags(cls: type, tag: str, fields: tuple[Field, ...]) -> None:
    seen: dict[str, str] = {}
    for name, owner in ((tag, None), *((field.tag, field.name) for field in fields)):
        if not _is_tag(name):
            raise DefinitionError(cls.__name__, f"{name!r} is not a name of an XML element", field=owner)
        if owner is None:
            continue
        if name in seen:
            raise DefinitionError(
                cls.__name__, f"the fields {seen[name]} and {owner} are both written <{name}>", field=owner
            )
        seen[name] = owner


def _is_tag(name: str) -> bool:
    try:
        return etree.QName(name).localname == name and etree.Element(name).tag == name
    except ValueError:
        return False


# --- dataclasses ----------------------------------------------------------------------------------------------------


_WORD = re.compile(r"[^\W\d]\w*")


def names_of(cls: type, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the written annotations of a class name, as far as it is defined where they were written.

    Args:
        cls: The class.
        namespace: Names that its annotations may use besides those of its module.
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        written = [each for each in inspect.get_annotations(base).values() if isinstance(each, str)]
        if written:
            known = {**vars(sys.modules.get(base.__module__, builtins)), **namespace}
            found.update({word: known[word] for word in _WORD.findall(" ".join(written)) if word in known})
    return found


def _of_dataclass(cls: type, namespace: Mapping[str, Any]) -> Iterator[_Raw]:
    owners = _owners(cls)
    for name, hint in _own_annotations(cls).items():
        if _is_init_var(hint):
            raise DefinitionError(
                cls.__name__, "an InitVar is not kept by the object, so it cannot be written", field=name
            )
    for field in dataclasses.fields(cls):
        if not field.init:
            continue  # the class computes it
        hint = _resolved(field.type, owners.get(field.name, cls), cls, field.name, namespace)
        doc = getattr(field, "doc", None) or ""
        yield _Raw(field.name, field.name, hint, _default_of(field), bool(field.kw_only), doc)


def _is_init_var(hint: Any) -> bool:
    if isinstance(hint, str):
        return hint.startswith(("InitVar", "dataclasses.InitVar"))
    return isinstance(hint, dataclasses.InitVar) or hint is dataclasses.InitVar


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default is not dataclasses.MISSING:
        default = field.default
        return EMPTY if isinstance(default, tuple | frozenset) and not default else default
    if field.default_factory is dataclasses.MISSING:
        return NO_DEFAULT
    return EMPTY if field.default_factory in (list, tuple, set, frozenset, dict) else OTHER


def _own_annotations(cls: type) -> dict[str, Any]:
    try:
        return dict(inspect.get_annotations(cls))
    except NameError:  # Python 3.14 evaluates late; dataclass has read the fields all the same
        return {}


def _owners(cls: type) -> dict[str, type]:
    """Say for each field which class of the line declares it: its module has the names of the annotation."""
    return {name: base for base in reversed(cls.__mro__) for name in _own_annotations(base)}


def _resolved(hint: Any, owner: type, cls: type, name: str, namespace: Mapping[str, Any]) -> Any:
    """Evaluate an annotation that may be text, or hold text, in the names of its class."""
    module = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
    known = {**namespace, owner.__name__: owner, cls.__name__: cls}
    carrier = types.SimpleNamespace(__annotations__={name: hint})
    try:
        return typing.get_type_hints(carrier, module, known, include_extras=True)[name]
    except NameError as error:
        raise Unresolved(name, str(error)) from None
    except Exception as error:
        raise DefinitionError(cls.__name__, f"the annotation {hint!r} cannot be read: {error}", field=name) from error


# --- pydantic -------------------------------------------------------------------------------------------------------


def _of_model(cls: Any, namespace: Mapping[str, Any]) -> Iterator[_Raw]:
    if not cls.__pydantic_complete__:
        cls.model_rebuild(raise_errors=False, _types_namespace={**namespace, cls.__name__: cls})
        if not cls.__pydantic_complete__:
            raise Unresolved(cls.__name__, "the model is not complete")
    for name, info in cls.__pydantic_fields__.items():
        hint = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
        yield _Raw(name, name, hint, _model_default(info), True, info.description or "")


def _model_default(info: Any) -> Any:
    if info.is_required():
        return NO_DEFAULT
    if info.default_factory is not None:
        return EMPTY if info.default_factory in (list, tuple, set, frozenset, dict) else OTHER
    default = info.default
    return EMPTY if isinstance(default, list | tuple | set | frozenset | dict) and not default else default


def _by_name(cls: Any) -> Callable[..., Any]:
    """Build a model from its fields' names, whatever aliases they have."""

    def build(**values: Any) -> Any:
        return cls.model_validate(values, by_alias=False, by_name=True)

    return build
