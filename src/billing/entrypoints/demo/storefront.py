"""What a shop's own web site does: calls the public API, and sends its customers to the provider's page."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from billing.entrypoints.demo.processes import DemoFailed, Shop, eventually

STEP_SECONDS = 30.0
_REGISTRANT = {
    "name": "Aline Uwase",
    "email": "aline@example.rw",
    "phone": "+250.788000000",
    "street": ["KN 5 Rd"],
    "city": "Kigali",
    "country": "RW",
}


@dataclass(frozen=True)
class Storefront:
    """One shop, one customer, and the hands of the outside world."""

    shop: Shop

    def order(self, name: str, currency: str = "USD") -> dict[str, Any]:
        """A domain for a year, and its hosting for a month that renews by itself."""
        asked = {"name": "Aline Uwase", "email": "aline@example.rw", "country": "RW"}
        customer = self.post("/v1/customers", asked)
        return self.post("/v1/orders", _basket(customer["id"], name, currency))

    def start_payment(self, order: dict[str, Any]) -> dict[str, Any]:
        """An attempt with a page to pay on."""
        addresses = {"success_url": f"{self.shop.url}/health/live", "cancel_url": f"{self.shop.url}/health/live"}
        return self.post(f"/v1/orders/{order['id']}/payments", {"gateway": "stripe", **addresses})

    def ask_phone(self, order: dict[str, Any], phone: str) -> dict[str, Any]:
        """An attempt that the owner of a phone approves."""
        options = {"gateway": "kpay", "method": "momo", "phone": phone, "return_url": f"{self.shop.url}/health/live"}
        return self.post(f"/v1/orders/{order['id']}/payments", options)

    def pay_link(self, order: dict[str, Any]) -> str:
        """To our own page, as the mail about the order has it."""

        def look() -> str | None:
            texts = (mail["text"] for mail in self.mails() if order["number"] in mail["subject"])
            found = (re.search(rf"{re.escape(self.shop.url)}/pay/\S+", text) for text in texts)
            return next((link[0] for link in found if link), None)

        return eventually(look, "the mail with a link to pay", STEP_SECONDS)

    def pay(self, page: str) -> None:
        """What the browser of a person who presses Pay sends."""
        answer = requests.post(page, data={"act": "pay"}, allow_redirects=False, timeout=STEP_SECONDS)
        if not answer.is_redirect:
            raise DemoFailed(f"the provider's page answered {answer.status_code}")

    # ------------------------------------------------------------------ the outside world

    def world(self) -> dict[str, Any]:
        """What registry, provider and mailbox hold."""
        state: dict[str, Any] = requests.get(f"{self.shop.control_url}/state", timeout=STEP_SECONDS).json()
        return state

    def mails(self) -> list[dict[str, Any]]:
        """All that have arrived."""
        mails: list[dict[str, Any]] = self.world()["mail"]
        return mails

    def payment_at_kpay(self, payment: dict[str, Any]) -> dict[str, Any]:
        """What KPay holds for an attempt of ours."""
        known: list[dict[str, Any]] = self.world()["kpay"]["payments"]
        return next(one for one in known if one["refid"] == payment["id"])

    @property
    def phones(self) -> str:
        """Where whoever holds a phone is asked."""
        return f"{self.shop.control_url}/phone/"

    def approve(self, payment: dict[str, Any]) -> None:
        """What the browser of a person sends who presses Approve on the phone."""
        asked = self.payment_at_kpay(payment)
        form = {"tid": asked["tid"], "act": "approve"}
        address = f"{self.phones}{asked['msisdn']}"
        answer = requests.post(address, data=form, allow_redirects=False, timeout=STEP_SECONDS)
        if not answer.is_redirect:
            raise DemoFailed(f"the phone answered {answer.status_code}")

    def occupy(self, name: str) -> None:
        """Somebody else registers the name, elsewhere."""
        address = f"{self.shop.control_url}/registry/domains/{name}/occupy"
        self._answer(requests.post(address, json={}, timeout=STEP_SECONDS))

    def move_time(self, seconds: float) -> None:
        """Both business clocks go on: ours first, so that nothing of the world's comes to us from the future."""
        offset = float(self.shop.clock_file.read_text()) + seconds
        written = self.shop.clock_file.with_suffix(".new")
        written.write_text(str(offset))
        written.replace(self.shop.clock_file)  # whoever reads it finds the one or the other number
        address = f"{self.shop.control_url}/clock/advance"
        self._answer(requests.post(address, json={"seconds": seconds}, timeout=STEP_SECONDS))

    def now(self) -> datetime:
        """By the business clocks."""
        return datetime.now(UTC) + timedelta(seconds=float(self.shop.clock_file.read_text()))

    # ------------------------------------------------------------------ the public API

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One call, under an idempotency key of its own."""
        headers = {**self._headers(), "Idempotency-Key": secrets.token_hex(16)}
        return self._answer(requests.post(self.shop.url + path, json=body, headers=headers, timeout=STEP_SECONDS))

    def get(self, path: str) -> dict[str, Any]:
        """One look."""
        return self._answer(requests.get(self.shop.url + path, headers=self._headers(), timeout=STEP_SECONDS))

    def until(self, path: str, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Look again until it is so."""

        def look() -> dict[str, Any] | None:
            found = self.get(path)
            return found if is_so(found) else None

        return eventually(look, what, STEP_SECONDS)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.shop.api_key}"}

    def _answer(self, response: requests.Response) -> dict[str, Any]:
        if not response.ok:
            raise DemoFailed(
                f"{response.request.method} {response.url} answered {response.status_code}: {response.text}"
            )
        answer: dict[str, Any] = response.json()
        return answer


def new_name() -> str:
    """One that nobody has yet."""
    return f"example-{secrets.token_hex(3)}.rw"


def _basket(customer_id: str, name: str, currency: str) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "currency": currency,
        "contacts": {"registrant": _REGISTRANT},
        "items": [
            {"kind": "domain_registration", "domain": name, "years": 1},
            {"kind": "hosting", "plan": "starter", "cycle": "monthly", "domain": name, "auto_renew": True},
        ],
    }
