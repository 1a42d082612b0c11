"""The whole of billing as processes beside the sandbox: web and workers on any database and queue."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import requests
from dotenv import dotenv_values

from billing.application.shop.access import Role
from billing.entrypoints.container import Container
from billing.entrypoints.settings import load_settings
from tests.integration.sql_databases import free_port

Seen = TypeVar("Seen")
CATALOGUE = Path(__file__).parents[3] / "src/billing/entrypoints/demo/catalogue.example.toml"
DEADLINE_SECONDS = 40.0
REGISTRANT = {
    "name": "Aline Uwase",
    "email": "aline@example.rw",
    "phone": "+250.788000000",
    "street": ["KN 5 Rd"],
    "city": "Kigali",
    "country": "RW",
}
QUICK = {
    "BILLING_JOB_LEASE_SECONDS": "3",
    "BILLING_JOB_CALL_DEADLINE_SECONDS": "2",
    "BILLING_JOB_LEASE_MARGIN_SECONDS": "0.5",
    "BILLING_JOB_BACKOFF_BASE_SECONDS": "0.1",
    "BILLING_SWEEP_SECONDS": "0.3",
    "BILLING_RING_AGAIN_SECONDS": "1",
    "BILLING_BREAKER_OPEN_SECONDS": "0.5",
    "BILLING_BREAKER_OPEN_MAX_SECONDS": "2",
    "BILLING_HTTP_PROCESSES": "1",
    "BILLING_RECONCILE_INTERVAL_HOURS": "0",
}
"""Short leases and pauses, so that a lost worker is missed soon, and a provider that is back is soon noticed.

Nothing is reconciled by itself: what is to come true must come true without."""


def eventually(look: Callable[[], Seen], seconds: float = DEADLINE_SECONDS) -> Seen:
    """What `look` sees, once it is something; fails at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        if seen := look():
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"not seen within {seconds} s: {look()!r}")
        time.sleep(0.05)


