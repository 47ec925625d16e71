"""One Redis and one state server for all tests of a file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.stores.servers import RedisServer
from xpipe_nb import StateAddress
from xpipe_nb.stores.manager_store import StateServer
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.shared import open_store
from xpipe_nb.stores.store import Store


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def state_server() -> Iterator[StateServer]:
    server = StateServer(StateAddress("manager"))
    yield server
    server.stop()


@pytest.fixture(params=["manager", "redis"])
def address(request: pytest.FixtureRequest) -> StateAddress:
    """Where a store is that several processes can open."""
    if request.param == "manager":
        return request.getfixturevalue("state_server").address
    return request.getfixturevalue("redis_server").address(f"test-{uuid.uuid4()}:")


@pytest.fixture(params=["memory", "manager", "redis"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A store of each kind; that of a server may hold what other tests have written."""
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "manager":
        opened = open_store(request.getfixturevalue("state_server").address)
    else:
        opened = open_store(request.getfixturevalue("redis_server").address(f"test-{uuid.uuid4()}:"))
    yield opened
    opened.close()


@pytest.fixture
def fresh() -> str:
    """An id that nobody else uses."""
    return str(uuid.uuid4())


@pytest.fixture(params=["memory", "manager", "redis"])
def backend(request):
    """A backend as an organism is given it; the state server may hold what other tests have written."""
    if request.param == "memory":
        return StateAddress()
    if request.param == "manager":
        return request.getfixturevalue("state_server").address
    return request.getfixturevalue("redis_server").address(f"share-{uuid.uuid4()}:", authkey=b"sealed")
