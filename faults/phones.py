"""The same shop for those who pay in francs by KPay: asked on the phone, they approve or decline."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from faults.shop import PATIENCE_SECONDS, GaveUp, Purchase, Shop
from tests.integration.whole.installation import eventually

_PHONE = "0788 123 434"
_CALL_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_CUSTOMERS_WAIT = ("pending", "expired", "cancelled")
"""Attempts that a phone may still ask about: nothing at KPay expires, and nothing of it can be called off."""


class PhoneShop(Shop):
    """Sells by mobile money; the `page` of a purchase is the attempt that its customer is to approve."""

    currency = "RWF"

    def pay(self, purchase: Purchase) -> Purchase:
        """The customer approves as soon as the phone asks; one whose attempt is over asks for another."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not any(self._approve(attempt) for attempt in self._attempts(purchase)):
            if time.monotonic() > deadline:
                raise GaveUp(f"no phone is asked to pay order {purchase.order_id}")
            if not self._is_open(purchase):
                purchase.page = None
                self.start(purchase)
            time.sleep(_PAUSE_SECONDS)
        purchase.is_paid = True
        return purchase

    def decline(self, purchase: Purchase) -> Purchase:
        """The customer says no, and may ask for another attempt once the shop knows."""
        attempt = purchase.page
        eventually(lambda: self._play(f"{attempt}/decline"))
        eventually(lambda: self._get(f"/v1/payments/{attempt}")["status"] == "failed")
        purchase.page = None
        return purchase

    def owed_by_hand(self, purchase: Purchase) -> list[str]:
        """The refunds of it that wait for an operator."""
        asked = [refund for refund in self._refunds(purchase) if refund["status"] == "pending" and refund["attention"]]
        return [str(refund["id"]) for refund in asked]

    def settle(self, purchase: Purchase) -> Purchase:
        """An operator pays back by hand all that is asked for, and says so."""
        for refund_id in eventually(lambda: self.owed_by_hand(purchase)):
            self._insist(f"/v1/refunds/{refund_id}/settle", {"succeeded": True, "why": "paid by hand"})
        return purchase

    # ------------------------------------------------------------------ the customer and the phone

    def _attempts(self, purchase: Purchase) -> Iterator[str]:
        """What the customer was shown last, then what else the phone may ask about."""
        if purchase.page is not None:
            yield purchase.page
        for payment in reversed(self._payments(purchase)):
            if payment["id"] != purchase.page and payment["status"] in _CUSTOMERS_WAIT:
                yield str(payment["id"])

    def _approve(self, attempt: str) -> bool:
        return self._play(f"{attempt}/approve")

    def _play(self, act: str) -> bool:
        """Whether KPay knows the attempt; what has succeeded before is as good."""
        url = f"{self._installation.control_url}/kpay/payments/{act}"
        answer = requests.post(url, timeout=_CALL_SECONDS)
        assert answer.ok or answer.status_code in (404, 409), answer.text
        return answer.status_code != 404

    def _is_open(self, purchase: Purchase) -> bool:
        return any(payment["status"] == "pending" for payment in self._payments(purchase))

    # ------------------------------------------------------------------ calls

    def _how_to_pay(self) -> dict[str, str]:
        back = f"{self._installation.url}/thanks"
        return {"gateway": "kpay", "method": "momo", "phone": _PHONE, "return_url": back}

    def _page_of(self, payment: Mapping[str, Any]) -> str | None:
        return str(payment["id"])

    def _refunds(self, purchase: Purchase) -> list[Any]:
        return [refund for one in self._payments(purchase) for refund in self._get(f"/v1/payments/{one['id']}/refunds")]
