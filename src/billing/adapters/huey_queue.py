"""The bell on Huey: it carries a job's id and nothing else, and losing its whole store loses no work.

Huey makes a task's wire name from the module and name of its function, so `run_job` never moves out of here.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from huey import Huey, MemoryHuey, PostgresHuey, PriorityRedisHuey, SqliteHuey
from huey.api import Task
from huey.signals import SIGNAL_INTERRUPTED
from huey.storage import PriorityRedisStorage

from billing.application.outcomes import RetryLater
from billing.application.ports import JobQueue, Telemetry

TASK = "billing.adapters.huey_queue.run_job"
_SOCKET_TIMEOUT_SECONDS = 5.0


def build_huey(
    url: str, run: Callable[[str], None] | None = None, timeout_seconds: float = _SOCKET_TIMEOUT_SECONDS
) -> Huey:
    """A Huey on `sqlite:///file`, `redis://…`, `postgresql://…` or `memory://`, with the one task registered.

    Needs no live server. `run` is what a consumer does with a job's id; a producer leaves it out.
    """
    huey = _storage(url, timeout_seconds)

    def run_job(job_id: str) -> None:
        if run is None:
            raise RuntimeError("this process rings the bell and does not work")
        run(job_id)

    huey.task(retries=0)(run_job)
    return huey


def bound_shutdown(huey: Huey, seconds: float, leave: Callable[[], object]) -> None:
    """Have every consumer of it call `leave` when it goes before its tasks have ended, and go after so many seconds.

    Huey tells of unfinished tasks in its main thread, one by one, when it no longer waits for them. Its own command
    waits for ever where it is not told otherwise (`-t`).
    """
    huey.signal(SIGNAL_INTERRUPTED)(lambda signal, task: leave())
    create = huey.create_consumer

    def create_bounded(**options: Any) -> Any:
        if options.get("shutdown_timeout") is None:
            options["shutdown_timeout"] = seconds
        return create(**options)

    huey.create_consumer = create_bounded


def _storage(url: str, timeout_seconds: float) -> Huey:
    scheme, _, rest = url.partition("://")
    options: dict[str, Any] = {"name": "billing", "results": False}
    match scheme.partition("+")[0]:
        case "memory":
            return MemoryHuey(**options)
        case "sqlite":
            filename = Path(rest.removeprefix("/"))
            filename.parent.mkdir(parents=True, exist_ok=True)
            return SqliteHuey(filename=str(filename), timeout=timeout_seconds, fsync=False, **options)
        case "redis" | "rediss":
            return PriorityRedisHuey(connection_pool=_redis_pool(url, timeout_seconds), **options)
        case "postgresql" | "postgres":
            timeout_ms = round(timeout_seconds * 1000)
            return PostgresHuey(
                dsn=f"postgresql://{rest}",
                create_tables=False,
                connect_timeout=max(2, round(timeout_seconds)),
                # The server ends a statement that takes too long, our kernel a line on which nothing is acknowledged.
                options=f"-c lock_timeout={timeout_ms} -c statement_timeout={timeout_ms}",
                tcp_user_timeout=timeout_ms,
                **options,
            )
    raise ValueError(f"{scheme}:// is no queue; use sqlite:///, redis://, postgresql:// or memory://")


def _redis_pool(url: str, timeout_seconds: float) -> Any:
    from redis import ConnectionPool
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return ConnectionPool.from_url(
        url,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )


def prepare(huey: Huey) -> None:
    """Make the tables of a queue on PostgreSQL, safe to repeat; RetryLater where it is away.

    The other storages make what they need by themselves.
    """
    if not isinstance(huey, PostgresHuey):
        return
    try:
        huey.storage.initialize_schema()
    except Exception as failure:
        raise RetryLater(f"the queue can't be reached: {failure}") from failure


class HueyQueue(JobQueue):
    """Rings within a deadline. After a failure it keeps silent for a moment, so that a dead queue delays nobody."""

    def __init__(
        self,
        huey: Huey,
        telemetry: Telemetry,
        *,
        pause_seconds: float = 1.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._huey, self._telemetry = huey, telemetry
        self._task = huey._registry.string_to_task(TASK)
        self._pause_seconds, self._monotonic = pause_seconds, monotonic
        self._silent_until = 0.0

    def ring(self, bells: Mapping[str, int]) -> None:
        """Never raises: what was not heard is rung again by the sweep."""
        if self._monotonic() < self._silent_until:
            self._telemetry.event("ring_skipped", jobs=len(bells))
            return
        tasks = [self._task((job_id,), priority=priority) for job_id, priority in bells.items()]
        try:
            _enqueue(self._huey, tasks)
        except Exception as failure:  # noqa: BLE001 - each storage has errors of its own, and none may matter
            self._silent_until = self._monotonic() + self._pause_seconds
            self._telemetry.event("ring_failed", jobs=list(bells), error=repr(failure))


def _enqueue(huey: Huey, tasks: Sequence[Task]) -> None:
    """On Redis all of them with one command."""
    storage = huey.storage
    if len(tasks) == 1 or not isinstance(storage, PriorityRedisStorage):
        for task in tasks:
            huey.enqueue(task)
        return
    gathering = copy(storage)
    gathering.conn = gathered = _Gathered()
    for task in tasks:
        gathering.enqueue(huey.serialize_task(task), task.priority)
    storage.conn.zadd(storage.queue_key, gathered.members)


class _Gathered:
    """In the place of a connection: keeps what Huey would add to its queue."""

    def __init__(self) -> None:
        self.members: dict[bytes, int] = {}

    def zadd(self, _queue_key: str, members: Mapping[bytes, int]) -> None:
        self.members.update(members)
