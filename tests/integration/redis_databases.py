"""Redis for tests: a server of the test's own where the program is installed, else one that is named."""

import os
import shutil
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


@contextmanager
def redis_server(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A server that keeps nothing, up while the block runs."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip(f"Redis not reachable: set {URL_VARIABLE}")
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            _await(f"redis://127.0.0.1:{port}/0")
            yield server
        finally:
            server.terminate()
            server.wait(10)


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
