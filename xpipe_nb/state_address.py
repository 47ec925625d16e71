"""Where shared state is kept: what a process needs to open it, and the setting `backend` that says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from xpipe_nb.errors import ConfigError, Fault
from xpipe_nb.names import nearest
from xpipe_nb.settings import INVALID, Key, Place, one_of, or_none, read_keys, text, whole

__all__ = ["AUTHKEY", "StateAddress", "read_backend", "require_redis"]

AUTHKEY = "XPIPE_AUTHKEY"
"""The environment variable that an authkey is read from where no other one is named."""

REDIS_URL = "redis://localhost:6379"
REDIS_SCHEMES = ("redis", "rediss", "unix")
DAY = 86_400
_MAPPING = "a mapping: {type: memory | manager | redis, …}"
_NAMED = "{env: NAME}, the name of an environment variable"


@dataclass(frozen=True, slots=True)
class StateAddress:
    """All that a process needs to open a shared state; it can be pickled and sent to a worker of one's own.

    It holds the authkey, and perhaps a password in its URL: its `repr` shows neither, a pickle holds both.

    Args:
        type: `memory`, `manager` or `redis`.
        url: The database of `redis`, as `redis://host:port/number`, `rediss://…` or `unix:///path`.
        address: Where a `manager` serves: `host:port`, or the path of a socket. Empty: a server of one's own, at an
            address that nobody else has to know before. What goes there and back is readable on the way: keep it on
            one machine, or in a network that you trust.
        authkey: What a `manager` asks of its clients. For `redis`, what entries are sealed with (HMAC-SHA256): one that
            was written without it is refused. `None` seals nothing.
        prefix: What every key of `redis` begins with.
        ttl: Seconds after which what nobody writes to is forgotten by `redis`; `None` never.

    Example:
        >>> StateAddress.from_url("redis://:hush@localhost:6379/0")
        StateAddress(Redis at localhost:6379/0, xp:*)
    """

    type: str = "memory"
    url: str = REDIS_URL
    address: str = ""
    authkey: bytes | None = field(default=None)
    prefix: str = "xp:"
    ttl: int | None = DAY

    @classmethod
    def from_url(
        cls, url: str, *, authkey: bytes | str | None = None, prefix: str = "xp:", ttl: int | None = DAY
    ) -> StateAddress:
        """Read an address in one line.

        Args:
            url: `redis://…`, `rediss://…`, `unix://…`, or `manager://host:port` or `manager:///path/of/socket`.
            authkey: See above; left out, a `manager` takes it from the environment variable `XPIPE_AUTHKEY`.
            prefix: See above.
            ttl: See above.

        Raises:
            ConfigError: It is none of these, a `manager` has no authkey, or another argument is of no use.
        """
        expected = "redis://host:port/number, or manager://host:port"
        if not isinstance(url, str):  # not repeated: it may be a secret
            raise ConfigError(Fault("url", f"got {type(url).__name__}", expected))
        _check_rest(authkey, prefix, ttl)
        scheme, _, rest = url.partition("://")
        key = authkey.encode() if isinstance(authkey, str) else authkey
        if scheme in REDIS_SCHEMES and rest:
            return cls("redis", url, authkey=key, prefix=prefix, ttl=ttl)
        if scheme == "manager" and _is_address(rest):
            place = Place("authkey")
            key = _from_environment(AUTHKEY, place) if key is None else key
            place.conclude()
            return cls("manager", address=rest, authkey=key)
        near = nearest(scheme, (*REDIS_SCHEMES, "manager"))
        near = f"{near}://" if near and near != scheme else None
        found = f"{scheme or 'nothing'}:// cannot be opened" if "://" in url else "this is no URL"
        raise ConfigError(Fault("url", found, expected, near))

    @property
    def where(self) -> str:
        """The store in words, without secrets."""
        if self.type == "redis":
            parts = urlsplit(self.url)
            host = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else ""
            return f"Redis at {host}{parts.path}"
        if self.type == "manager":
            return f"the state server at {self.address or 'an address of its own'}"
        return "the memory of this process"

    @property
    def seal(self) -> bytes | None:
        """What entries are sealed with; `None` where that is not needed: a state server lets nobody in without the key."""
        return self.authkey if self.type == "redis" else None

    def __repr__(self) -> str:
        return f"StateAddress({self.where}{f', {self.prefix}*' if self.type == 'redis' else ''})"


def require_redis(place: Place) -> None:
    """Note a fault if the package that `redis` needs is not there."""
    if find_spec("redis") is None:
        place.fault("backend: redis needs the package redis, which is not installed", "pip install xpipe_nb[redis]")


def _check_rest(authkey: object, prefix: object, ttl: object) -> None:
    faults: list[Fault] = []
    if not isinstance(authkey, bytes | str | None):  # not repeated: it is a secret
        Place("authkey", faults).fault(f"got {type(authkey).__name__}", "bytes or a text")
    text(prefix, Place("prefix", faults))
    or_none(whole(0))(ttl, place := Place("ttl", faults))
    place.conclude()


def read_backend(value: Any, place: Place) -> Any:
    """Read the setting `backend`: a mapping, the URL of a store, or a `StateAddress`."""
    if isinstance(value, StateAddress):
        address: Any = value
    elif isinstance(value, str) and "://" in value:
        address = _from_text(value, place)
    elif isinstance(value, Mapping):
        address = _from_mapping(value, place)
    else:  # not repeated: it may be a secret
        return place.fault(f"got a {type(value).__name__}", f"{_MAPPING}, or a URL as {REDIS_URL}/0")
    if isinstance(address, StateAddress) and address.type == "redis":
        require_redis(place)
    return address


def _from_text(url: str, place: Place) -> Any:
    try:
        return StateAddress.from_url(url)
    except ConfigError as error:
        for fault in error.faults:
            place.fault(fault.problem, fault.expected, fault.nearest)
    return INVALID


def _from_mapping(value: Mapping[Any, Any], place: Place) -> Any:
    before = len(place.faults)
    said = read_keys(_KEYS, value, place)
    if len(place.faults) > before:
        return INVALID
    given = {word: value for word, value in said.items() if value is not None}
    if given and "type" not in given:
        return _without_type(given, place)
    address = StateAddress(**{**given, "ttl": said.get("ttl", DAY) or None})
    if address.type == "manager" and address.address and address.authkey is None:
        key = _from_environment(AUTHKEY, place.key("authkey"))
        return INVALID if key is None else StateAddress("manager", address=address.address, authkey=key)
    return address


def _without_type(given: Mapping[str, Any], place: Place) -> Any:
    """Refuse what would be the memory of this process, although it says where else the state is to be."""
    of_redis = [key.name for key in _KEYS if key.name.startswith("redis") and key.target in given]
    if of_redis:
        return place.fault(f"there is no type, and {of_redis[0]} is of redis only", "type: redis", "type: redis")
    if "address" in given:
        return place.fault("there is no type, and address is of a manager only", "type: manager", "type: manager")
    return place.fault("there is no type", "type: memory, manager or redis")


def _url(value: Any, place: Place) -> Any:
    if isinstance(value, Mapping):
        value = _named(value, place)
        if value is None:
            return INVALID
    if isinstance(value, str) and value.partition("://")[0] in REDIS_SCHEMES and value.partition("://")[2]:
        return value
    # Not repeated: a URL may hold a password.
    return place.fault("this is no URL of a Redis database", f"redis://host:port/number, or {_NAMED}")


def _place_of_server(value: Any, place: Place) -> Any:
    if isinstance(value, str) and _is_address(value):
        return value
    return place.fault("this is no address of a server", "host:port, or the absolute path of a socket")


def _is_address(address: str) -> bool:
    host, _, port = address.rpartition(":")
    return address.startswith("/") or (bool(host) and port.isascii() and port.isdigit() and int(port) < 65_536)


def _authkey(value: Any, place: Place) -> Any:
    if isinstance(value, bytes) and value:
        return value
    if isinstance(value, Mapping):
        if set(value) == {"text"} and isinstance(value["text"], str) and value["text"]:
            return value["text"].encode()
        found = _named(value, place)
        return INVALID if found is None else found.encode()
    # Not repeated: it is a secret.
    return place.fault("an authkey does not stand in a file", f"{_NAMED}, or {{text: …}} if it really may stand here")


def _named(value: Mapping[Any, Any], place: Place) -> str | None:
    """Give what stands in the environment under the name in `{env: NAME}`."""
    if set(value) != {"env"} or not isinstance(value["env"], str):
        place.fault("this names no environment variable", _NAMED)
        return None
    found = _from_environment(value["env"], place)
    return None if found is None else found.decode()


def _from_environment(name: str, place: Place) -> bytes | None:
    found = os.environ.get(name)
    if not found:
        place.fault(f"the environment variable {name} is not set", _NAMED)
        return None
    return found.encode()


_KEYS = (
    Key("type", one_of("memory", "manager", "redis")),
    Key("redis_url", or_none(_url), "url"),
    Key("redis_prefix", text, "prefix"),
    Key("redis_ttl", or_none(whole(0)), "ttl"),
    Key("address", or_none(_place_of_server)),
    Key("authkey", or_none(_authkey)),
)
"""The section `backend:`."""
