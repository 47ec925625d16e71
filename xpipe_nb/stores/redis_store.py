"""The backend `redis`: any number of processes and machines share one Redis database.

    {prefix}conversation:{id}   {prefix}thread:{id}      records
    {prefix}conversations       {prefix}threads:{id}     sorted sets: what there is, by the time when it came
    {prefix}history:{id}                                 a hash: index and slot
    {prefix}budget:{name}       {prefix}tickets:{name}   an account, and what is set aside in it

What must not be torn apart is one script, which Redis runs undivided; the rest is written in transactions.
"""

from __future__ import annotations

from contextlib import contextmanager
from time import time
from typing import TYPE_CHECKING, Any

from xpipe_nb.errors import CorruptEntry, StoreAway, StoreRefused
from xpipe_nb.settings import Place
from xpipe_nb.state_address import require_redis
from xpipe_nb.stores.store import Figures, Open, Put, PutSlot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xpipe_nb.state_address import StateAddress
    from xpipe_nb.stores.store import Change

__all__ = ["RedisStore"]

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 5.0
_ASKS = "it asks for a password, and there is none"

FIELDS = ("limit", "prompt", "completion", "reserved", "requests")

_ACCOUNT = """
local account, tickets, ttl = KEYS[1], KEYS[2], tonumber(ARGV[1])
if redis.call('EXISTS', account) == 0 then
    redis.call('HSET', account, 'limit', ARGV[2], 'prompt', 0, 'completion', 0, 'reserved', 0, 'requests', 0)
end
local function is_whole(text)
    local number = text and tonumber(text)
    return number and math.abs(number) < 2^53 and string.format('%.0f', number) == text
end
local now = redis.call('HMGET', account, 'limit', 'prompt', 'completion', 'reserved', 'requests')
for i, text in ipairs(now) do
    if not is_whole(text) and not (i == 1 and text == '') then return {} end
end
local function keep()
    if ttl > 0 then
        redis.call('EXPIRE', account, ttl)
        redis.call('EXPIRE', tickets, ttl)
    end
end
local function figures(granted)
    keep()
    local fields = redis.call('HMGET', account, 'limit', 'prompt', 'completion', 'reserved', 'requests')
    return {granted, unpack(fields)}
end
"""
"""Opens an account that is not there, and gives nothing for one that holds what is no number.

Everything is looked at before anything is changed: Redis takes nothing back of a script that fails half way.
"""

RESERVE = f"""{_ACCOUNT}
local ticket, tokens = ARGV[3], tonumber(ARGV[4])
if redis.call('HEXISTS', tickets, ticket) == 1 then return figures(1) end
local taken = tonumber(now[2]) + tonumber(now[3]) + tonumber(now[4])
if now[1] ~= '' and taken + tokens > tonumber(now[1]) then return figures(0) end
redis.call('HSET', tickets, ticket, ARGV[4])
redis.call('HINCRBY', account, 'reserved', ARGV[4])
return figures(1)
"""

SETTLE = f"""{_ACCOUNT}
local ticket, spent = ARGV[3], tonumber(ARGV[4]) + tonumber(ARGV[5])
local held = redis.call('HGET', tickets, ticket)
if not held then return figures(0) end
if not is_whole(held) then return {{}} end
redis.call('HDEL', tickets, ticket)
if held ~= '0' then redis.call('HINCRBY', account, 'reserved', '-' .. held) end
redis.call('HINCRBY', account, 'prompt', ARGV[4])
redis.call('HINCRBY', account, 'completion', ARGV[5])
if spent > 0 then redis.call('HINCRBY', account, 'requests', 1) end
return figures(1)
"""

LIMIT = f"""{_ACCOUNT}
redis.call('HSET', account, 'limit', ARGV[2])
return figures(1)
"""


