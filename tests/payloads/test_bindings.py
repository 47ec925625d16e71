"""Older and newer bindings of a class: fingerprints, and the table that says what a tag means."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from lxml import etree

from xpipe_nb.errors import ConfigError, PayloadError
from xpipe_nb.payloads import AnyPayload, DeliveryError, PayloadTable, SystemError, codec_of, payload  # noqa: A004


def define(**hints: Any) -> Any:
    return payload(type("Thing", (), {"__annotations__": hints}))


def test_equal_classes_have_equal_fingerprints() -> None:
    """A cell that is run again gives a class that means the same."""
    assert codec_of(define(x=int)).fingerprint == codec_of(define(x=int)).fingerprint


@pytest.mark.parametrize(
    "hints",
    [
        {"x": str},
        {"y": int},
        {"x": int, "y": int},
        {"x": int | None},
        {"x": list[int]},
        {"x": tuple[int, ...]},
        {"X": int},
    ],
)
def test_a_changed_class_has_another_fingerprint(hints: dict[str, Any]) -> None:
    """Another type, name, container or field."""
    assert codec_of(define(**hints)).fingerprint != codec_of(define(x=int)).fingerprint
    if "x" in hints:
        assert codec_of(define(x=list[int])).fingerprint != codec_of(define(x=tuple[int, ...])).fingerprint


def test_the_fingerprint_sees_into_nested_classes() -> None:
    """A holder changes when what it holds changes."""
    one, same, other = (define(x=hint) for hint in (int, int, str))
    holders = [payload(type("Holder", (), {"__annotations__": {"thing": cls}})) for cls in (one, same, other)]
    first, second, third = (codec_of(holder).fingerprint for holder in holders)
    assert first == second != third


def test_an_object_of_an_older_equal_binding_is_written() -> None:
    """Run again without a change, a cell breaks nothing, not even inside other classes and unions."""
    old, new, changed = define(x=int), define(x=int), define(x=str)
    assert codec_of(new).encode(old(1)).tag == "Thing"
    other = payload(type("Other", (), {}))
    holder = payload(type("Holder", (), {"__annotations__": {"thing": new, "either": new | other, "more": list[new]}}))
    assert holder.from_xml(holder(old(1), old(2), [old(3)]).to_xml()) == holder(new(1), new(2), [new(3)])
    with pytest.raises(PayloadError, match="another definition of that class"):
        holder(changed("x"), new(1), []).to_xml()


def test_a_table_says_what_a_tag_means() -> None:
    """The newest class with the same schema wins."""
    table, old, new = PayloadTable(), define(x=int), define(x=int)
    table.add(old)
    assert table.get("Thing") is old
    table.add(new)
    assert table.get("Thing") is new
    assert table.get("Nothing") is None
    assert table.tags() == ("Thing",)


def test_two_live_classes_of_one_tag_are_refused() -> None:
    """With different schemas nobody could say what the tag means; the old one stays."""
    table, one, other = PayloadTable(), define(x=int), define(x=str)
    one.__qualname__ = other.__qualname__ = "f.<locals>.Thing"
    table.add(one)
    with pytest.raises(ConfigError, match="both written <Thing>"):
        table.add(other)
    assert table.get("Thing") is one


def test_a_replaced_binding_gives_way() -> None:
    """`bind` replaces at once; `add` replaces a class whose name in its module means another one by now."""
    table, old, new = PayloadTable(), define(x=int), define(x=str)
    table.add(old)
    table.bind(new)
    assert table.get("Thing") is new
    module = ModuleType("a_notebook")
    sys.modules["a_notebook"] = module
    try:
        again = define(x=float)
        new.__module__ = again.__module__ = "a_notebook"
        module.Thing = new  # type: ignore[attr-defined]
        with pytest.raises(ConfigError):
            table.add(again)
        module.Thing = again  # type: ignore[attr-defined]
        table.add(again)
        assert table.get("Thing") is again
    finally:
        del sys.modules["a_notebook"]


# --- the error that travels ---------------------------------------------------------------------------------------------

OURS = "<SystemError><Code>routing</Code><Message>m</Message><RetryAllowed>false</RetryAllowed></SystemError>"
THEIRS = "<SystemError><code>routing</code><message>m</message><retry-allowed>false</retry-allowed></SystemError>"


def test_the_delivery_error_is_written_as_system_error() -> None:
    """Its class is exported under both names; retrying is allowed unless said otherwise."""
    assert SystemError is DeliveryError
    error = DeliveryError("timeout", "too late")
    assert error.retry_allowed
    assert error.to_xml().tag == "SystemError"
    assert codec_of(DeliveryError).tag == "SystemError"
    assert DeliveryError.from_xml(error.to_xml()) == error


@pytest.mark.parametrize("text", [OURS, THEIRS, THEIRS.replace("<retry-allowed>false</retry-allowed>", "")])
def test_both_spellings_of_system_error_are_read(text: str) -> None:
    """The reference writes lower case; `validate` and `decode` take both, and alter nothing."""
    element = etree.fromstring(text)
    codec_of(DeliveryError).validate(element)
    read = codec_of(DeliveryError).decode(element)
    assert read == DeliveryError("routing", "m", retry_allowed="retry" not in text.lower())
    assert DeliveryError.from_xml(text) == read
    assert etree.tostring(element).decode() == text


def test_a_system_error_has_one_of_six_codes() -> None:
    """Anything else is refused, in either spelling."""
    for text in (OURS, THEIRS):
        with pytest.raises(PayloadError, match="code: expected 'routing' or"):
            DeliveryError.from_xml(text.replace("routing", "other"))


def test_a_system_error_may_travel_inside_another_payload() -> None:
    """In an `AnyPayload` and in a union, in either spelling."""
    holder = payload(type("Holder", (), {"__annotations__": {"any": AnyPayload, "one": DeliveryError | None}}))
    table = PayloadTable()
    table.add(DeliveryError)
    error = DeliveryError("budget", "m")
    assert holder.from_xml(holder(error, error).to_xml(), table) == holder(error, error)
    theirs = THEIRS.replace("routing", "budget").replace("false", "true")
    assert holder.from_xml(f"<Holder><Any>{theirs}</Any></Holder>", table) == holder(error, None)


def test_the_first_use_may_come_from_many_threads() -> None:
    """Handlers run in threads: whoever comes first compiles, and all get the same."""
    inner = define(x=int)
    cls = payload(type("Holder", (), {"__annotations__": {"things": list[inner], "next": "Holder | None"}}))
    value = cls([inner(1), inner(2)], cls([], None))

    def once(_: int) -> bool:
        codec_of(cls).validate(value.to_xml())
        return bool(cls.from_xml(etree.tostring(value.to_xml())) == value)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(once, range(64)))
