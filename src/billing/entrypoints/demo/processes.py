"""The demo's processes: started in order, watched, and all ended together."""

import os
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import requests
from dotenv import dotenv_values
from rich.console import Console

from billing.application.shop.access import Role
from billing.domain.errors import BillingError
from billing.entrypoints.settings import load_settings
from billing.entrypoints.startup import start

T = TypeVar("T")
_START_SECONDS = 90.0
_STOP_SECONDS = 15.0
_COMMAND_SECONDS = 30.0


@dataclass(eq=False)
class DemoFailed(BillingError):
    """{why}"""

    why: str


@dataclass(frozen=True)
class Shop:
    """What a storefront knows of us, and the hands of the outside world."""

    url: str
    api_key: str
    control_url: str
    clock_file: Path


def eventually(look: Callable[[], T | None], what: str, seconds: float = _START_SECONDS) -> T:
    """Look again until there is something; DemoFailed at the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.02)
    raise DemoFailed(f"{what} did not happen within {seconds:.0f} s")


class Processes:
    """Sandbox, web and worker in one folder; leaving the block leaves none behind."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder, self._console = folder, console
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._logs: list[IO[bytes]] = []
        self._environment: dict[str, str] = {}
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.api_key = ""
        self._clock_file = folder / "clock_offset_seconds"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for child in reversed(self._children.values()):
            child.terminate()
        for child in self._children.values():
            try:
                child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        for log in self._logs:
            log.close()

    def start(self) -> Shop:
        """The world, the ledger, prices and a key, then web and worker."""
        self._console.print(f"Starting the outside world, a web server and a worker (logs in {self._folder})")
        self._launch("sandbox", "-m", "billing_sandbox", "--dir", str(self._folder / "sandbox"),
                     "--webhook-url", f"{self.url}/webhooks/stripe")  # fmt: skip
        env_file = self._folder / "sandbox" / "sandbox.env"
        self._until("sandbox", lambda: env_file.exists() or None)
        self._environment = {**self._defaults(), **_read(env_file)}
        os.environ.update({**self._environment, **_given()})
        if not self._clock_file.exists():  # one that is kept is as far on as the sandbox beside it
            self._clock_file.write_text("0")
        self._prepare()
        self._launch("web", "-m", "billing", "serve")
        self._launch("worker", "-m", "billing", "worker")
        self._until("web", self._is_ready)
        return Shop(self.url, self.api_key, self._environment["SANDBOX_CONTROL_URL"], self._clock_file)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """What a person may open."""
        yield "the API, to read and try", f"{self.url}/docs"
        yield "its OpenAPI document", f"{self.url}/openapi.json"
        yield "health", f"{self.url}/health/ready"
        yield "metrics", f"{self.url}/metrics"
        yield "the outside world", self._environment["SANDBOX_CONTROL_URL"]

    def watch(self, is_over: Callable[[], bool]) -> None:
        """Until it is over, or somebody interrupts; DemoFailed where a process ends by itself."""
        while not is_over():
            self._require_alive()

    def command(self, *arguments: str) -> str:
        """Run `billing …` as an operator does, and give what it printed; DemoFailed where it fails."""
        program = [sys.executable, "-m", "billing", *arguments]
        done = subprocess.run(program, capture_output=True, text=True, check=False, timeout=_COMMAND_SECONDS)
        if done.returncode:
            raise DemoFailed(f"billing {' '.join(arguments)} ended with exit code {done.returncode}: {done.stderr}")
        return done.stdout

    def _defaults(self) -> dict[str, str]:
        return {
            "BILLING_DATABASE_URL": f"sqlite:///{self._folder / 'billing.sqlite'}",
            "BILLING_QUEUE_URL": f"sqlite:///{self._folder / 'queue.sqlite'}",
            "BILLING_HTTP_BIND": self.url.removeprefix("http://"),
            "BILLING_PUBLIC_URL": self.url,
            "BILLING_METRICS_DIR": str(self._folder / "metrics"),
            "BILLING_CLOCK_OFFSET_FILE": str(self._clock_file),
            "BILLING_CARD_POLL_SECONDS": "1",
        }

    def _prepare(self) -> None:
        container = start(load_settings(self._folder / "none"), log_level="warning")
        container.upgrade_schema()
        example = resources.files("billing.entrypoints.demo").joinpath("catalogue.example.toml")
        container.load_catalogue()(tomllib.loads(example.read_text(encoding="utf-8")), "demo")
        _, self.api_key = container.create_key()("demo shop", Role.OPERATOR, "demo")

    def _launch(self, name: str, *arguments: str) -> None:
        log = (self._folder / f"{name}.log").open("ab")
        self._logs.append(log)
        # a session of its own: Ctrl-C reaches us alone, and we end the children in order
        self._children[name] = subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _until(self, name: str, look: Callable[[], bool | None]) -> None:
        def check() -> bool | None:
            self._require_alive()
            return look()

        eventually(check, f"the start of {name}")

    def _require_alive(self) -> None:
        for name, child in self._children.items():
            if child.poll() is not None:
                tail = (self._folder / f"{name}.log").read_text(errors="replace")[-2000:]
                raise DemoFailed(f"{name} ended with exit code {child.returncode}:\n{tail}")

    def _is_ready(self) -> bool | None:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=5).ok or None
        except requests.RequestException:  # bound and still importing, or not yet bound
            return None


def _given() -> dict[str, str]:
    """Another database or queue may be named from outside; everything else is the demo's own."""
    return {name: os.environ[name] for name in ("BILLING_DATABASE_URL", "BILLING_QUEUE_URL") if name in os.environ}


def _read(env_file: Path) -> dict[str, str]:
    return {name: value for name, value in dotenv_values(env_file).items() if value is not None}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
