"""Redis for tests: a server of the test's own where the program is installed, else one that is named."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from tests.integration.sql_databases import free_port

URL_VARIABLE = "BILLING_TEST_REDIS_URL"
_START_SECONDS = 10


@contextmanager
def new_redis_database() -> Iterator[str]:
    """The URL of a Redis with nothing in it; the test is skipped where there is none."""
    if URL_VARIABLE in os.environ:
        url = os.environ[URL_VARIABLE]
        redis.Redis.from_url(url).flushdb()
        yield url
        return
    port = free_port()
    with redis_server(port):
        yield f"redis://127.0.0.1:{port}/0"


class OwnServer:
    """A server that keeps nothing."""

    def __init__(self, program: str, folder: str, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        keep_nothing = ("--save", "", "--appendonly", "no", "--dir", folder)
        self._command = [program, "--port", str(port), "--bind", "127.0.0.1", *keep_nothing]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Empty; returns when it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        _await(self.url)

    def send(self, number: signal.Signals) -> None:
        """A signal, to a server that runs."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def redis_server(port: int) -> Iterator[OwnServer]:
    """A server that is up when the block begins, and gone after it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(f"Redis not reachable: set {URL_VARIABLE}")
    with tempfile.TemporaryDirectory() as folder:
        server = OwnServer(program, folder, port)
        try:
            server.start()
            yield server
        finally:
            server.kill()


def _await(url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with redis.Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