class RedisStore:
    """Keeps everything in a Redis database, from version 6 on.

    Args:
        address: The database, the prefix of keys, and how long they are kept.

    Raises:
        ConfigError: The package `redis` is not installed, or the URL is none.
    """

    def __init__(self, address: StateAddress) -> None:
        place = Place("backend")
        require_redis(place)
        place.conclude()
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.where, self.prefix, self._ttl = address.where, address.prefix, address.ttl or 0
        self._errors: Any = redis.exceptions
        try:
            self._redis: Any = redis.Redis.from_url(
                address.url,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=CONNECT_SECONDS,
                # Who waits, and for how long, is for the writer to say, which can be stopped.
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError as error:
            place.fault(str(error), "redis://host:port/number")
            place.conclude()
        self._reserve, self._settle, self._limit = map(self._redis.register_script, (RESERVE, SETTLE, LIMIT))

    @contextmanager
    def _told(self, key: str = "") -> Iterator[None]:
        """Turn what went wrong into one of our types; `key` is the entry that it is about, without the prefix."""
        errors = self._errors
        try:
            yield
        except (errors.AuthenticationError, errors.NoPermissionError) as error:
            if _words(error).startswith(("HELLO must be called", "Authentication required")):
                raise StoreRefused(self.where, _ASKS, "give one in its URL") from None
            raise StoreRefused(self.where, _words(error), "look at the user and password in its URL") from None
        except errors.ResponseError as error:
            if str(error).startswith("NOAUTH"):
                raise StoreRefused(self.where, _ASKS, "give one in its URL") from None
            if key and "WRONGTYPE" in str(error):
                raise CorruptEntry(self.where, self.prefix + key, "it is of another type than ours") from None
            raise StoreAway(self.where, _words(error)) from None
        except errors.RedisError as error:
            raise StoreAway(self.where, f"it does not answer ({_words(error)})") from None

    def ping(self) -> None:
        """Make sure that it is there and answers to us."""
        with self._told():
            self._redis.ping()

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    # ---- texts

    def write(self, changes: Sequence[Change]) -> None:
        """Write all of these in one transaction; the keys that were written to live `ttl` seconds more."""
        with self._redis.pipeline(transaction=True) as pipe:
            keys: list[str] = []
            for change in changes:
                _WRITE[type(change)](self, pipe, change, keys)
            if self._ttl:
                fresh = {f"{change.kind}:{change.key}" for change in changes if isinstance(change, Put)}
                for key in self._lasting(changes):
                    if key not in fresh:
                        pipe.expire(self.prefix + key, self._ttl)
                        keys.append(key)
            with self._told():
                results = pipe.execute(raise_on_error=False)
        for key, result in zip(keys, results, strict=True):
            if isinstance(result, Exception):
                with self._told(key):
                    raise result

    def _put(self, pipe: Any, put: Put, keys: list[str]) -> None:
        index = _index(put.kind, put.group)
        pipe.set(f"{self.prefix}{put.kind}:{put.key}", put.text, ex=self._ttl or None)
        pipe.zadd(self.prefix + index, {put.key: time()}, nx=True)
        keys += [f"{put.kind}:{put.key}", index]

    def _put_slot(self, pipe: Any, slot: PutSlot, keys: list[str]) -> None:
        key = f"history:{slot.thread}"
        pipe.hset(self.prefix + key, str(slot.place), slot.text)
        keys.append(key)
        if slot.place >= slot.keep:
            pipe.hdel(self.prefix + key, str(slot.place - slot.keep))
            keys.append(key)

    def _open(self, pipe: Any, account: Open, keys: list[str]) -> None:
        key = f"budget:{account.account}"
        for field, number in zip(FIELDS, ("" if account.limit is None else account.limit, 0, 0, 0, 0), strict=True):
            pipe.hsetnx(self.prefix + key, field, number)
            keys.append(key)

    def _lasting(self, changes: Sequence[Change]) -> dict[str, None]:
        """Give the keys that are to live on: a conversation does as long as anything of it is written."""
        keys: dict[str, None] = {}
        for change in changes:
            if isinstance(change, Open):
                conversation, mine = change.account, []
            elif isinstance(change, Put):
                conversation = change.group or change.key
                mine = [f"{change.kind}:{change.key}", _index(change.kind, change.group)]
            else:
                conversation = change.conversation
                mine = [f"thread:{change.thread}", f"history:{change.thread}"]
            names = [f"conversation:{conversation}", f"threads:{conversation}", f"budget:{conversation}"]
            keys.update(dict.fromkeys([*mine, *names, "conversations"]))
        return keys

    def record(self, kind: str, key: str) -> bytes | None:
        """Give a record."""
        with self._told(f"{kind}:{key}"):
            found: bytes | None = self._redis.get(f"{self.prefix}{kind}:{key}")
        return found

    def records(self, kind: str, group: str) -> list[tuple[str, bytes]]:
        """Give the records of a group with their keys, in the order in which they came; what has expired is struck off."""
        index = _index(kind, group)
        with self._told(index):
            keys = [key.decode(errors="replace") for key in self._redis.zrange(self.prefix + index, 0, -1)]
        if not keys:
            return []
        with self._told():
            texts = self._redis.mget([f"{self.prefix}{kind}:{key}" for key in keys])
        found = [(key, text) for key, text in zip(keys, texts, strict=True) if text is not None]
        if len(found) < len(keys):
            # MGET gives nothing for a key of another type, either: then this raises.
            gone = [key for key, text in zip(keys, texts, strict=True) if text is None and not self.record(kind, key)]
            with self._told(index):
                self._redis.zrem(self.prefix + index, *gone)
        return found

    def slots(self, thread: str) -> list[tuple[int, bytes]]:
        """Give the slots of a thread with their indexes, ascending."""
        key = f"history:{thread}"
        with self._told(key):
            found = self._redis.hgetall(self.prefix + key)
        strange = [index for index in found if not index.isdigit()]
        if strange:
            raise CorruptEntry(self.where, self.prefix + key, f"it has a field {strange[0]!r}, which is no index")
        return sorted((int(index), text) for index, text in found.items())

    # ---- numbers

    def reserve(self, account: str, ticket: str, tokens: int, limit: int | None) -> tuple[bool, Figures]:
        """Set tokens aside if there are so many; say whether there were."""
        return self._run(self._reserve, account, limit, ticket, tokens)

    def settle(self, account: str, ticket: str, prompt: int, completion: int) -> Figures:
        """Book what was spent of a reservation."""
        return self._run(self._settle, account, None, ticket, prompt, completion)[1]

    def change_limit(self, account: str, limit: int | None) -> Figures:
        """Set another limit."""
        return self._run(self._limit, account, limit)[1]

    def figures(self, account: str) -> Figures | None:
        """Give an account as it stands."""
        key = f"budget:{account}"
        with self._told(key):
            found = self._redis.hmget(self.prefix + key, *FIELDS)
            if found == [None] * len(FIELDS) and not self._redis.exists(self.prefix + key):
                return None
        return self._read(key, found)

    def _run(self, script: Any, account: str, limit: int | None, *arguments: object) -> tuple[bool, Figures]:
        key = f"budget:{account}"
        keys = [self.prefix + key, f"{self.prefix}tickets:{account}"]
        with self._told(key):
            answer = script(keys=keys, args=[self._ttl, "" if limit is None else limit, *arguments])
        granted = bool(answer and answer[0])
        return granted, self._read(key, answer[1:])

    def _read(self, key: str, found: Sequence[bytes | None]) -> Figures:
        try:
            limit, *numbers = [(text or b"?").decode() if text != b"" else "" for text in found]
            return Figures(int(limit) if limit else None, *map(int, numbers))
        except ValueError:
            raise CorruptEntry(self.where, self.prefix + key, "it is no account of ours") from None


_WRITE: dict[type, Any] = {Put: RedisStore._put, PutSlot: RedisStore._put_slot, Open: RedisStore._open}  # noqa: SLF001


def _index(kind: str, group: str) -> str:
    return f"{kind}s:{group}" if group else f"{kind}s"


def _words(error: Exception) -> str:
    """Say in one line what the client library says, which never names a password."""
    return " ".join(str(error).split()) or type(error).__name__
