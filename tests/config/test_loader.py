"""From YAML to an `OrganismConfig`: the forms of `listeners:`, what is found, and what is refused where."""

from __future__ import annotations

import pytest

from xpipe_nb.config import ConfigLoader, ConfigWarning, OrganismConfig, check_config, settings_from
from xpipe_nb.errors import ConfigError
from xpipe_nb.limits import Limits
from xpipe_nb.listeners import listener, resolve_all
from xpipe_nb.messages import HandlerResponse
from xpipe_nb.payloads import payload
from xpipe_nb.xml.limits import GateLimits


@payload
class Greeting:
    name: str


@payload
class Shout:
    text: str


@listener(peers=["shouter"], timeout=5)
async def greeter(message: Greeting, meta) -> HandlerResponse:
    """Greets politely, loudly."""


@listener
def shouter(message: Greeting) -> Shout:
    """Shouts."""


def load(text: str) -> OrganismConfig:
    """The settings of a text, with this module as the namespace."""
    return ConfigLoader.load_text(text, globals())


def faults(text: str):
    """The faults of a text, by path."""
    with pytest.raises(ConfigError) as caught:
        load(text)
    return {fault.path: fault for fault in caught.value.faults}


# ------------------------------------------------------------------ forms


@pytest.mark.parametrize(
    "text",
    [
        "listeners: [greeter, shouter]",
        "listeners:\n  - greeter\n  - shouter",
        "listeners:\n  greeter:\n  shouter:",
        "listeners: {greeter: {}, shouter: null}",
        "listeners:\n  - name: greeter\n  - name: shouter",
        "listeners:\n  - {name: greeter, handler: greeter}\n  - handler: shouter",
        f"listeners: [{__name__}.greeter, '{__name__}:shouter']",
    ],
)
def test_the_forms_of_listeners_mean_the_same(text):
    """Names, import paths, a mapping of names and a list of settings give the same organism."""
    first, second = load(text).listeners
    assert (first.name, first.handler, first.peers, first.timeout) == ("greeter", greeter, ["shouter"], 5)
    assert (second.name, second.handler, second.description) == ("shouter", shouter, "Shouts.")
    assert first.payload_class == [Greeting]


def test_yaml_wins_over_the_decorator():
    """Keys override the mark, also where they say the default of a setting."""
    [first, _] = load("listeners: {greeter: {timeout: 60.0, peers: [], description: Other}, shouter: }").listeners
    assert (first.timeout, first.description) == (60.0, "Other")
    [one, _] = resolve_all([first, shouter])
    assert (one.peers, one.timeout, one.description) == ((), 60.0, "Other")


def test_the_file_of_the_reference_is_read():
    """Every key of the reference that means what is built keeps working."""
    config = load(
        """
organism: {name: hello, identity: null, port: 8765}
thread_scheduling: breadth-first
max_concurrent_pipelines: 7
max_concurrent_handlers: 8
max_concurrent_per_agent: 9
process_pool: {enabled: false, workers: 4, max_tasks_per_child: 100}
backend: {type: memory, redis_url: null}
limits: {max_depth: 5, max_messages: 6, idle_ttl: 1.5, max_bytes: 1000, max_xml_depth: 9}
listeners:
  - name: greeter
    payload_class: Greeting
    handler: greeter
    description: Greets
    agent: true
    peers: *
    broadcast: false
    prompt: Be polite.
    cpu_bound: false
    output_class: Shout
    retries: 0
    concurrency: 3
"""
    )
    assert config.name == "hello"
    assert (config.max_concurrent_pipelines, config.max_concurrent_handlers, config.max_concurrent_per_agent) == (
        7,
        8,
        9,
    )
    assert config.limits == Limits(max_depth=5, max_messages=6, idle_ttl=1.5)
    assert config.gate == GateLimits(max_bytes=1000, max_depth=9)
    assert config.backend["type"] == "memory"
    [one] = resolve_all(config.listeners)
    assert (one.agent, one.peers, one.prompt, one.concurrency) == (True, None, "Be polite.", 3)
    assert (set(one.accepts), one.output_class) == ({"Greeting"}, (Shout,))


def test_payload_class_may_be_a_list():
    """A listener may accept several classes."""
    [one] = load("listeners: [{name: a, handler: greeter, peers: [a], payload_class: [Greeting, Shout]}]").listeners
    assert one.payload_class == [Greeting, Shout]


def test_an_empty_text_is_an_empty_organism():
    """Nothing said is every default."""
    assert load("") == OrganismConfig()


def test_another_port_warns():
    """There is no network door, so another port than the default is told."""
    with pytest.warns(ConfigWarning, match="no network door"):
        assert load("organism: {port: 9000}").port == 9000


# ------------------------------------------------------------------ files


