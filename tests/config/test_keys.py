"""No setting may lie: every key of the tables changes something, or is refused."""

from __future__ import annotations

import warnings
from dataclasses import fields
from pathlib import Path

import pytest

from xpipe_nb.config import ConfigLoader, OrganismConfig, settings_from
from xpipe_nb.config.keys import IDENTITY_KEYS, LIMIT_KEYS, PYTHON_KEYS, SETTING_KEYS
from xpipe_nb.errors import ConfigError
from xpipe_nb.identity import Identity
from xpipe_nb.limits import Limits
from xpipe_nb.listeners import Listener, ListenerConfig, resolve_all
from xpipe_nb.listeners.keys import LISTENER_KEYS
from xpipe_nb.payloads import payload
from xpipe_nb.xml.limits import GateLimits


@payload
class One:
    text: str


@payload
class Two:
    text: str


def handle(message: One) -> One:
    """Handles."""
    return message


def other(message: One) -> One:
    """Handles."""
    return message


class Hook:
    """A hook that hears of one thing only."""

    async def on_thread_complete(self, thread_id: str) -> None: ...


OTHER_SETTINGS = {
    "name": "other",
    "identity": None,  # a key file; see `another`
    "port": 9000,
    "thread_scheduling": "depth-first",
    "max_concurrent_pipelines": 3,
    "max_concurrent_handlers": 3,
    "max_concurrent_per_agent": 3,
    "max_tokens_per_thread": 3,
    "llm": "x",
    "process_pool": {"enabled": False},
    "backend": {"type": "memory"},
    "hooks": [Hook()],
    "gate": GateLimits(max_nodes=3),
    "limits": {"max_depth": 3},
}
"""For each setting a value that is not its default."""

OTHER_LISTENER = {
    "name": "renamed",
    "description": "Another one.",
    "handler": "other",
    "payload_class": "Two",
    "agent": True,
    "peers": ["plain"],
    "broadcast": True,
    "prompt": "Think.",
    "cpu_bound": True,
    "executor": "process",
    "output_class": "Two",
    "timeout": 3,
    "concurrency": 3,
    "retries": 3,
}
"""For each setting of a listener a value that is not its default."""


def another(key: str, folder: Path) -> object:
    """A value of a setting that is not its default."""
    if key != "identity":
        return OTHER_SETTINGS[key]
    Identity.create(folder / "key.pem")
    return str(folder / "key.pem")


def as_yaml(value: object) -> str:
    """A value in flow style."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {as_yaml(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(as_yaml, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def outcome(text: str) -> object:
    """What a text becomes: its settings, or the refusal of its one fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ConfigLoader.load_text(text, globals())
    except ConfigError as error:
        [fault] = error.faults
        assert "not built yet" in fault.problem
        return fault


@pytest.mark.parametrize("key", [key.name for key in (*IDENTITY_KEYS, *SETTING_KEYS)])
def test_every_yaml_key_of_an_organism_is_read(key, tmp_path):
    """Another value gives other settings, or is refused as not built."""
    line = f"{key}: {as_yaml(another(key, tmp_path))}"
    text = f"organism: {{{line}}}" if key in {item.name for item in IDENTITY_KEYS} else line
    assert outcome(text) != OrganismConfig()


@pytest.mark.parametrize("key", [key.name for key in LIMIT_KEYS])
def test_every_limit_is_read(key):
    """Another limit gives other limits."""
    assert outcome(f"limits: {{{key}: 3}}") != OrganismConfig()


@pytest.mark.parametrize("key", [key.name for key in PYTHON_KEYS])
def test_every_python_setting_is_read(key, tmp_path):
    """Another keyword gives other settings, or is refused as not built."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            config = settings_from(**{key: another(key, tmp_path)})
    except ConfigError as error:
        assert "not built yet" in str(error)
        return
    assert config != OrganismConfig()


@pytest.mark.parametrize("key", [key.name for key in LISTENER_KEYS])
def test_every_key_of_a_listener_is_read(key):
    """Another value gives another listener, or is refused as not built."""
    usual = {"name": "one", "handler": "handle"}
    texts = [
        f"listeners: [{as_yaml(item)}, {{name: plain, handler: handle}}]"
        for item in (usual, {**usual, key: OTHER_LISTENER[key]})
    ]
    before, after = (outcome(text) for text in texts)
    if isinstance(after, OrganismConfig):
        before, after = ([shown(one) for one in resolve_all(config.listeners)] for config in (before, after))
    assert before != after


def shown(one: Listener) -> list[object]:
    """A listener as something that can be compared."""
    return [getattr(one, item.name) for item in fields(Listener)]


def test_the_tables_know_every_field():
    """No field of a settings record is beyond the reach of a key."""
    python = {key.target for key in PYTHON_KEYS}
    assert python | {"listeners"} == {item.name for item in fields(OrganismConfig)}
    limits = {f"gate.{item.name}" for item in fields(GateLimits)} | {item.name for item in fields(Limits)}
    assert {key.target for key in LIMIT_KEYS} == limits
    own = {"payload_class_path", "handler_path", "given"}
    assert {key.target for key in LISTENER_KEYS} == {item.name for item in fields(ListenerConfig)} - own
