"""Where faults happen: an installation with its servers, and somebody who starts again what has died."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.outcome import LEASE_SECONDS
from faults.phones import PhoneShop
from faults.reckoning import Books, is_paid_period, subscription_of
from faults.shop import Purchase, Shop
from tests.integration import postgres_servers, redis_databases
from tests.integration.sql_databases import free_port
from tests.integration.whole.installation import Installation

SQLITE, SERVERS, SMALL_DISK = "SQLite", "PostgreSQL + Redis", "SQLite, queue on a small disk"
SETTINGS = {
    "BILLING_JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    "BILLING_JOB_CALL_DEADLINE_SECONDS": "3",
    "BILLING_JOB_LEASE_MARGIN_SECONDS": "1",
    "BILLING_JOB_BACKOFF_BASE_SECONDS": "0.1",
    "BILLING_JOB_BACKOFF_CAP_SECONDS": "2",
    "BILLING_JOB_ATTEMPTS_MAX": "100",
    "BILLING_BREAKER_OPEN_SECONDS": "1",
    "BILLING_BREAKER_OPEN_MAX_SECONDS": "3",
    "BILLING_SWEEP_SECONDS": "0.5",
    "BILLING_RING_AGAIN_SECONDS": "1",
    "BILLING_REGISTRY_POLL_SECONDS": "1",
    "BILLING_RENEWAL_TURN_SECONDS": "1",
    "BILLING_CHECK_INTERVAL_MIN_SECONDS": "1",
    "BILLING_UNMATCHED_RETRY_SECONDS": "1",
    "BILLING_WEB_CALL_DEADLINE_SECONDS": "2",
    "BILLING_HTTP_TIMEOUT_SECONDS": "4",
    "BILLING_HTTP_PROCESSES": "2",
    "BILLING_BUSY_DEADLINE_MS": "2000",
    "BILLING_RECONCILE_INTERVAL_HOURS": "0",
    "BILLING_KPAY_POLL_SECONDS": "3,5",
    "BILLING_KPAY_GRACE_SECONDS": "6",
    "BILLING_KPAY_RETRY_AFTER_SECONDS": "6",
}
"""Short leases and deadlines, in the proportions of the long ones; outages of seconds may cost many attempts."""

_QUIET_SECONDS = 60.0
_POLL_SECONDS = 0.05
_SMALL_DISK_SIZE = "8m"
_CLOCK, _DAY_SECONDS = "clock", 86_400


class CanNotBe(Exception):
    """This machine has not what a scenario needs; the message says what."""


PROCESSES = {"web": "serve", "worker": "worker", "worker-2": "worker"}
"""What runs: a web server with two processes, and two workers."""


@dataclass
class Heard:
    """How often each event was reported, and what they called a bug of their own."""

    events: Counter[str] = field(default_factory=Counter)
    bugs: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """One line of a log; what is not of ours is passed over."""
        try:
            told = json.loads(line)
        except ValueError:
            return
        if isinstance(told, dict) and "event" in told:
            self.events[told["event"]] += 1
            if str(told["event"]).endswith("_bug"):
                self.bugs.append(f"{told['event']}: {told.get('error')}")


class Site:
    """One installation at work; whichever of its processes dies is started again at once."""

    def __init__(self, name: str, installation: Installation) -> None:
        self.name, self.installation = name, installation
        self.postgres: postgres_servers.OwnServer | None = None
        self.redis: redis_databases.OwnServer | None = None
        self.disk: Path | None = None
        self._days = 0.0
        self._ends = threading.Event()
        self._keeper = threading.Thread(target=self._keep_alive, name="keeper", daemon=True)

    def open(self) -> None:
        """Start everything."""
        for name in PROCESSES:
            self.installation.failpoints(name).mkdir(parents=True, exist_ok=True)
        self.installation.serve()
        self.installation.work("worker")
        self.installation.work("worker-2")
        self._keeper.start()
        self.shop, self.phones = Shop(self.installation), PhoneShop(self.installation)
        self.books = Books(self.installation)

    def close(self) -> None:
        """End everything."""
        self._ends.set()
        if self._keeper.is_alive():
            self._keeper.join()
        self.installation.close()

    def signal(self, name: str, number: signal.Signals) -> None:
        """To a process and its children, if it runs."""
        process = self.installation.processes.get(name)
        if process is not None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)

    def pass_days(self, days: float) -> None:
        """Move the business clocks of billing and of the outside world together."""
        self._days += days
        seconds = str(self._days * _DAY_SECONDS)
        (self.installation.folder / _CLOCK).write_text(seconds)
        self.installation.control("POST", "/clock/advance", {"seconds": days * _DAY_SECONDS})

    def stripe(self) -> Any:
        """What the provider holds."""
        return self.installation.control("GET", "/state")["stripe"]

    def kpay(self) -> Sequence[Any]:
        """The payments that it was asked for, oldest first."""
        payments: Sequence[Any] = self.installation.control("GET", "/state")["kpay"]["payments"]
        return payments

    def periods_collected(self) -> int:
        """How many periods it has billed and collected for in the last month."""
        state = self.stripe()
        going = {one["id"] for one in state["subscriptions"] if one["status"] != "canceled"}
        return sum(is_paid_period(invoice) and subscription_of(invoice) in going for invoice in state["invoices"])

    def quiet_at(self, purchases: Sequence[Purchase], seconds: float = _QUIET_SECONDS) -> float | None:
        """The Unix time at which all had ended well and nothing was left to do; None if not within so many seconds."""
        deadline = time.monotonic() + seconds
        while not self.books.are_quiet(purchases):
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_SECONDS)
        return time.time()

    @contextmanager
    def listening(self) -> Iterator["Heard"]:
        """What the processes say of themselves while the block runs, known at its end."""
        heard = Heard()
        begun = {log: log.stat().st_size for log in self._logs()}
        yield heard
        for log in self._logs():
            with log.open(errors="replace") as lines:
                lines.seek(begun[log])
                for line in lines:
                    heard.take(line)

    def _logs(self) -> Sequence[Path]:
        return [self.installation.folder / f"{name}.log" for name in PROCESSES]

    def _keep_alive(self) -> None:
        while not self._ends.wait(_POLL_SECONDS):
            for name, command in PROCESSES.items():
                process = self.installation.processes.get(name)
                if process is not None and process.poll() is not None:
                    self.installation.launch(name, "-m", "billing", command)


# ---------------------------------------------------------------------- sites


@contextmanager
def a_site(name: str) -> Iterator[Site]:
    """A new site of that name; CanNotBe where this machine has not what it takes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="billing-faults-")))
        site = _BUILDERS[name](name, folder, stack)
        stack.callback(site.close)
        site.open()
        yield site