def test_a_file_is_read(tmp_path):
    """UTF-8, with or without a byte order mark."""
    file = tmp_path / "organism.yaml"
    file.write_bytes(
        "\ufefforganism: {name: hello}\nlisteners: [{name: a, handler: shouter, description: grüßt}]".encode()
    )
    assert ConfigLoader.load(file, globals()).listeners[0].description == "grüßt"


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path):
    """A missing file names the nearest one; a text that is not UTF-8 names the line."""
    (tmp_path / "organism.yaml").write_bytes(b"organism:\n  name: gr\xfc\xdfe")
    with pytest.raises(ConfigError, match=r"organsim.*did you mean 'organism.yaml'"):
        ConfigLoader.load(tmp_path / "organsim.yaml")
    with pytest.raises(ConfigError, match=r"line 2.*not UTF-8"):
        ConfigLoader.load(str(tmp_path / "organism.yaml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        ConfigLoader.load(tmp_path)


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("text", "path", "problem", "near"),
    [
        ("listener: []", "$.listener", "unknown key 'listener'", "listeners"),
        ("organism: {nam: a}", "$.organism.nam", "unknown key 'nam'", "name"),
        ("limits: {max_dept: 3}", "$.limits.max_dept", "unknown key", "max_depth"),
        ("listeners: [{name: a, handler: greeter, peer: []}]", "$.listeners[0].peer", "unknown key 'peer'", "peers"),
        ("listeners: [greeter, shoutr]", "$.listeners[1]", "no function 'shoutr' here", "shouter"),
        ("listeners: {greter: }", "$.listeners.greter", "no function 'greter'", "greeter"),
        (
            "listeners: [greeter, shouter, {name: c, handler: shouter, peers: [greter]}]",
            "$.listeners[2].peers[0]",
            "no listener 'greter'",
            "greeter",
        ),
        (
            "listeners: {greeter: {peers: [shoutr]}, shouter: }",
            "$.listeners.greeter.peers[0]",
            "no listener 'shoutr'",
            "shouter",
        ),
        ("listeners: {a.b: {handler: greeter, peers: [x]}}", "$.listeners['a.b'].peers[0]", "no listener 'x'", None),
        (
            "listeners: [shouter, {name: b, handler: shouter, peers: [system.tudo]}]",
            "$.listeners[1].peers[0]",
            "no listener",
            "system.todo",
        ),
        (
            "listeners: [shouter, {name: shouter, handler: greeter, peers: []}]",
            "$.listeners[1].name",
            "a second listener",
            None,
        ),
        ("listeners: [shouter, shouter]", "$.listeners[1]", "a second listener named 'shouter'", None),
        ("listeners: [{name: a, handler: greeter.x}]", "$.listeners[0].handler", "has no 'x'", None),
        (
            "listeners: [{name: a, handler: shouter, payload_class: Greting}]",
            "$.listeners[0].payload_class",
            "no class",
            "Greeting",
        ),
        ("listeners: [{name: a, handler: Greeting}]", "$.listeners[0].handler", "is not a function", None),
        ("listeners: [{description: x}]", "$.listeners[0]", "a listener without a name", None),
        ("listeners: [{name: 'a b', handler: shouter}]", "$.listeners[0].name", "got 'a b'", None),
        ("listeners: {a: {name: b, handler: shouter}}", "$.listeners.a.name", "got 'b'", None),
        ("listeners: [3]", "$.listeners[0]", "got 3", None),
        ("listeners: 3", "$.listeners", "got 3", None),
        ("listeners:", "$.listeners", "got nothing", None),
        ("listeners: [{name: a, handler: shouter, peers: }]", "$.listeners[0].peers", "got nothing", None),
        ("listeners: [{name: a, handler: shouter, agent: on}]", "$.listeners[0].agent", "got 'on'", "true"),
        ("[1]", "$", "got [1]", None),
        ("organism: hello", "$.organism", "got 'hello'", None),
        ("max_concurrent_handlers: many", "$.max_concurrent_handlers", "got 'many'", None),
        ("max_concurrent_handlers: true", "$.max_concurrent_handlers", "got True", None),
        ("max_concurrent_handlers: 0", "$.max_concurrent_handlers", "got 0", None),
        ("organism: {port: 70000}", "$.organism.port", "got 70000", None),
        ("thread_scheduling: bredth-first", "$.thread_scheduling", "got 'bredth-first'", "breadth-first"),
        ("limits: {max_xml_depth: 1000}", "$.limits.max_xml_depth", "1000 cannot be used", None),
        ("? [a]\n: b", "$", "a key that is a list", None),
    ],
)
def test_a_mistake_is_told_with_its_place(text, path, problem, near):
    """Path, problem, nearest known word and line of each kind of mistake."""
    fault = faults(text)[path]
    assert problem in fault.problem
    assert fault.nearest == near
    assert fault.line == 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("llm: openai:gpt-5-mini", "$.llm"),
        ("backend: {type: redis}", "$.backend.type"),
        ("listeners: [{name: tutor, agent: true, prompt: Teach.}]", "$.listeners[0].handler"),
    ],
)
def test_what_is_not_built_yet_is_refused(text, path):
    """A key of a part that does not exist is never accepted in silence."""
    assert "not built yet" in faults(text)[path].problem


