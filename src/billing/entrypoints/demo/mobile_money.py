"""The third act: mobile money, where the word that comes is only a hint, and what goes back is paid by a person."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from billing.entrypoints.demo.processes import DemoFailed, eventually
from billing.entrypoints.demo.steps import Steps
from billing.entrypoints.demo.storefront import STEP_SECONDS, Storefront, new_name
from billing.entrypoints.demo.telling import Teller, money

_PHONE = "0788 123 434"
_PAID = "01"
_BY_HAND = "requires_manual_refund"


@dataclass(frozen=True)
class MobileMoney:
    """Two orders in RWF, paid on a phone; `command` runs a command of ours, as an operator does."""

    storefront: Storefront
    tell: Teller
    steps: Steps
    command: Callable[..., str]

    def play(self) -> None:
        """DemoFailed unless one is delivered, and the other's refund is left to a person, who settles it."""
        name = new_name()
        self.tell.chapter(f"A customer without a card buys {name} and hosting by mobile money")
        order, payment = self._order(name)
        self._approve(payment)
        self.steps.delivered(order["id"], "completed")
        self.steps.held(name)
        self._mailed(order, "is registered")
        self._paid_back()

    def offer(self) -> str:
        """Our own page of another order, for a person to pay by phone."""
        return self.storefront.pay_link(self.storefront.order(new_name(), "RWF"))

    # ------------------------------------------------------------------ steps

    def _paid_back(self) -> None:
        name = new_name()
        self.tell.chapter(f"Another buys {name} so, and somebody else is faster")
        order, payment = self._order(name)
        self.steps.taken(name)
        self._approve(payment)
        path, what = f"/v1/payments/{payment['id']}", "the refund that is left to a person"
        (refund,) = self.storefront.until(path, _waits_for_person, what)["refunds"]
        if refund["status"] != "pending" or refund["amount"] != order["items"][0]["price"]:
            raise DemoFailed(f"the refund is {refund}")
        self.tell("operator", refund["attention"])
        why = "paid back from our own phone"
        self.command("refunds", "settle", refund["id"], "--as", "succeeded", "--why", why)
        self.tell("operator", f"billing refunds settle {refund['id']} --as succeeded --why '{why}'")
        self.steps.delivered(order["id"], "partially_completed")
        self._mailed(order, "paid back")

    def _order(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        order = self.storefront.order(name, "RWF")
        self.tell("order", f"{order['number']}, {money(order['total'])}, {order['status']}")
        payment = self.storefront.ask_phone(order, _PHONE)
        at = self.storefront.payment_at_kpay(payment)
        self.tell("push", f"{payment['operator']} asks on the phone: {self.storefront.phones}{at['msisdn']}")
        return order, payment

    def _approve(self, payment: dict[str, Any]) -> None:
        self.storefront.approve(payment)
        self.tell("phone", "approved")
        told = eventually(lambda: self._hinted(payment), "the postback", STEP_SECONDS)
        self.tell("postback", f"says {told['statusid']}, unsigned: a hint, so KPay is asked")
        self.steps.paid(payment["id"], "checkstatus")
        if not self.storefront.payment_at_kpay(payment)["checks"]:
            raise DemoFailed("the payment was believed without asking KPay")

    def _hinted(self, payment: dict[str, Any]) -> dict[str, Any] | None:
        told: list[dict[str, Any]] = self.storefront.payment_at_kpay(payment)["postbacks"]
        return next((one for one in told if one["state"] == "delivered" and one["statusid"] == _PAID), None)

    def _mailed(self, order: dict[str, Any], words: str) -> None:
        def arrived() -> dict[str, Any] | None:
            mine = (mail for mail in self.storefront.mails() if order["number"] in mail["text"])
            return next((mail for mail in mine if words in mail["subject"]), None)

        self.tell.mail(eventually(arrived, f"the mail that says {words}", STEP_SECONDS))


def _waits_for_person(payment: dict[str, Any]) -> bool:
    return any((refund["attention"] or "").startswith(_BY_HAND) for refund in payment["refunds"])