def _install(folder: Path, database_url: str, queue_url: str) -> Installation:
    clock = folder / _CLOCK
    clock.write_text("0")
    return Installation(folder, database_url, queue_url, **SETTINGS, BILLING_CLOCK_OFFSET_FILE=str(clock))


def _on_sqlite(name: str, folder: Path, stack: ExitStack) -> Site:
    return Site(name, _install(folder, f"sqlite:///{folder}/ledger.sqlite", f"sqlite:///{folder}/queue.sqlite"))


def _on_servers(name: str, folder: Path, stack: ExitStack) -> Site:
    programs = postgres_servers.programs()
    if programs is None or shutil.which("redis-server") is None:
        raise CanNotBe("PostgreSQL and Redis must be installed")
    postgres = stack.enter_context(postgres_servers.own_server(programs))
    redis = stack.enter_context(redis_databases.redis_server(free_port()))
    site = Site(name, _install(folder, postgres.url, redis.url))
    site.postgres, site.redis = postgres, redis
    return site


def _on_a_small_disk(name: str, folder: Path, stack: ExitStack) -> Site:
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SMALL_DISK_SIZE}", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        raise CanNotBe("a small file system must be mounted, which only root may")
    stack.callback(subprocess.run, ["umount", "-l", str(disk)], check=False)
    site = Site(name, _install(folder, f"sqlite:///{folder}/ledger.sqlite", f"sqlite:///{disk}/queue.sqlite"))
    site.disk = disk
    return site


_BUILDERS: dict[str, Callable[[str, Path, ExitStack], Site]] = {
    SQLITE: _on_sqlite,
    SERVERS: _on_servers,
    SMALL_DISK: _on_a_small_disk,
}
