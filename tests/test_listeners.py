"""Listeners: the mark, the settings, what is read from a signature, and what is refused."""

from __future__ import annotations

import copy
import dataclasses
import functools
import pickle
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Optional

import pytest

from xpipe_nb.errors import ConfigError
from xpipe_nb.listeners import ListenerConfig, listener, mark_of, resolve_all, resolve_listener
from xpipe_nb.messages import HandlerResponse
from xpipe_nb.payloads import DeliveryError, payload

if TYPE_CHECKING:
    from nowhere import HandlerMetadata, Hidden


@payload
class Ask:
    text: str


@payload
class Tell:
    text: str


@dataclasses.dataclass
class Unmarked:
    text: str


class NoPayload:
    pass


async def plain_async(message: Ask, meta) -> Tell:
    """Answers.

    At length.
    """
    return Tell(message.text)


def resolved(handler: Any, **settings: Any):
    """The listener made of a handler, under a name that is always right."""
    return resolve_listener(ListenerConfig(**{"name": "one", **settings}, handler=handler))


def faults(config: ListenerConfig, **more: Any):
    """The faults of a listener that is refused, by path."""
    with pytest.raises(ConfigError) as caught:
        resolve_listener(config, **more)
    return {fault.path: fault for fault in caught.value.faults}


# ------------------------------------------------------------------ the mark


def test_the_decorator_returns_the_same_function():
    """`@listener` marks and registers nothing."""

    def handler(message: Ask): ...

    assert listener(handler) is handler
    assert listener(peers=["x"])(handler) is handler
    assert mark_of(handler).peers == ["x"]


def test_the_mark_gives_defaults():
    """What a listener's settings leave out comes from the mark."""

    @listener(name="marked", agent=True, peers=["x"], timeout=5)
    def handler(message: Ask): ...

    one = resolve_listener(ListenerConfig(handler=handler))
    assert (one.name, one.agent, one.peers, one.timeout) == ("marked", True, ("x",), 5)


def test_settings_win_over_the_mark_even_where_they_say_the_default():
    """A setting that is said counts, also `agent=False` and `timeout=60`."""

    @listener(agent=True, timeout=5)
    def handler(message: Ask): ...

    one = resolved(handler, agent=False, timeout=60.0)
    assert (one.agent, one.timeout) == (False, 60.0)


def test_the_mark_takes_only_known_settings():
    """A misspelt argument of the decorator is told at the definition, with the nearest right word."""
    with pytest.raises(ConfigError, match="did you mean 'peers'"):
        listener(peer=["x"])(plain_async)


@pytest.mark.parametrize(
    ("setting", "value", "nearest"),
    [("executor", "dusk", "dask"), ("cpu_bound", "yes", "true"), ("retries", "three", None), ("name", "9 lives", None)],
)
def test_the_mark_refuses_a_value_that_does_not_fit(setting, value, nearest):
    """Where the decorator stands, which is the place to change, and not only where an organism is made."""
    with pytest.raises(ConfigError) as caught:
        listener(**{setting: value})(plain_async)
    assert (caught.value.path, caught.value.nearest) == (f"$.{setting}", nearest)
    assert mark_of(plain_async) is None


def test_the_mark_of_a_method_and_of_a_partial_is_found():
    """What wraps a marked function keeps its mark."""

    @listener(timeout=7)
    def handler(message: Ask, meta, *, loud=False): ...

    class Home:
        method = handler

    assert resolved(Home().method, payload_class=Ask).timeout == 7
    assert resolved(functools.partial(handler, loud=True)).timeout == 7


# ------------------------------------------------------------------ ListenerConfig


def test_is_agent_and_agent_are_one_setting():
    """The reference's `is_agent` and `agent` always agree."""
    assert ListenerConfig(name="a", is_agent=True).agent is True
    assert ListenerConfig(name="a", agent=True).is_agent is True
    config = ListenerConfig(name="a")
    config.is_agent = True
    assert config.agent is True
    assert ListenerConfig(name="a").is_agent is False


def test_a_config_can_be_copied_and_replaced():
    """Copies keep what was said."""
    config = ListenerConfig(name="a", is_agent=True, peers=[])
    for twin in (copy.deepcopy(config), pickle.loads(pickle.dumps(config)), dataclasses.replace(config)):
        assert twin == config
        assert twin.agent is True
        assert twin.says("peers")
    assert dataclasses.replace(config, agent=False).agent is False


# ------------------------------------------------------------------ signatures


