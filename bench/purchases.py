"""Orders that are paid at the provider, and the provider's genuine events about them, kept back to be delivered."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests

from bench.signing import body_of
from tests.integration.whole.installation import Installation, a_domain, a_hosting

_SHOPS = 6
_NUMBERS = count(1)
TELLS_OF_PAYMENT, TELLS_LATER = "checkout.session.completed", "payment_intent.succeeded"


@dataclass(frozen=True)
class Purchase:
    """An order, the event that tells of its payment, and another that tells the same later."""

    order_id: str
    domain: str
    first: str
    later: str


def keep_back_events(installation: Installation) -> None:
    """What happens at the provider is told to nobody: the load generator will."""
    installation.control("PUT", "/faults", {"faults": [{"point": "stripe.webhooks.deliver", "kind": "lose"}]})


def buy(installation: Installation, number: int) -> Sequence[Purchase]:
    """So many orders of a name and hosting, each paid; billing has not heard of it yet."""
    keep_back_events(installation)
    installation.customer()
    with ThreadPoolExecutor(_SHOPS) as shops:
        bought = list(shops.map(lambda _: _buy_one(installation), range(number)))
    told = _events_by_payment(installation)
    return [
        Purchase(order_id, domain, body_of(told[payment_id, TELLS_OF_PAYMENT]), body_of(told[payment_id, TELLS_LATER]))
        for order_id, domain, payment_id in bought
    ]


def _buy_one(installation: Installation) -> tuple[str, str, str]:
    domain = f"bench-{next(_NUMBERS)}-{time.time_ns():x}.rw"
    order = installation.order(a_domain(domain), a_hosting())
    payment = installation.start(order)
    installation.pay(payment)
    return order["id"], domain, payment["id"]


def _events_by_payment(installation: Installation) -> dict[tuple[str, str], Any]:
    base, key = (installation.settings[f"BILLING_STRIPE_{name}"] for name in ("API_BASE", "API_KEY"))
    found: dict[tuple[str, str], Any] = {}
    page: dict[str, Any] = {"limit": 100}
    with requests.Session() as provider:
        provider.auth = (key, "")
        while True:
            answer = provider.get(f"{base}/v1/events", params=page, timeout=30)
            answer.raise_for_status()
            events = answer.json()
            for event in events["data"]:
                if event["type"] in (TELLS_OF_PAYMENT, TELLS_LATER):
                    found[event["data"]["object"]["metadata"]["payment_id"], event["type"]] = event
            if not events["has_more"]:
                return found
            page["starting_after"] = events["data"][-1]["id"]