def test_a_value_that_may_be_secret_is_not_repeated():
    """What stands under `llm` may hold a key, and stays out of messages."""
    assert "hunter2" not in str(faults("llm: {key: hunter2}")["$.llm"])


def test_all_faults_of_a_file_come_at_once_in_the_order_of_its_lines():
    """One run shows everything that is wrong, each with its line."""
    text = """
organism: {name: grüße}
max_concurrent_handlers: x
listeners:
  - greeter
  - shouter
  - name: third
    handler: shouter
    peers:
      - greeter
      - greter
    timeout: soon
  - forth
max_concurrent_handlers: 3
"""
    with pytest.raises(ConfigError) as caught:
        load(text)
    found = [(fault.path, fault.line) for fault in caught.value.faults]
    assert found == [
        ("$.organism.name", 2),
        ("$.max_concurrent_handlers", 3),
        ("$.listeners[2].peers[1]", 11),
        ("$.listeners[2].timeout", 12),
        ("$.listeners[3]", 13),
        ("$.max_concurrent_handlers", 14),
    ]


def test_a_comma_inside_braces_is_explained():
    """A text without quotes that a comma cut is told as that, once, and not as unknown keys."""
    text = "listeners:\n  - {name: a, handler: shouter, description: Says hi, then leaves, quietly}"
    [fault] = faults(text).values()
    assert fault.path == "$.listeners[0]['then leaves']"
    assert fault.expected == 'description: "Says hi, then leaves, quietly"'
    assert fault.line == 2


def test_a_peer_of_a_misspelt_listener_is_not_a_second_fault():
    """Where the listener itself is misspelt, its callers are right."""
    assert set(faults("listeners: [greeter, shoutr]")) == {"$.listeners[1]"}


def test_a_list_alone_wants_its_key():
    """The likely slip is to leave `listeners:` out."""
    [fault] = faults("- greeter").values()
    assert str(fault) == "$ (line 1): a list without a key; expected `listeners:` above it"


@pytest.mark.parametrize("item", ["greeter:", "greeter: {timeout: 5}"])
def test_a_name_in_the_place_of_a_setting_is_told_as_that(item):
    """In a list a listener's name follows `name:`; as a key it stands in a mapping."""
    [fault] = faults(f"listeners:\n  - {item}").values()
    assert (fault.path, fault.line) == ("$.listeners[0]", 2)
    assert fault.problem == "the name 'greeter' stands where a setting would"
    assert fault.expected == "- name: greeter, and its settings below it"


def test_the_source_is_told():
    """The error of a file says which file."""
    with pytest.raises(ConfigError) as caught:
        ConfigLoader.load_text("x: 1", source="organism.yaml")
    assert str(caught.value).startswith("$.x (organism.yaml, line 1): ")


# ------------------------------------------------------------------ from Python


def test_python_settings_pass_the_same_checks():
    """Keywords are checked by the table that YAML is checked by."""
    with pytest.raises(ConfigError) as caught:
        settings_from(name="a b", max_concurrent=3, limits={"max_depth": 0}, gate=3, hooks=[print], llm="x")
    assert {fault.path for fault in caught.value.faults} == {
        "$.name", "$.max_concurrent", "$.limits.max_depth", "$.gate", "$.hooks[0]", "$.llm",
    }  # fmt: skip


def test_python_settings_make_a_config():
    """What fits is kept; None is the default."""
    config = settings_from(
        name="a", limits=Limits(max_depth=3), gate=GateLimits(max_nodes=9), hooks=[], llm=None, port=None
    )
    assert (config.name, config.limits.max_depth, config.gate.max_nodes, config.port) == ("a", 3, 9, 8765)
    assert settings_from(limits={"max_depth": 3, "max_xml_depth": 4}).gate.max_depth == 4


def test_a_config_written_in_python_is_checked():
    """`OrganismConfig` itself checks nothing; `check_config` does."""
    config = OrganismConfig(name="a", max_concurrent_handlers=4, listeners=[])
    assert check_config(config) == config
    with pytest.raises(ConfigError, match=r"\$\.max_concurrent_handlers: got 0"):
        check_config(OrganismConfig(max_concurrent_handlers=0))
