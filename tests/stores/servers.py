"""A real Redis for tests: on a free port of this machine, and stopped by its process id."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import redis

from xpipe_nb import StateAddress

__all__ = ["RedisServer"]


class RedisServer:
    """One `redis-server`; it keeps what it was told across a restart."""

    def __init__(self, folder: Path, password: str = "") -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is not installed (Debian: apt install redis-server)"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [
            program, "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(folder), "--save", "",
            "--appendonly", "yes", "--appendfsync", "no", *(["--requirepass", password] if password else []),
        ]  # fmt: skip
        self._password = password
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        client = redis.Redis(port=self.port, password=self._password or None)
        while True:
            assert self._process.poll() is None, "redis-server ended at once"
            try:
                client.ping()
                break
            except redis.exceptions.ConnectionError:
                continue
        client.close()

    def stop(self) -> None:
        """End it by its process id."""
        os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def address(self, prefix: str = "xp:", **settings: object) -> StateAddress:
        return StateAddress("redis", self.url, prefix=prefix, **settings)

    def client(self) -> redis.Redis:
        """A client of the test's own, which looks past ours."""
        return redis.Redis(port=self.port, password=self._password or None)
