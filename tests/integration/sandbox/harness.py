"""The sandbox as a process, a webhook endpoint for it to speak to, and waiting for what they do."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import requests
import stripe

DEADLINE_SECONDS = 20.0
PAID_EVENTS = {
    "payment_intent.created",
    "payment_intent.succeeded",
    "charge.succeeded",
    "checkout.session.completed",
}
"""What one paid session is told by."""
Seen = TypeVar("Seen")

stripe.enable_telemetry = False


def eventually(look: Callable[[], Seen]) -> Seen:
    """What `look` sees, once it is something; fails at the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if seen := look():
            return seen
        time.sleep(0.02)
    raise AssertionError(f"not seen within {DEADLINE_SECONDS} s")


class Endpoint:
    """A webhook endpoint that keeps what it is sent and answers with the statuses it is given."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.next_statuses: list[int] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                endpoint.received.append((body, self.headers["Stripe-Signature"]))
                self.send_response(endpoint.next_statuses.pop(0) if endpoint.next_statuses else 200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/stripe"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def events(self) -> list[Any]:
        """The events, in the order they came."""
        return [json.loads(body) for body, _ in self.received]

    def types(self) -> list[str]:
        """Their types."""
        return [event["type"] for event in self.events()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Sandbox:
    """The process, and both ways to speak to it."""

    def __init__(self, directory: Path, webhook_url: str, *options: str) -> None:
        self._directory, self._webhook_url, self._options = directory, webhook_url, options or ("--without-epp",)
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "billing_sandbox", *self._options, "--dir", str(self._directory)]
        self.process = subprocess.Popen([*command, "--webhook-url", self._webhook_url])
        environment = self._directory / "sandbox.env"
        text = eventually(lambda: environment.exists() and environment.read_text())
        assert isinstance(text, str)
        self.settings = dict(line.split("=", 1) for line in text.splitlines())
        self.api = self.client().v1

    def client(self, **options: Any) -> stripe.StripeClient:
        base, key = self.settings["BILLING_STRIPE_API_BASE"], self.settings["BILLING_STRIPE_API_KEY"]
        return stripe.StripeClient(key, base_addresses={"api": base}, max_network_retries=0, **options)

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.settings["SANDBOX_CONTROL_URL"] + path, json=body, timeout=10)

    def state(self) -> Any:
        return self.control("GET", "/state").json()["stripe"]

    def act(self, session: stripe.checkout.Session, act: str) -> requests.Response:
        return self.control("POST", f"/stripe/sessions/{session.id}/{act}")

    def fault(self, point: str, kind: str, **more: Any) -> None:
        fault = {"point": point, "kind": kind, "times": 1, **more}
        assert self.control("PUT", "/faults", {"faults": [fault]}).ok

    def stop(self) -> None:
        """Ask it to end, which it must do well."""
        self.process.terminate()
        assert self.process.wait(timeout=10) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        (self._directory / "sandbox.env").unlink(missing_ok=True)


def an_order(**more: Any) -> Any:
    """What to create a session with: two things at 15,000 RWF."""
    price = {"currency": "rwf", "unit_amount": 15_000, "product_data": {"name": "example.rw, 1 year"}}
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 2}],
        "success_url": "http://shop.test/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/basket",
        "metadata": {"payment": "pay_1"},
        "payment_intent_data": {"metadata": {"payment": "pay_1"}},
        **more,
    }
