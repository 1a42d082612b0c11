"""One purchase as a shop makes it: by the public API, paid on the provider's page, told with the time of each step."""

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from rich.console import Console

from billing.entrypoints.demo.processes import DemoFailed, Shop, eventually

_STEP_SECONDS = 30.0
_REGISTRANT = {
    "name": "Aline Uwase",
    "email": "aline@example.rw",
    "phone": "+250.788000000",
    "street": ["KN 5 Rd"],
    "city": "Kigali",
    "country": "RW",
}


@dataclass
class Story:
    """A customer, an order, a payment, and what the workers make of it."""

    shop: Shop
    console: Console
    began: float = field(default_factory=time.monotonic)

    def play(self) -> None:
        """DemoFailed unless the order is completed and the registry confirms the name."""
        name = _new_name()
        self.console.print(f"[bold]A customer buys {name} and a month of hosting[/]")
        order = self._order(name)
        self._tell("order", f"{order['number']}, {_money(order['total'])}, {order['status']}")
        payment = self._start_payment(order)
        self._tell("session", payment["redirect_url"])
        self._pay(payment["redirect_url"])
        self._tell("paid", "on the provider's page")
        for step, detail in self._follow(order["id"], payment["id"]):
            self._tell(step, detail)
        self._confirm(name)
        self.console.print(f"[bold green]Done[/] in {time.monotonic() - self.began:.1f} s.")

    def offer(self) -> str:
        """The page of another order, for a person to pay."""
        page: str = self._start_payment(self._order(_new_name()))["redirect_url"]
        return page

    def _order(self, name: str) -> dict[str, Any]:
        customer = self._post("/v1/customers", {"name": "Aline Uwase", "email": "aline@example.rw", "country": "RW"})
        return self._post("/v1/orders", _basket(customer["id"], name))

    def _start_payment(self, order: dict[str, Any]) -> dict[str, Any]:
        addresses = {"success_url": f"{self.shop.url}/health/live", "cancel_url": f"{self.shop.url}/health/live"}
        return self._post(f"/v1/orders/{order['id']}/payments", {"gateway": "stripe", **addresses})

    def _pay(self, page: str) -> None:
        """What the browser of a person who presses Pay sends."""
        answer = requests.post(page, data={"act": "pay"}, allow_redirects=False, timeout=_STEP_SECONDS)
        if not answer.is_redirect:
            raise DemoFailed(f"the provider's page answered {answer.status_code}")

    def _follow(self, order_id: str, payment_id: str) -> Iterator[tuple[str, str]]:
        """Each step as soon as it shows."""
        settled = self._until(f"/v1/payments/{payment_id}", lambda found: found["status"] != "pending", "the webhook")
        yield "webhook", f"payment {settled['status']}, {_money(settled['received'])} received"
        seen: dict[str, str] = {}
        deadline = time.monotonic() + _STEP_SECONDS
        while time.monotonic() < deadline:
            order = self._get(f"/v1/orders/{order_id}")
            for item in order["items"]:
                state = f"{item['status']}" + (f": {item['reason']}" if item.get("reason") else "")
                if seen.get(item["id"]) != state and item["status"] not in ("unpaid", "due"):
                    seen[item["id"]] = state
                    yield _subject(item), state
            if order["status"] == "completed":
                yield "order", "completed"
                return
            if order["status"] == "requires_attention":
                raise DemoFailed(order["reason"])
            time.sleep(0.02)
        raise DemoFailed(f"the order is still {order['status']}")

    def _confirm(self, name: str) -> None:
        registry = requests.get(f"{self.shop.control_url}/state", timeout=_STEP_SECONDS).json()["registry"]
        held = [domain for domain in registry["domains"] if domain["name"] == name]
        if len(held) != 1 or held[0]["creates"] != 1:
            raise DemoFailed(f"the registry shows {held} for {name}")
        self._tell("registry", f"{name} is held by {held[0]['registrant']} until {held[0]['expires']}: 1 create")

    def _tell(self, step: str, detail: str) -> None:
        now = datetime.now(UTC)
        self.console.print(
            f"  {now:%H:%M:%S}.{now.microsecond // 1000:03}  +{time.monotonic() - self.began:6.3f} s  "
            f"[cyan]{step:<14}[/] {detail}",
            soft_wrap=True,
        )

    # ------------------------------------------------------------------ the public API

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        key = {"Idempotency-Key": secrets.token_hex(16)}
        return self._answer(requests.post(
            self.shop.url + path, json=body, headers={**self._headers(), **key}, timeout=_STEP_SECONDS
        ))  # fmt: skip

    def _get(self, path: str) -> dict[str, Any]:
        return self._answer(requests.get(self.shop.url + path, headers=self._headers(), timeout=_STEP_SECONDS))

    def _until(self, path: str, is_so: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            found = self._get(path)
            return found if is_so(found) else None

        return eventually(look, what, _STEP_SECONDS)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.shop.api_key}"}

    def _answer(self, response: requests.Response) -> dict[str, Any]:
        if not response.ok:
            raise DemoFailed(
                f"{response.request.method} {response.url} answered {response.status_code}: {response.text}"
            )
        answer: dict[str, Any] = response.json()
        return answer


def _new_name() -> str:
    return f"example-{secrets.token_hex(3)}.rw"


def _basket(customer_id: str, name: str) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        "currency": "USD",
        "contacts": {"registrant": _REGISTRANT},
        "items": [
            {"kind": "domain_registration", "domain": name, "years": 1},
            {"kind": "hosting", "plan": "starter", "cycle": "monthly", "domain": name},
        ],
    }


def _money(money: dict[str, Any]) -> str:
    from billing.domain.money import Money

    return str(Money(money["amount"], money["currency"]))


def _subject(item: dict[str, Any]) -> str:
    return "domain" if item["kind"].startswith("domain") else "hosting"