def test_a_name_and_a_description_come_from_the_function():
    """Name = function name, description = first line of the docstring."""
    one = resolve_listener(ListenerConfig(handler=plain_async))
    assert (one.name, one.description) == ("plain_async", "Answers.")


class Callable_:
    """Is called."""

    async def __call__(self, message: Ask, meta): ...

    def method(self, message: Tell): ...

    @staticmethod
    def static(message: Ask, meta): ...


async def gives(message: Ask) -> AsyncIterator[Tell]:
    yield Tell("")


def gives_plainly(message: Ask) -> Iterator[Tell | HandlerResponse]:
    yield Tell("")


@pytest.mark.parametrize(
    ("handler", "form", "takes_meta", "tags"),
    [
        (plain_async, "async", True, {"Ask"}),
        (lambda message, meta: None, "plain", True, {"Ask"}),
        (Callable_(), "async", True, {"Ask"}),
        (Callable_().method, "plain", False, {"Tell"}),
        (Callable_.static, "plain", True, {"Ask"}),
        (functools.partial(plain_async), "async", True, {"Ask"}),
        (gives, "async-generator", False, {"Ask"}),
        (gives_plainly, "generator", False, {"Ask"}),
        (functools.partial(gives_plainly), "generator", False, {"Ask"}),
    ],
)
def test_every_kind_of_callable_is_read(handler, form, takes_meta, tags):
    """Functions, methods, partials and callable objects are called as they were written."""
    settings = {"payload_class": Ask} if getattr(handler, "__name__", "") == "<lambda>" else {}
    one = resolved(handler, **settings)
    assert (one.form, one.takes_meta, set(one.accepts)) == (form, takes_meta, tags)


def test_a_wrapper_is_read_through_but_called_as_it_is():
    """A wrapper made with functools.wraps has the signature of what it wraps and its own form."""

    @functools.wraps(plain_async)
    def wrapper(*args, **kwargs): ...

    one = resolved(wrapper)
    assert (one.form, one.takes_meta, set(one.accepts)) == ("plain", True, {"Ask"})


def test_a_second_argument_with_a_default_is_meta_only_by_name():
    """`volume=3` is the user's own; `meta=None` is ours."""

    def own(message: Ask, volume=3): ...

    def ours(message: Ask, meta=None): ...

    assert not resolved(own).takes_meta
    assert resolved(ours).takes_meta


@pytest.mark.parametrize(
    ("annotation", "tags"),
    [
        (Ask, {"Ask"}),
        (Ask | Tell, {"Ask", "Tell"}),
        (Optional[Ask], {"Ask"}),  # noqa: UP045
        ("Ask | Tell", {"Ask", "Tell"}),
        (Annotated[Ask, "a note"], {"Ask"}),
        (Unmarked, {"Unmarked"}),
        (Ask | DeliveryError, {"Ask", "SystemError"}),
    ],
)
def test_the_first_argument_says_what_is_accepted(annotation, tags):
    """One class, a union, a postponed one, or a plain dataclass that is compiled now."""

    def handler(message, meta): ...

    handler.__annotations__["message"] = annotation
    one = resolved(handler)
    assert set(one.accepts) == tags
    assert one.accepts_errors is ("SystemError" in tags)


@pytest.mark.parametrize(
    ("annotation", "classes", "promises"),
    [
        (Tell, (Tell,), True),
        (Ask | Tell, (Ask, Tell), True),
        ("Tell", (Tell,), True),
        (list[Tell], (Tell,), True),
        (Tell | None, (Tell,), False),
        (None, None, False),
        (HandlerResponse, None, False),
        (HandlerResponse | None, None, False),
        (HandlerResponse | Tell, None, False),
        (list[HandlerResponse], None, False),
        (AsyncIterator[Tell], (Tell,), False),
        (Iterator[Tell | None], (Tell,), False),
        (AsyncIterator[HandlerResponse | Tell], None, False),
        (str, None, False),
        (Any, None, False),
        (object, None, False),
    ],
)
def test_the_return_annotation_says_what_comes_out(annotation, classes, promises):
    """A payload class is promised; what may be anything, or nothing, is not."""

    def handler(message: Ask): ...

    handler.__annotations__["return"] = annotation
    one = resolved(handler)
    assert (one.output_class, one.promises_reply) == (classes, promises)


def test_nothing_is_promised_without_an_annotation():
    """A handler without a return annotation may give anything."""

    def handler(message: Ask): ...

    one = resolved(handler)
    assert (one.output_class, one.promises_reply) == (None, False)


