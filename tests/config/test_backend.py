"""The setting `backend`: where an organism shares its state, and that no secret is repeated or has to stand in a file."""

from __future__ import annotations

import pytest

from xpipe_nb import ConfigError, Organism, StateAddress
from xpipe_nb.config import ConfigLoader, OrganismConfig, check_config, settings_from


def backend(text):
    return ConfigLoader.load_text(f"backend: {text}").backend


def faults(text):
    with pytest.raises(ConfigError) as caught:
        backend(text)
    return {fault.path: f"{fault.problem}; {fault.expected}" for fault in caught.value.faults}


def test_every_key_counts(monkeypatch):
    """Each key of the section is a field of the address, in the reference's spelling where it has one."""
    monkeypatch.setenv("KEY", "from outside")
    monkeypatch.setenv("URL", "redis://:hush@far:1/2")
    usual = StateAddress("redis")
    assert backend("{type: redis}") == usual
    for text, other in {
        "redis_url: 'redis://h:1/2'": StateAddress("redis", "redis://h:1/2"),
        "redis_url: {env: URL}": StateAddress("redis", "redis://:hush@far:1/2"),
        "redis_prefix: 'mine:'": StateAddress("redis", prefix="mine:"),
        "redis_ttl: 60": StateAddress("redis", ttl=60),
        "redis_ttl: 0": StateAddress("redis", ttl=None),
        "authkey: {env: KEY}": StateAddress("redis", authkey=b"from outside"),
        "authkey: {text: plain}": StateAddress("redis", authkey=b"plain"),
        "address: '/run/state'": StateAddress("redis", address="/run/state"),
    }.items():
        assert backend(f"{{type: redis, {text}}}") == other


def test_a_manager_has_its_key_from_the_environment(monkeypatch):
    """At an address that others know, too, the key is theirs as well; a server of one's own needs neither."""
    monkeypatch.setenv("XPIPE_AUTHKEY", "outside")
    told = StateAddress("manager", address="localhost:5555", authkey=b"outside")
    assert backend("{type: manager, address: 'localhost:5555'}") == told
    assert StateAddress.from_url("manager://localhost:5555") == told
    assert settings_from(backend="manager://localhost:5555").backend == told
    monkeypatch.delenv("XPIPE_AUTHKEY")
    assert backend("{type: manager}") == StateAddress("manager")
    assert "XPIPE_AUTHKEY is not set" in faults("{type: manager, address: 'localhost:5555'}")["$.backend.authkey"]


def test_python_takes_what_yaml_takes():
    """A mapping, a URL or an address; a checked configuration can be checked again."""
    address = StateAddress("redis", "redis://h/1")
    for given in (address, "redis://h/1", {"type": "redis", "redis_url": "redis://h/1"}):
        config = settings_from(backend=given)
        assert config.backend == address
        assert check_config(config) == config
        assert Organism(backend=given).config.backend == address
    assert settings_from(backend={"type": "manager", "authkey": b"bytes"}).backend.authkey == b"bytes"
    assert settings_from().backend is None
    assert OrganismConfig(backend=None) == OrganismConfig()


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("{type: reddis}", "$.backend.type", "got 'reddis'; one of memory, manager, redis"),
        ("{typ: redis}", "$.backend.typ", "unknown key 'typ'"),
        ("hush", "$.backend", "a mapping: {type: memory | manager | redis, …}"),
        ("[hush]", "$.backend", "a mapping"),
        ("redis:hush@h/1", "$.backend", "or a URL as redis://localhost:6379/0"),
        ("{authkey: {text: hush}}", "$.backend", "there is no type; type: memory, manager or redis"),
        ("'http://hush'", "$.backend", "http:// cannot be opened; redis://host:port/number, or manager://host:port"),
        ("{redis_url: 'http://hush'}", "$.backend.redis_url", "this is no URL of a Redis database"),
        ("{redis_url: {env: NOBODY_SET_IT}}", "$.backend.redis_url", "NOBODY_SET_IT is not set"),
        ("{redis_ttl: -1}", "$.backend.redis_ttl", "got -1; a whole number from 0"),
        ("{address: hush}", "$.backend.address", "this is no address of a server; host:port"),
        ("{address: 'h:99999'}", "$.backend.address", "host:port"),
        ("{authkey: hush}", "$.backend.authkey", "an authkey does not stand in a file; {env: NAME}"),
        ("{authkey: {key: hush}}", "$.backend.authkey", "this names no environment variable"),
        ("{authkey: {text: ''}}", "$.backend.authkey", "this names no environment variable"),
    ],
)
def test_a_mistake_is_told_and_no_secret_with_it(text, path, words):
    """Each fault has its place and what was expected; what may be a secret is not repeated."""
    told = faults(text)[path]
    assert words in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ({"url": "redis://h/1"}, "redis_url"),
        ({"redis_ulr": "redis://h/1"}, "redis_url"),
        ({"typ": "redis"}, "type"),
        ({"redis_url": "redis://h/1"}, "type: redis"),
        ({"ttl": 5}, "redis_ttl"),
        ({"address": "h:1"}, "type: manager"),
        ("redi://h/1", "redis://"),
    ],
)
def test_a_key_that_is_misspelt_or_missing_gets_the_nearest_word(given, nearest):
    """Otherwise `redis_url` without a type would be the memory of this process, and nobody would be told."""
    with pytest.raises(ConfigError) as caught:
        settings_from(backend=given)
    assert caught.value.nearest == nearest


def test_redis_without_its_package_is_refused_in_one_sentence(monkeypatch):
    """The package is looked for when the setting is read, and loaded when it is used."""
    monkeypatch.setattr("xpipe_nb.state_address.find_spec", lambda name: None)
    assert faults("{type: redis}") == {
        "$.backend": "backend: redis needs the package redis, which is not installed; pip install xpipe_nb[redis]"
    }
    assert backend("{type: memory}") == StateAddress()


def test_another_backend_needs_a_new_start():
    """A running organism goes on where it writes; the refusal of a reload shows no secret."""
    organism = Organism(backend=StateAddress("redis", "redis://:hush@h/1"))
    event = organism.pump.reload("backend: {type: redis, redis_url: 'redis://:hush@h/2'}")
    assert not event.success
    assert "backend is StateAddress(Redis at h:6379/2, xp:*) now" in event.error
    assert "hush" not in event.error
