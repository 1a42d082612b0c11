"""Installations to measure on: real processes with the limits that a shop has, on SQLite or on PostgreSQL and Redis."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from bench.load import Plan
from tests.integration.postgres_servers import a_server
from tests.integration.redis_databases import new_redis_database
from tests.integration.sql_databases import free_port, new_database
from tests.integration.whole.installation import QUICK, Installation, eventually

STACKS = ("sqlite", "postgres")
_AS_A_SHOP_HAS_IT = {
    "BILLING_JOB_LEASE_SECONDS": "60",
    "BILLING_JOB_CALL_DEADLINE_SECONDS": "30",
    "BILLING_JOB_LEASE_MARGIN_SECONDS": "10",
    "BILLING_JOB_BACKOFF_BASE_SECONDS": "2",
    "BILLING_SWEEP_SECONDS": "2",
    "BILLING_RING_AGAIN_SECONDS": "10",
    "BILLING_BREAKER_OPEN_SECONDS": "30",
    "BILLING_BREAKER_OPEN_MAX_SECONDS": "600",
    "BILLING_HTTP_PROCESSES": "2",
    "BILLING_RECONCILE_INTERVAL_HOURS": "6",
}
assert _AS_A_SHOP_HAS_IT.keys() == QUICK.keys(), "what the tests hurry is put back to its default here"


@contextmanager
def installed(stack: str, **settings: str) -> Iterator[Installation]:
    """An installation on a database of its own with nothing running yet but the outside world."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        if stack == "sqlite":
            database, queue = f"sqlite:///{folder}/ledger.sqlite", f"sqlite:///{folder}/queue.sqlite"
        else:
            server = ends.enter_context(a_server())
            database, queue = ends.enter_context(new_database(server)), ends.enter_context(new_redis_database())
        installation = Installation(folder, database, queue, **{**_AS_A_SHOP_HAS_IT, **settings})
        ends.callback(installation.close)
        yield installation


def serve_under(installation: Installation, kind: str, which: str) -> str:
    """Start an application under a server of that kind; the address of its webhook endpoint."""
    bind = f"127.0.0.1:{free_port()}"
    installation.launch(f"{kind}-{which}", "-m", "bench.serving", kind, which, bind,
                        settings={"PYTHONPATH": python_path()})  # fmt: skip
    url = f"http://{bind}/webhooks/stripe"
    eventually(lambda: _answers(url))
    return url


def plan_for(installation: Installation, url: str | None = None, **plan: object) -> Plan:
    """A plan that signs as this installation's Stripe does."""
    secret = installation.settings["BILLING_STRIPE_WEBHOOK_SECRETS"]
    return Plan(url=url or f"{installation.url}/webhooks/stripe", secret=secret, **plan)  # type: ignore[arg-type]


def python_path() -> str:
    """What this process imports from, for a process in another folder."""
    return ":".join(entry or str(Path.cwd()) for entry in sys.path)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=5).status_code > 0
    except requests.ConnectionError:
        return False