def test_a_class_of_the_handlers_own_scope_is_found():
    """A postponed annotation may name what only the handler's own function sees."""

    @payload
    class Inner:
        text: str

    def handler(message: Inner) -> Inner:
        return Inner(message.text)

    assert set(resolved(handler).accepts) == {"Inner"}


def test_metadata_that_only_type_checkers_see_is_no_fault():
    """The annotation of the second argument is never evaluated, and our own word is always known."""

    async def handler(message: Ask, meta: HandlerMetadata) -> HandlerResponse: ...

    handler.__globals__.pop("HandlerMetadata", None)
    assert resolved(handler).takes_meta


def test_a_payload_that_only_type_checkers_see_is_a_fault():
    """A class that does not exist at run time cannot be accepted."""

    def handler(message: Hidden): ...

    fault = faults(ListenerConfig(name="a", handler=handler))["$.payload_class"]
    assert "Hidden" in fault.problem
    assert "TYPE_CHECKING" in fault.expected


def test_the_source_of_a_handler_is_known():
    """File and line of the function, for messages."""
    one = resolved(plain_async)
    assert one.source.file == __file__
    assert str(one.source).startswith(f"{__file__}:")


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize(
    ("settings", "peers"),
    [
        ({}, None),
        ({"peers": ["a", "b"]}, ("a", "b")),
        ({"peers": ["a", "a"]}, ("a",)),
        ({"peers": []}, ()),
        ({"peers": "*"}, None),
        ({"peers": ["*"]}, None),
        ({"agent": True}, ()),
        ({"agent": True, "peers": ["a"]}, ("a",)),
        ({"agent": True, "peers": "*"}, None),
    ],
)
def test_peers_are_closed_for_agents_and_open_for_plain_listeners(settings, peers):
    """No peers means nobody for an agent and anybody for a plain listener; an empty list means nobody for both."""
    assert resolved(plain_async, **settings).peers == peers


def test_no_timeout_is_none():
    """A timeout of 0 means no limit."""
    assert resolved(plain_async, timeout=0).timeout is None
    assert resolved(plain_async).timeout == 60.0


def test_settings_reach_the_listener():
    """What is said in a ListenerConfig is what runs."""
    one = resolved(plain_async, description="d", broadcast=True, prompt="p", concurrency=2, output_class=[Ask])
    assert (one.description, one.broadcast, one.prompt, one.concurrency) == ("d", True, "p", 2)
    assert one.output_class == (Ask,)
    assert one.promises_reply


def test_the_names_of_the_reference_work():
    """`payload_class_path` and `handler_path` are import paths."""
    config = ListenerConfig(name="a", handler_path=f"{__name__}.plain_async", payload_class_path=f"{__name__}.Tell")
    one = resolve_listener(config)
    assert one.handler is plain_async
    assert set(one.accepts) == {"Tell"}


@pytest.mark.parametrize("path", ["plain_async", f"{__name__}.plain_async", f"{__name__}:plain_async"])
def test_names_mean_the_namespace_first_then_an_import(path):
    """A handler may be a name of the namespace, or module.function, or module:function."""
    assert resolve_listener(ListenerConfig(name="a", handler=path), namespace=globals()).handler is plain_async


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("settings", "path", "expected"),
    [
        ({"name": "grüße"}, "$.name", "ASCII"),
        ({"name": "a b"}, "$.name", "ASCII"),
        ({"timeout": -1}, "$.timeout", "seconds"),
        ({"timeout": "60"}, "$.timeout", "seconds"),
        ({"timeout": True}, "$.timeout", "seconds"),
        ({"timeout": float("nan")}, "$.timeout", "seconds"),
        ({"concurrency": 0}, "$.concurrency", "whole number"),
        ({"agent": "yes"}, "$.agent", "true or false"),
        ({"peers": "other"}, "$.peers", "[other]"),
        ({"peers": ["a b"]}, "$.peers[0]", "ASCII"),
        ({"peers": 3}, "$.peers", "list"),
        ({"prompt": 3}, "$.prompt", "text"),
        ({"retries": -1}, "$.retries", "from 0"),
        ({"cpu_bound": "yes"}, "$.cpu_bound", "true or false"),
        ({"payload_class": NoPayload}, "$.payload_class", "@payload above `class NoPayload`"),
        ({"payload_class": [Ask, int]}, "$.payload_class[1]", "as a field"),
        ({"output_class": NoPayload}, "$.output_class", "@payload"),
        ({"payload_class": 3}, "$.payload_class", "payload class"),
        ({"handler": 3}, "$.handler", "function"),
        ({"handler": NoPayload}, "$.handler", "function"),
        ({"handler": None}, "$.handler", "function"),
    ],
)
def test_what_does_not_fit_is_a_fault_with_its_place(settings, path, expected):
    """Each setting is checked, and the message says what would have been right."""
    found = faults(ListenerConfig(**{"name": "one", "handler": plain_async, **settings}))
    assert expected in found[path].expected


