"""The state server: who is let in, what it understands, and how it ends."""

from __future__ import annotations

import os
import pickle
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from tests.stores.test_records import Bomb
from tests.support import ROOT
from xpipe_nb import SharedState, StateAddress, StoreAway, StoreError, StoreRefused
from xpipe_nb.stores.manager_store import ManagerStore, StateServer
from xpipe_nb.stores.store import Put
from xpipe_nb.stores.wire import family_of, introduce, receive, send


def connected(server):
    place, family = family_of(server.address.address)
    return Client(place, family)


def test_a_wrong_authkey_is_refused_in_one_sentence(state_server):
    """Whoever has another key is told so, and nothing else."""
    with pytest.raises(StoreRefused) as caught:
        SharedState.open(replace(state_server.address, authkey=b"guessed"))
    where = state_server.address.address
    assert str(caught.value) == f"the state server at {where}: it has another authkey; give both the same one"


def test_a_client_does_not_trust_a_server_without_the_key(state_server):
    """A server proves itself, too: what waits for the key behind its address gets nothing."""
    with socket.create_server(("127.0.0.1", 0)) as false:
        address = f"127.0.0.1:{false.getsockname()[1]}"
        store = ManagerStore(StateAddress("manager", address=address, authkey=b"k"))
        caught = []
        client = threading.Thread(target=lambda: caught.append(refusal_of(store.ping)))
        client.start()
        connection, _ = false.accept()
        with connection:
            connection.sendall((32).to_bytes(4, "big") + bytes(32))  # a challenge, as the server sends it
            length = int.from_bytes(connection.recv(4), "big")
            proof = b""
            while len(proof) < length:
                proof += connection.recv(length - len(proof))
            connection.sendall((32).to_bytes(4, "big") + proof[:32])  # it knows no better than to send it back
            client.join()
    assert caught == ["it has another authkey"]


def refusal_of(action):
    try:
        action()
    except StoreRefused as error:
        return error.problem


def test_a_stranger_who_is_slow_holds_up_nobody(state_server):
    """Somebody who connects and says nothing, or nonsense, is alone with that."""
    with connected(state_server) as silent, connected(state_server) as loud:
        assert silent.poll(5)
        loud.recv_bytes()
        loud.send_bytes(b"x" * 100)
        ManagerStore(state_server.address).ping()
        with pytest.raises((EOFError, OSError)):
            loud.recv_bytes()
            loud.recv_bytes()


def test_nothing_that_is_sent_is_unpickled(state_server, tmp_path):
    """Not even from a client that knows the key: a pickle is no JSON, and the connection ends."""
    with connected(state_server) as client:
        introduce(client, state_server.address.authkey)
        client.send(Bomb())
        with pytest.raises((EOFError, OSError)):
            client.recv_bytes()
    assert not (ROOT / "exploded").exists()
    ManagerStore(state_server.address).ping()


@pytest.mark.parametrize(
    "question",
    [
        ["close"],
        ["__init__"],
        ["_forget", "c"],
        ["record", "thread"],
        ["record", "thread", 1],
        ["reserve", "a", "t", -1, None],
        ["reserve", "a", "t", True, None],
        ["reserve", "a", "t", 2**60, None],
        ["write", [["put", "thread", "a", "b"]]],
        ["write", [["drop", "thread"]]],
        ["write", 7],
        {"ping": 1},
        7,
        [],
    ],
)
def test_only_what_a_store_does_can_be_asked(state_server, question):
    """A question that is none is answered with no, and the next one is heard."""
    with connected(state_server) as client:
        introduce(client, state_server.address.authkey)
        send(client, question)
        assert receive(client)[0] == "no"
        send(client, ["ping"])
        assert receive(client) == ["ok", None]


def test_a_server_that_is_away_is_said_and_found_again():
    """A lost connection is made anew at the next question; what a server kept ends with it."""
    first = StateServer(StateAddress("manager"))
    store = ManagerStore(first.address)
    store.write([Put("conversation", "c", "", "x")])
    first.stop()
    with pytest.raises(StoreAway, match=r"the state server at 127\.0\.0\.1:\d+: it does not answer"):
        store.ping()
    second = StateServer(first.address)
    try:
        assert store.record("conversation", "c") is None
    finally:
        store.close()
        second.stop()


def test_a_server_ends_with_its_owner():
    """No server is left behind by a process that is killed."""
    program = (
        "import os; from xpipe_nb import StateAddress; from xpipe_nb.stores.manager_store import StateServer\n"
        "server = StateServer(StateAddress('manager')); print(server.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    owner = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    pid = int(owner.stdout)
    while is_running(pid):
        os.sched_yield()


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_server_serves_at_a_socket_and_by_hand(tmp_path):
    """A path is an address, too, and the server can be started from a command line, with the key in its environment."""
    path = str(tmp_path / "state")
    command = [sys.executable, "-m", "xpipe_nb.stores.manager_server", path]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XPIPE_AUTHKEY": "by hand"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd=ROOT)
    try:
        assert process.stdout.readline().decode().strip() == path
        with SharedState.open(f"manager://{path}", authkey="by hand") as state:
            assert state.conversations() == []
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_server_needs_a_key_and_a_place(tmp_path):
    """Without a key nobody is served; where nothing can be served the owner is told."""
    command = [sys.executable, "-m", "xpipe_nb.stores.manager_server", "127.0.0.1:0"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "XPIPE_AUTHKEY": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    assert "set XPIPE_AUTHKEY" in done.stderr
    with pytest.raises(StoreError, match="cannot be served"):
        StateServer(StateAddress("manager", address=str(tmp_path / "no" / "such" / "folder"), authkey=b"k"))


def test_an_address_can_be_sent_to_a_worker_and_shows_no_secret(state_server):
    """It travels as a pickle between one's own processes; printed, it holds no key and no password."""
    address = replace(state_server.address, url="redis://:hush@host/1")
    assert pickle.loads(pickle.dumps(address)) == address
    for each in (address, replace(address, type="redis"), StateAddress()):
        assert "hush" not in repr(each) and repr(address.authkey)[2:-1] not in repr(each)
    assert repr(replace(address, type="redis")) == "StateAddress(Redis at host:6379/1, xp:*)"
