"""What can be broken about a site, each as a block: broken inside it, whole after it."""

import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import redis
from sqlalchemy import make_url

from faults.outcome import LEASE_SECONDS
from faults.site import Site
from tests.integration.whole.installation import eventually

Breakage = Callable[[Site], AbstractContextManager[object]]
_BALLAST_BYTES = 64 * 1024
_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("PRAGMA busy_timeout=5000")
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


# ---------------------------------------------------------------------- processes


@contextmanager
def killed_again_and_again(site: Site) -> Iterator[None]:
    """SIGKILL to the web server or a worker, whichever, every second."""
    dice = random.Random(site.name)
    with _repeatedly(lambda: site.signal(dice.choice(["web", "worker", "worker-2"]), signal.SIGKILL), 1.0):
        yield


@contextmanager
def killed_at_once(site: Site) -> Iterator[None]:
    """SIGKILL to every process of ours in the same moment, as a power cut of their machine."""
    for name in ("web", "worker", "worker-2"):
        site.signal(name, signal.SIGKILL)
    yield


@contextmanager
def frozen(site: Site) -> Iterator[None]:
    """SIGSTOP to one worker: what it holds is taken over, and it wakes up believing that it still holds it."""
    site.signal("worker", signal.SIGSTOP)
    yield
    site.signal("worker", signal.SIGCONT)


@contextmanager
def held_back(site: Site) -> Iterator[None]:
    """An answer of the registry reaches the worker only when its lease is over and another has done the work."""
    site.installation.fail_at("worker", "registrar.register:after", f"sleep:{LEASE_SECONDS + 2}")
    yield


# ---------------------------------------------------------------------- Redis


@contextmanager
def redis_flushed(site: Site) -> Iterator[None]:
    """FLUSHALL while both workers are held up, so that every bell of that time is lost."""
    assert site.redis is not None
    for name in ("worker", "worker-2"):
        site.signal(name, signal.SIGSTOP)
    yield
    with redis.Redis.from_url(site.redis.url) as client:
        client.flushall()
    for name in ("worker", "worker-2"):
        site.signal(name, signal.SIGCONT)


@contextmanager
def redis_frozen(site: Site) -> Iterator[None]:
    """SIGSTOP: connections are taken and nothing is answered."""
    assert site.redis is not None
    site.redis.send(signal.SIGSTOP)
    yield
    site.redis.send(signal.SIGCONT)


@contextmanager
def redis_killed(site: Site) -> Iterator[None]:
    """SIGKILL, and later an empty server in its place."""
    assert site.redis is not None
    site.redis.kill()
    yield
    site.redis.start()


# ---------------------------------------------------------------------- PostgreSQL


@contextmanager
def postgres_crashed(site: Site) -> Iterator[None]:
    """Stopped at once, with everything under way, and started again."""
    assert site.postgres is not None
    site.postgres.stop()
    try:
        yield
    finally:
        site.postgres.start()


@contextmanager
def postgres_cut(site: Site) -> Iterator[None]:
    """pg_terminate_backend on every connection, five times a second."""
    assert site.postgres is not None
    everybody = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> %s"
    )
    with (
        psycopg.connect(site.postgres.url, autocommit=True) as admin,
        _repeatedly(lambda: admin.execute(everybody, [admin.info.backend_pid]), 0.2),
    ):
        yield


# ---------------------------------------------------------------------- SQLite


@contextmanager
def ledger_locked(site: Site) -> Iterator[None]:
    """Another process holds the write lock for three times as long as a unit waits for it."""
    with _locked(_file(site.installation.settings["BILLING_DATABASE_URL"])):
        yield


@contextmanager
def queue_locked(site: Site) -> Iterator[None]:
    """Another process holds the write lock of the queue's file."""
    with _locked(_file(site.installation.settings["BILLING_QUEUE_URL"])):
        yield


@contextmanager
def disk_full(site: Site) -> Iterator[None]:
    """Not a byte is left on the file system of the queue's file (a small tmpfs, filled by a file beside it)."""
    assert site.disk is not None
    ballast = site.disk / "ballast"
    with _repeatedly(lambda: _fill(ballast), 0.02):
        eventually(lambda: not _has_room(ballast))
        yield
    ballast.unlink()


# ---------------------------------------------------------------------- providers


def world(words: str, *faults: dict[str, Any]) -> Breakage:
    """The outside world fails at these points, every time; `words` say how."""

    @contextmanager
    def broken(site: Site) -> Iterator[None]:
        site.installation.control("PUT", "/faults", {"faults": list(faults)})
        yield
        site.installation.control("PUT", "/faults", {"faults": []})

    broken.__doc__ = words
    return broken


# ---------------------------------------------------------------------- within


@contextmanager
def _repeatedly(act: Callable[[], object], every_seconds: float) -> Iterator[None]:
    ends = threading.Event()
    failures: list[BaseException] = []

    def loop() -> None:
        try:
            while not ends.wait(every_seconds):
                act()
        except BaseException as failure:
            failures.append(failure)
            raise

    thread = threading.Thread(target=loop, daemon=True)
    act()
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()
    if failures:
        raise failures[0]


@contextmanager
def _locked(file: str) -> Iterator[None]:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.communicate()


def _file(url: str) -> str:
    return make_url(url).database or ""


def _fill(ballast: Path) -> None:
    try:
        with ballast.open("ab", buffering=0) as file:
            while file.write(b"\0" * _BALLAST_BYTES):
                pass
    except OSError:
        return


def _has_room(ballast: Path) -> bool:
    probe = ballast.with_name("probe.sqlite")
    try:
        with sqlite3.connect(probe) as small:
            small.execute("CREATE TABLE IF NOT EXISTS probe (text)")
        return True
    except sqlite3.Error:
        return False
    finally:
        probe.unlink(missing_ok=True)