def test_all_faults_come_at_once():
    """One look at the error is enough to repair everything."""
    found = faults(ListenerConfig(name="ä", handler=plain_async, timeout=-1, retries=-2, payload_class=NoPayload))
    assert set(found) == {"$.name", "$.timeout", "$.retries", "$.payload_class"}


def test_a_missing_annotation_tells_both_remedies():
    """Without an annotation and without payload_class nobody knows what is accepted."""

    def handler(message): ...

    expected = faults(ListenerConfig(handler=handler))["$.payload_class"].expected
    assert "annotation" in expected
    assert "payload_class" in expected


def test_a_signature_that_cannot_be_called_is_a_fault():
    """Handlers take the message and its meta, nothing else that is needed."""

    def nothing(): ...

    def three(message: Ask, meta, more): ...

    def by_name(message: Ask, *, key): ...

    assert "takes no argument" in faults(ListenerConfig(handler=nothing))["$.handler"].problem
    assert "more" in faults(ListenerConfig(handler=three))["$.handler"].problem
    assert "key" in faults(ListenerConfig(handler=by_name))["$.handler"].problem


def test_a_return_annotation_that_cannot_be_sent_is_a_fault():
    """What is promised must be a payload."""

    def handler(message: Ask) -> dict: ...

    assert "dict" in faults(ListenerConfig(handler=handler))["$.output_class"].problem


@pytest.mark.parametrize(
    ("path", "problem", "near"),
    [
        ("plain_asink", "no function 'plain_asink' here", "plain_async"),
        ("nowhere_at_all.fn", "no module 'nowhere_at_all'", None),
        ("json.lodas", "the module 'json' has no 'lodas'", "loads"),
        ("json.decoder:JSONDecodr", "the module 'json.decoder' has no 'JSONDecodr'", "JSONDecoder"),
        ("a b", "neither a name nor an import path", None),
        ("json..loads", "neither a name nor an import path", None),
        ("tests.broken_module.fn", "importing 'tests.broken_module' failed: ZeroDivisionError", None),
    ],
)
def test_a_name_that_means_nothing_says_what_is_missing(path, problem, near):
    """Which module or attribute is missing, and the nearest one there is."""
    fault = faults(ListenerConfig(name="a", handler=path), namespace=globals())["$.handler"]
    assert problem in fault.problem
    assert fault.nearest == near


def test_the_functions_of_the_namespace_are_offered():
    """The message lists what is defined there, and says where that is."""

    def shouter(message: Ask): ...

    space = {
        "__name__": shouter.__module__,
        "greeter": plain_async,
        "shouter": shouter,
        "_hidden": shouter,
        "json": pickle,
    }
    fault = faults(ListenerConfig(handler="shoutr"), namespace=space, place="in this notebook")["$.handler"]
    assert fault.problem == "no function 'shoutr' here. Defined in this notebook: greeter, shouter"


# ------------------------------------------------------------------ many


def test_many_listeners_are_read_together():
    """Functions, names and settings may stand side by side."""
    found = resolve_all(["plain_async", gives, ListenerConfig(name="c", handler=gives_plainly)], globals())
    assert [one.name for one in found] == ["plain_async", "gives", "c"]


def test_two_listeners_of_one_name_are_refused():
    """Names are unique, case-exact."""
    with pytest.raises(ConfigError) as caught:
        resolve_all([plain_async, ListenerConfig(name="plain_async", handler=gives)])
    assert caught.value.path == "$.listeners[1].name"
    assert len(resolve_all([plain_async, ListenerConfig(name="Plain_async", handler=gives)])) == 2


def test_an_unknown_peer_is_refused_with_the_nearest_listener():
    """A peer is a listener of the organism."""
    with pytest.raises(ConfigError) as caught:
        resolve_all([plain_async, ListenerConfig(name="c", handler=gives, peers=["gives", "plain_asink"])])
    places = [(fault.path, fault.nearest) for fault in caught.value.faults]
    assert places == [("$.listeners[1].peers[0]", None), ("$.listeners[1].peers[1]", "plain_async")]


def test_further_listeners_may_be_peers():
    """What is registered already is known."""
    config = ListenerConfig(name="c", handler=gives, peers=["other"])
    assert resolve_all([config], known=["other"])[0].peers == ("other",)
