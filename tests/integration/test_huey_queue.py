"""The bell on Huey: each storage keeps the contract, and the wire name never changes."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.adapters.huey_queue import TASK, HueyQueue, build_huey, prepare
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.ports import JobQueue
from tests.contracts.job_queue import JobQueueContract


def test_the_wire_name_is_what_deployed_workers_know() -> None:
    huey = build_huey("memory://")
    assert TASK == "billing.adapters.huey_queue.run_job"
    assert list(huey._registry._registry) == [TASK]


def test_an_unknown_storage_is_named() -> None:
    with pytest.raises(ValueError, match="amqp:// is no queue"):
        build_huey("amqp://127.0.0.1")


def test_a_producer_does_not_work() -> None:
    huey = build_huey("memory://")
    HueyQueue(huey, MemoryTelemetry()).ring({"job_1": 50})
    with pytest.raises(RuntimeError, match="does not work"):
        huey.dequeue().execute()


def test_after_a_failure_it_keeps_silent_for_a_moment() -> None:
    telemetry, now = MemoryTelemetry(), [0.0]
    dead = build_huey("redis://127.0.0.1:1/0", timeout_seconds=0.25)
    queue = HueyQueue(dead, telemetry, pause_seconds=1, monotonic=lambda: now[0])
    for at in (0.0, 0.5, 1.5):
        now[0] = at
        queue.ring({"job_1": 50})
    assert [name for name, _ in telemetry.events] == ["ring_failed", "ring_skipped", "ring_failed"]


class HueyContract(JobQueueContract):
    """Rings through Huey and hears as a consumer does."""

    @pytest.fixture(autouse=True)
    def _storage(self, url: str) -> Iterator[None]:
        self.heard: list[str] = []
        self.huey = build_huey(url, run=self.heard.append, timeout_seconds=2)
        self.huey.storage.blocking = False
        prepare(self.huey)
        yield
        self.huey.storage.close()

    def a_queue(self) -> JobQueue:
        self.huey.storage.flush_queue()
        return HueyQueue(self.huey, MemoryTelemetry())

    def a_dead_queue(self) -> JobQueue:
        return HueyQueue(build_huey("redis://127.0.0.1:1/0", timeout_seconds=0.25), MemoryTelemetry())

    def hear(self, queue: JobQueue) -> str | None:
        task = self.huey.dequeue()
        if task is None:
            return None
        self.huey.execute(task)
        return self.heard.pop()


class TestHueyInMemory(HueyContract):
    @pytest.fixture
    def url(self) -> str:
        return "memory://"


class TestHueyOnSqlite(HueyContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path}/queue.sqlite"


class TestHueyOnRedis(HueyContract):
    @pytest.fixture
    def url(self, redis_url: str) -> str:
        return redis_url


class TestHueyOnPostgres(HueyContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url

    def a_dead_queue(self) -> JobQueue:
        dead = build_huey("postgresql://postgres@127.0.0.1:1/none", timeout_seconds=0.25)
        return HueyQueue(dead, MemoryTelemetry())

    def test_a_ring_that_the_server_does_not_get_done_is_given_up(self, url: str) -> None:
        """As on a host whose disk stands still."""
        huey = build_huey(url, timeout_seconds=0.25)
        table = huey.storage.table_task
        with huey.storage.db(commit=True) as cursor:
            cursor.execute(
                "CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(20); RETURN NEW; END'"
            )
            cursor.execute(f"CREATE TRIGGER still BEFORE INSERT ON {table} EXECUTE FUNCTION stand_still()")
        telemetry, started = MemoryTelemetry(), time.monotonic()
        HueyQueue(huey, telemetry).ring({"job_1": 50})
        assert time.monotonic() - started < 5
        assert [name for name, _ in telemetry.events] == ["ring_failed"]
        huey.storage.close()

    def test_a_line_on_which_nothing_is_acknowledged_is_given_up(self, url: str) -> None:
        """As to a host that is frozen: no test can freeze one, so this reads what the kernel was told."""
        huey = build_huey(url, timeout_seconds=0.25)
        line = socket.socket(fileno=os.dup(huey.storage.conn.fileno()))
        with line:
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 250
        huey.storage.close()
