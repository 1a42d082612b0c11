"""A merchant of the sandbox's KPay: calls its endpoint, and takes its postbacks at an address of its own."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import requests

from tests.integration.sandbox.harness import Sandbox

MSISDN = "250788123456"


@dataclass(frozen=True)
class Postback:
    """One that came: how it was labelled, and what was in it."""

    content_type: str
    body: str

    @property
    def told(self) -> Any:
        """What it says, in whichever form."""
        if self.body.startswith("{"):
            return json.loads(self.body)
        fields = dict(parse_qsl(self.body, keep_blank_values=True))
        return json.loads(next(iter(fields))) if len(fields) == 1 else fields


class Shop:
    """Where postbacks come in; they are answered well unless it is told otherwise."""

    def __init__(self) -> None:
        self.received: list[Postback] = []
        self.next_answers: list[tuple[int, Any]] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                postback = Postback(self.headers["Content-Type"], body)
                shop.received.append(postback)
                told = {name: value.strip() for name, value in postback.told.items()}
                good = (200, {"tid": told["tid"], "refid": told["refid"], "reply": "OK"})
                status, answer = shop.next_answers.pop(0) if shop.next_answers else good
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/kpay/token"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def statuses(self) -> list[str]:
        """The statuses that were told, in the order they came."""
        return [postback.told["statusid"] for postback in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Merchant:
    """Who has the account's credentials."""

    def __init__(self, sandbox: Sandbox, shop: Shop) -> None:
        self.sandbox, self.shop = sandbox, shop

    def asks(self, **more: Any) -> Any:
        """What to ask for: 15,000 RWF from a phone."""
        asked = {
            "action": "pay",
            "msisdn": MSISDN,
            "email": "aline@example.rw",
            "details": "example.rw, 1 year",
            "refid": "att_1",
            "amount": 15_000,
            "currency": "RWF",
            "cname": "Aline",
            "cnumber": MSISDN,
            "pmethod": "momo",
            "retailerid": self.sandbox.settings["BILLING_KPAY_RETAILER_ID"],
            "returl": self.shop.url,
            "redirecturl": "http://shop.test/thanks?order=1&again",
        } | more
        return {name: value for name, value in asked.items() if value is not None}

    def post(self, body: Any, *, timeout: float = 10.0, **options: Any) -> requests.Response:
        """Call the endpoint."""
        settings = self.sandbox.settings
        options = {
            "auth": (settings["BILLING_KPAY_USERNAME"], settings["BILLING_KPAY_PASSWORD"]),
            "headers": {"Kpay-Key": settings["BILLING_KPAY_API_KEY"]},
        } | options
        return requests.post(settings["BILLING_KPAY_URL"], json=body, timeout=timeout, **options)

    def pay(self, **more: Any) -> Any:
        """Ask for a payment; HTTP never says how that went."""
        answer = self.post(self.asks(**more))
        assert answer.status_code == 200
        return answer.json()

    def check(self, **named: Any) -> Any:
        """Ask for its status, of `att_1` if not said otherwise."""
        answer = self.post({"action": "checkstatus", **(named or {"refid": "att_1"})})
        assert answer.status_code == 200
        return answer.json()

    def statusid(self) -> Any:
        """The status of `att_1`."""
        return self.check()["statusid"]

    def act(self, act: str, body: Any = None, name: str = "att_1") -> requests.Response:
        """Play whoever pays."""
        return self.sandbox.control("POST", f"/kpay/payments/{name}/{act}", body)

    def switch(self, **switches: Any) -> None:
        """Set how the account is."""
        assert self.sandbox.control("PUT", "/kpay/switches", switches).ok

    def payments(self) -> Any:
        """The payments as the sandbox shows them."""
        return self.sandbox.control("GET", "/state").json()["kpay"]["payments"]

    def payment(self) -> Any:
        """The only one."""
        (payment,) = self.payments()
        return payment

    def postbacks(self) -> Any:
        """Those of the only payment."""
        return self.payment()["postbacks"]
