"""What comes of an order that was paid, told step by step as it shows."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from billing.entrypoints.demo.processes import DemoFailed
from billing.entrypoints.demo.storefront import STEP_SECONDS, Storefront
from billing.entrypoints.demo.telling import Teller, money

_LOOK_SECONDS = 0.02
_NEEDS_PERSON = "requires_attention"


@dataclass(frozen=True)
class Steps:
    """Follows one order after another."""

    storefront: Storefront
    tell: Teller

    def paid(self, payment_id: str, heard_by: str) -> None:
        """The attempt is decided; `heard_by` is the word of it that came."""
        payment = self.storefront.until(f"/v1/payments/{payment_id}", _is_decided, f"the {heard_by}")
        if payment["received"] is None:
            raise DemoFailed(f"the payment is {payment['status']}: {payment['reason']}")
        self.tell(heard_by, f"payment {payment['status']}, {money(payment['received'])} received")

    def delivered(self, order_id: str, end: str) -> dict[str, Any]:
        """The order as it ended, which must be so."""
        for step, detail in self._steps(order_id, end):
            self.tell(step, detail)
        return self.storefront.get(f"/v1/orders/{order_id}")

    def taken(self, name: str) -> None:
        """Somebody else is faster."""
        self.storefront.occupy(name)
        self.tell("registry", f"{name} was just registered by somebody else, elsewhere")

    def held(self, name: str) -> None:
        """The registry has made it once."""
        registry = self.storefront.world()["registry"]
        held = [domain for domain in registry["domains"] if domain["name"] == name]
        if len(held) != 1 or held[0]["creates"] != 1:
            raise DemoFailed(f"the registry shows {held} for {name}")
        self.tell("registry", f"{name} is held by {held[0]['registrant']} until {held[0]['expires']}: 1 create")

    def _steps(self, order_id: str, end: str) -> Iterator[tuple[str, str]]:
        """Each as soon as it shows."""
        seen: dict[str, str] = {}
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            order = self.storefront.get(f"/v1/orders/{order_id}")
            for item in order["items"]:
                state = f"{item['status']}" + (f": {item['reason']}" if item.get("reason") else "")
                if seen.get(item["id"]) != state and item["status"] not in ("unpaid", "due"):
                    seen[item["id"]] = state
                    yield _subject(item), state
            if order["status"] == end:
                yield "order", end
                return
            if order["status"] == _NEEDS_PERSON:
                raise DemoFailed(order["reason"])
            time.sleep(_LOOK_SECONDS)
        raise DemoFailed(f"the order is still {order['status']}")


def _is_decided(payment: dict[str, Any]) -> bool:
    return bool(payment["status"] != "pending")


def _subject(item: dict[str, Any]) -> str:
    return "domain" if item["kind"].startswith("domain") else "hosting"
