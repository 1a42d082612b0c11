"""A shop that does not give up: each call is repeated under its own key until it is answered."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import requests

from tests.integration.whole.installation import REGISTRANT, Installation, a_domain, a_hosting, eventually

PATIENCE_SECONDS = 60.0
_CALL_SECONDS = 10.0
_PAUSE_SECONDS = 0.1


class GaveUp(AssertionError):
    """An answer did not come in a minute of asking."""


@dataclass
class Purchase:
    """An order as its customer knows it; `owed` are the minor units that must come back."""

    order_id: str
    items: tuple[Mapping[str, Any], ...]
    page: str | None = None
    is_paid: bool = False
    wanted: str = "completed"
    owed: int = 0


@dataclass(frozen=True)
class Held:
    """A name and a hosting subscription that a customer has, to be renewed."""

    name: str
    subscription_id: str


class Shop:
    """Buys by the public API, as a storefront's server does; safe for several threads."""

    currency = "USD"

    def __init__(self, installation: Installation) -> None:
        self._installation, self._numbers = installation, count(1)
        self._brand = secrets.token_hex(2)
        self.customer_id = str(self._insist("/v1/customers", _CUSTOMER)["id"])

    # ------------------------------------------------------------------ baskets

    def new_name(self) -> str:
        """One that nobody has ordered yet."""
        return f"shop-{self._brand}-{next(self._numbers)}.rw"

    def a_new_site(self) -> tuple[Mapping[str, Any], ...]:
        """A name and hosting."""
        return a_domain(self.new_name()), a_hosting()

    def more_of(self, held: Held) -> tuple[Mapping[str, Any], ...]:
        """Another year and another month."""
        return (
            {"kind": "domain_renewal", "domain": held.name, "years": 1},
            {"kind": "subscription_renewal", "subscription_id": held.subscription_id, "cycles": 1},
        )

    # ------------------------------------------------------------------ buying

    def order(self, *items: Mapping[str, Any]) -> Purchase:
        """Placed, not paid."""
        basket = {
            "customer_id": self.customer_id,
            "currency": self.currency,
            "contacts": {"registrant": REGISTRANT},
            "items": list(items),
        }
        answer = self._until_answered("POST", "/v1/orders", basket, secrets.token_hex(8))
        if answer.status_code == 409 and (earlier := self._pending_order_of(items)) is not None:
            return Purchase(earlier, items)  # placed by a call whose answer was lost
        return Purchase(str(_good(answer)["id"]), items)

    def start(self, purchase: Purchase) -> Purchase:
        """With a page to pay on, however long that takes to be had."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        key = secrets.token_hex(8)
        while purchase.page is None:
            if time.monotonic() > deadline:
                raise GaveUp(f"no page to pay order {purchase.order_id} on")
            answer = self._call("POST", f"/v1/orders/{purchase.order_id}/payments", self._how_to_pay(), key)
            if answer is not None and answer.ok:
                purchase.page = self._page_of(answer.json())
            elif answer is not None and not _still_runs(answer):
                key = secrets.token_hex(8)
            purchase.page = purchase.page or self._open_page(purchase)
        return purchase

    def pay(self, purchase: Purchase) -> Purchase:
        """The customer presses the button; a page that was closed meanwhile is opened anew."""
        assert purchase.page is not None
        answer = requests.post(purchase.page, data={"act": "pay"}, allow_redirects=False, timeout=_CALL_SECONDS)
        if not answer.is_redirect:
            purchase.page = None
            return self.pay(self.start(purchase))
        purchase.is_paid = True
        return purchase

    def buy(self, *items: Mapping[str, Any]) -> Purchase:
        """Order and pay."""
        return self.pay(self.start(self.order(*items)))

    def refresh(self, purchase: Purchase) -> None:
        """The customer is back on the shop's page."""
        for payment in self._payments(purchase):
            self._insist(f"/v1/payments/{payment['id']}/refresh", None)

    def cancel(self, purchase: Purchase) -> None:
        """The customer thinks better of it."""
        self._insist(f"/v1/orders/{purchase.order_id}/cancel", None)
        purchase.wanted = "cancelled"

    def pay_back(self, purchase: Purchase) -> None:
        """An operator gives all of the money back, and looks before asking twice."""
        order = self._get(f"/v1/orders/{purchase.order_id}")
        path = f"/v1/payments/{order['payments'][0]['id']}/refunds"
        answer = self._until_answered("POST", path, {"reason": "as asked"}, secrets.token_hex(8))
        assert answer.ok or self._get(path), answer.text
        purchase.owed = order["total"]["amount"]

    def price_of(self, purchase: Purchase, item: int) -> int:
        """In minor units."""
        price: int = self._get(f"/v1/orders/{purchase.order_id}")["items"][item]["price"]["amount"]
        return price

    def held_by(self, purchase: Purchase) -> Held:
        """What a completed purchase of a site gave its customer."""
        domain, hosting = self._get(f"/v1/orders/{purchase.order_id}")["items"]
        return Held(domain["domain"], hosting["subscription_id"])

    def hosting_of(self, purchase: Purchase) -> str:
        """The subscription that it opened."""
        items = self._get(f"/v1/orders/{purchase.order_id}")["items"]
        return str(next(item["subscription_id"] for item in items if item["kind"] == "hosting"))

    # ------------------------------------------------------------------ what renews by itself, and saved cards

    def change_plan(self, subscription_id: str, plan: str) -> None:
        """The customer wants another one."""
        self._insist(f"/v1/subscriptions/{subscription_id}/change-plan", {"plan": plan})

    def end(self, subscription_id: str) -> None:
        """The customer wants no more of it, at once."""
        self._insist(f"/v1/subscriptions/{subscription_id}/cancel", {"at": "now"})

    def saved_card(self) -> str:
        """The customer's, which is saved on the provider's page where there is none."""
        path, url = f"/v1/customers/{self.customer_id}/payment-methods", self._installation.url
        if not self._get(path):
            page = self._insist(f"{path}/setup", {"success_url": f"{url}/saved", "cancel_url": f"{url}/account"})
            form = {"act": "pay", "card": _CARD}
            requests.post(page["redirect_url"], data=form, allow_redirects=False, timeout=_CALL_SECONDS)
        return str(eventually(lambda: self._get(path))[0]["id"])

    def charge(self, purchase: Purchase, method_id: str) -> Purchase:
        """The saved card pays; asked again, under another key, only where nothing is under way."""
        body = {"gateway": "stripe", "payment_method": method_id}
        deadline, key = time.monotonic() + PATIENCE_SECONDS, secrets.token_hex(8)
        path = f"/v1/orders/{purchase.order_id}"
        while self._get(path)["status"] == "pending":
            if time.monotonic() > deadline:
                raise GaveUp(f"order {purchase.order_id} is not charged")
            answer = self._call("POST", f"{path}/payments", body, key)
            if answer is not None and not answer.ok and not _still_runs(answer):
                key = secrets.token_hex(8)
            time.sleep(_PAUSE_SECONDS)
        purchase.is_paid = True
        return purchase

    # ------------------------------------------------------------------ calls

    def _how_to_pay(self) -> dict[str, str]:
        url = self._installation.url
        return {"gateway": "stripe", "success_url": f"{url}/thanks", "cancel_url": f"{url}/basket"}

    def _page_of(self, payment: Mapping[str, Any]) -> str | None:
        page: str | None = payment["redirect_url"]
        return page

    def _payments(self, purchase: Purchase) -> list[Any]:
        payments: list[Any] = self._get(f"/v1/orders/{purchase.order_id}")["payments"]
        return payments

    def _open_page(self, purchase: Purchase) -> str | None:
        for payment in self._payments(purchase):
            if payment["status"] == "pending":
                return self._page_of(self._get(f"/v1/payments/{payment['id']}"))
        return None

    def _pending_order_of(self, items: tuple[Mapping[str, Any], ...]) -> str | None:
        wanted = [item.get("domain") for item in items]
        for order in self._get(f"/v1/orders?customer_id={self.customer_id}&status=pending")["data"]:
            if [item.get("domain") for item in order["items"]] == wanted:
                return str(order["id"])
        return None

    def _get(self, path: str) -> Any:
        return _good(self._until_answered("GET", path, None, None))

    def _insist(self, path: str, body: Any) -> Any:
        return _good(self._until_answered("POST", path, body, secrets.token_hex(8)))

    def _until_answered(self, method: str, path: str, body: Any, key: str | None) -> requests.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._call(method, path, body, key)
            if answer is not None and not _still_runs(answer):
                return answer
            if time.monotonic() > deadline:
                raise GaveUp(f"{method} {path}: {answer.text if answer is not None else 'no answer'}")

    def _call(self, method: str, path: str, body: Any, key: str | None) -> requests.Response | None:
        """None, after a short pause, where nothing came or a 5xx: the same call may be made again."""
        headers = {"Authorization": f"Bearer {self._installation.key}", **({"Idempotency-Key": key} if key else {})}
        url = self._installation.url + path
        try:
            answer = requests.request(method, url, json=body, headers=headers, timeout=_CALL_SECONDS)
        except requests.RequestException:
            answer = None
        if answer is None or answer.status_code >= 500 or _still_runs(answer):
            time.sleep(_PAUSE_SECONDS)
        return answer if answer is not None and answer.status_code < 500 else None


_CARD = "4242424242424242"
_CUSTOMER = {"name": "Aline Uwase", "email": "aline@example.rw", "country": "RW"}


def _still_runs(answer: requests.Response) -> bool:
    """Refused only because the first call under the same key has not ended."""
    return answer.status_code == 409 and any(
        error["field"] == "Idempotency-Key" for error in answer.json().get("errors", [])
    )


def _good(answer: requests.Response) -> Any:
    assert answer.ok, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    return answer.json()
