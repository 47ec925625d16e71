"""What is special about Redis: keys that live for a while, entries of strangers, and servers that refuse us."""

from __future__ import annotations

import sys

import pytest

from tests.stores.servers import RedisServer
from xpipe_nb import ConfigError, CorruptEntry, SharedState, StateAddress, StoreAway, StoreRefused
from xpipe_nb.stores.redis_store import RedisStore
from xpipe_nb.stores.store import Open, Put, PutSlot


def changes(key):
    return [
        Put("conversation", key, "", "c"),
        Put("thread", key, key, "t"),
        PutSlot(key, key, 0, "s", 5),
        Open(key, 100),
    ]


def account(prompt):
    return {"limit": 100, "prompt": prompt, "completion": 0, "reserved": 0, "requests": 0}


def test_every_key_has_the_prefix_and_lives_as_long_as_was_said(redis_server):
    """Nothing is written beside the prefix, and nothing stays for ever, unless that is asked for."""
    client = redis_server.client()
    for prefix, ttl in (("lasting:", None), ("brief:", 50)):
        before = set(client.keys())
        store = RedisStore(redis_server.address(prefix, ttl=ttl))
        store.write(changes("k"))
        store.reserve("k", "t", 10, None)
        store.reserve("other", "t", 10, None)
        store.close()
        keys = {key.decode() for key in set(client.keys()) - before}
        names = ["conversation:k", "conversations", "thread:k", "threads:k", "history:k", "budget:k", "tickets:k"]
        assert keys == {f"{prefix}{name}" for name in [*names, "budget:other", "tickets:other"]}
        lives = {client.ttl(key) for key in keys}
        assert lives == {-1} if ttl is None else all(40 < each <= 50 for each in lives)
    client.close()


def test_a_conversation_lives_as_long_as_anything_of_it_is_written(redis_server):
    """A message in a thread prolongs the conversation, its list of threads and its budget."""
    store, client = RedisStore(redis_server.address("prolonged:", ttl=50)), redis_server.client()
    store.write(changes("k"))
    for key in client.keys("prolonged:*"):
        client.expire(key, 5)
    store.write([PutSlot("k", "k", 1, "s", 5)])
    assert all(client.ttl(key) > 40 for key in client.keys("prolonged:*"))
    store.close()
    client.close()


def test_what_has_expired_is_listed_no_more(redis_server):
    """A record that Redis has forgotten is struck off its list."""
    store, client = RedisStore(redis_server.address("gone:")), redis_server.client()
    store.write([Put("thread", "a", "g", "1"), Put("thread", "b", "g", "2")])
    client.delete("gone:thread:a")
    assert store.records("thread", "g") == [("b", b"2")]
    assert client.zrange("gone:threads:g", 0, -1) == [b"b"]
    store.close()
    client.close()


def test_an_entry_of_another_type_is_refused_by_name(redis_server):
    """Whatever somebody else has put under one of our keys is not used, and the error names the key in full."""
    address = redis_server.address("forged:")
    store, client = RedisStore(address), redis_server.client()
    state = SharedState(store)
    store.write(changes("k"))
    for key, look, forge in [
        ("conversation:k", state.conversations, lambda key: client.lpush(key, "x")),
        ("thread:k", lambda: state.thread("k"), lambda key: client.set(key, b"\x80\x04.")),
        ("threads:k", lambda: state.threads("k"), lambda key: client.set(key, "x")),
        ("history:k", lambda: state.history("k"), lambda key: client.hset(key, "x", "y")),
        ("history:k:0", lambda: state.history("k"), lambda _: client.hset("forged:history:k", "0", "{}")),
        ("budget:k", state.budget("k").usage, lambda key: client.hset(key, "prompt", "many")),
        ("budget:k", lambda: state.budget("k").reserve(1), lambda key: client.hset(key, "limit", "1e9")),
        ("budget:k", lambda: state.budget("k").reserve(1), lambda key: client.hset(key, mapping=account("007"))),
        ("budget:k", lambda: state.budget("k").reserve(1), lambda key: client.hset(key, mapping=account(str(2**60)))),
        ("budget:k", lambda: state.budget("k").reserve(1), lambda key: client.set(key, "x")),
    ]:
        if key != "history:k:0":
            client.delete(f"forged:{key}")
        else:
            client.hdel("forged:history:k", "x")
        forge(f"forged:{key}")
        with pytest.raises(CorruptEntry) as caught:
            look()
        assert caught.value.key == f"forged:{key}"
        assert str(caught.value).startswith(f"{address.where}: the entry forged:{key} is refused: ")
    client.set("forged:history:l", "x")
    with pytest.raises(CorruptEntry, match="forged:history:l"):
        store.write([PutSlot("l", "k", 0, "s", 5)])
    state.close()
    client.close()


def test_nobody_at_the_address_is_said_in_one_sentence():
    """A Redis that is not there is told with where it should be, and without the password."""
    with pytest.raises(StoreAway) as caught:
        SharedState.open("redis://:hush@127.0.0.1:1/3")
    assert str(caught.value).startswith("Redis at 127.0.0.1:1/3: it does not answer (")
    assert "refused" in str(caught.value).lower()
    assert "hush" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_password_is_refused_in_one_sentence(tmp_path):
    """No password, and a wrong one, are told apart from a Redis that is away."""
    server = RedisServer(tmp_path, password="hush")
    try:
        for secret in ("", ":wrong@", "somebody:else@"):
            url = f"redis://{secret}127.0.0.1:{server.port}"
            with pytest.raises(StoreRefused, match=f"Redis at 127.0.0.1:{server.port}: ") as refused:
                SharedState.open(url)
            assert ("asks for a password" in str(refused.value)) is (not secret)
        with SharedState.open(f"redis://:hush@127.0.0.1:{server.port}") as state:
            assert state.conversations() == []
    finally:
        server.stop()


def test_the_package_is_asked_for_when_it_is_needed(monkeypatch):
    """Without it one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigError, match=r"needs the package redis, .* pip install xpipe_nb\[redis\]"):
        RedisStore(StateAddress("redis"))


def test_a_url_that_redis_does_not_know_is_refused():
    """What the client library cannot read is a fault of the setting."""
    with pytest.raises(ConfigError):
        RedisStore(StateAddress("redis", "http://localhost"))