class Installation:
    """One billing and its outside world in one folder; everything is ended by `close`."""

    def __init__(self, folder: Path, database_url: str, queue_url: str, **settings: str) -> None:
        self.folder, self.processes = folder, dict[str, subprocess.Popen[bytes]]()
        self.url = f"http://127.0.0.1:{free_port()}"
        self.launch("sandbox", "-m", "billing_sandbox", "--dir", str(folder / "sandbox"),
                    "--webhook-url", f"{self.url}/webhooks/stripe")  # fmt: skip
        env_file = folder / "sandbox" / "sandbox.env"
        eventually(env_file.exists)
        world = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
        self.control_url = world["SANDBOX_CONTROL_URL"]
        self.settings = {
            **world,
            **QUICK,
            "BILLING_DATABASE_URL": database_url,
            "BILLING_QUEUE_URL": queue_url,
            "BILLING_HTTP_BIND": self.url.removeprefix("http://"),
            "BILLING_PUBLIC_URL": self.url,
            **settings,
        }
        env_file = folder / ".env"
        env_file.write_text("".join(f"{name}={value}\n" for name, value in self.settings.items()))
        self.container = Container(settings=load_settings(env_file))
        self.key = self._prepare()
        self._customer: str | None = None

    def _prepare(self) -> str:
        """Schema, prices and a key, made in this process to save the start of three."""
        container = self.container
        container.upgrade_schema()
        container.prepare_bell()
        container.load_catalogue()(tomllib.loads(CATALOGUE.read_text()), "tests")
        key = container.create_key()("tests", Role.OPERATOR, "tests")[1]
        container.engine().dispose()
        return str(key)

    # ------------------------------------------------------------------ processes

    def launch(self, name: str, *arguments: str, settings: Mapping[str, str] | None = None) -> None:
        """Start a process; its output goes to a log in the folder."""
        environment = {**self._clean_environment(), **(settings or {})}
        if self.failpoints(name).exists():
            environment["BILLING_FAILPOINTS_DIR"] = str(self.failpoints(name))
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *arguments],
                env=environment,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def serve(self) -> None:
        """Start the web and wait until it answers."""
        self.launch("web", "-m", "billing", "serve")
        eventually(lambda: self._is_ready("web"))

    def work(self, name: str = "worker") -> None:
        """Start a worker."""
        self.launch(name, "-m", "billing", "worker")

    def fail_at(self, name: str, point: str, what: str = "kill") -> None:
        """Order a failure of a process; one that is to be hit for the first time must not have been started yet."""
        self.failpoints(name).mkdir(parents=True, exist_ok=True)
        (self.failpoints(name) / point).write_text(what)

    def failpoints(self, name: str) -> Path:
        """Where a process finds its orders to fail: `worker` and `worker-2` share theirs; without it there are none."""
        return self.folder / "failpoints" / name.partition("-")[0]

    def kill(self, name: str) -> None:
        """SIGKILL, also to its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def ended(self, name: str) -> int:
        """Wait until it ends by itself; its exit code."""
        return self.processes.pop(name).wait(30)

    def stop(self, name: str) -> int:
        """SIGTERM, and the exit code it then gives."""
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(30)

    def close(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        self.container.engine().dispose()

    def command(self, *arguments: str, exit_code: int = 0) -> str:
        """Run `billing …` and give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "billing", *arguments],
            env=self._clean_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=DEADLINE_SECONDS,
            cwd=self.folder,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout + (done.stderr if exit_code else "")

    def log(self, name: str) -> str:
        """What a process wrote."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _clean_environment(self) -> dict[str, str]:
        """Without settings of ours; and with compiled modules kept, since the same program is started many times."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BILLING_")}
        if kept.pop("PYTHONDONTWRITEBYTECODE", None):
            kept.setdefault("PYTHONPYCACHEPREFIX", str(Path(tempfile.gettempdir()) / f"billing-pycache-{os.getuid()}"))
        return kept

    def _is_ready(self, name: str) -> bool:
        assert self.processes[name].poll() is None, self.log(name)
        return self._answers("/health/ready")

    def _answers(self, path: str) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(self.url + path, timeout=10).ok
        return False

    # ------------------------------------------------------------------ a shop's calls

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One call of the API."""
        everything = {"Authorization": f"Bearer {self.key}", **headers}
        return requests.request(method, self.url + path, json=body, headers=everything, timeout=DEADLINE_SECONDS)

    def post(self, path: str, body: Any = None) -> Any:
        """A POST that must go well."""
        answer = self.call("POST", path, body, **{"Idempotency-Key": secrets.token_hex(8)})
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path: str) -> Any:
        """A GET that must go well."""
        answer = self.call("GET", path)
        assert answer.ok, answer.text
        return answer.json()

    def customer(self) -> str:
        """One customer for all orders of this test."""
        if self._customer is None:
            details = {"name": "Aline Uwase", "email": "aline@example.rw", "country": "RW"}
            self._customer = self.post("/v1/customers", details)["id"]
        assert self._customer is not None
        return self._customer

    def order(self, *items: Mapping[str, Any], currency: str = "USD") -> Any:
        """Place an order."""
        return self.post("/v1/orders", {
            "customer_id": self.customer(), "currency": currency,
            "contacts": {"registrant": REGISTRANT}, "items": list(items),
        })  # fmt: skip

    def start(self, order: Mapping[str, Any]) -> Any:
        """Go to the provider's page."""
        addresses = {"success_url": f"{self.url}/thanks", "cancel_url": f"{self.url}/basket"}
        return self.post(f"/v1/orders/{order['id']}/payments", {"gateway": "stripe", **addresses})

    def pay(self, payment: Mapping[str, Any]) -> None:
        """Press the button on the page."""
        answer = requests.post(payment["redirect_url"], data={"act": "pay"}, allow_redirects=False, timeout=10)
        assert answer.is_redirect, answer.text

    def buy(self, *items: Mapping[str, Any]) -> Any:
        """Order and pay."""
        order = self.order(*items)
        self.pay(self.start(order))
        return order

    def until(self, order: Mapping[str, Any], *statuses: str) -> Any:
        """The order, once it has one of these statuses."""

        def look() -> Any:
            found = self.get(f"/v1/orders/{order['id']}")
            return found if found["status"] in statuses else None

        return eventually(look)

    # ------------------------------------------------------------------ the outside world

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Move the sandbox."""
        answer = requests.request(method, self.control_url + path, json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def all_told(self) -> list[Any]:
        """Every event of Stripe's so far, oldest first, once all of them have been delivered."""

        def look() -> Any:
            events = self.control("GET", "/state")["stripe"]["events"]
            return events if events and all(event["delivered"] for event in events) else None

        return list(eventually(look))

    def registry(self, name: str) -> Any:
        """What the registry holds under a name, None where it holds nothing."""
        domains = self.control("GET", "/state")["registry"]["domains"]
        return next((domain for domain in domains if domain["name"] == name), None)


def a_domain(name: str = "example.rw", years: int = 1) -> dict[str, Any]:
    """A registration to buy."""
    return {"kind": "domain_registration", "domain": name, "years": years}


def a_hosting(plan: str = "starter") -> dict[str, Any]:
    """Hosting to buy."""
    return {"kind": "hosting", "plan": plan, "cycle": "monthly"}
