"""The first act: two purchases as a shop makes them; one is delivered, one can't be and is paid back."""

from dataclasses import dataclass
from typing import Any

from billing.entrypoints.demo.processes import DemoFailed, eventually
from billing.entrypoints.demo.steps import Steps
from billing.entrypoints.demo.storefront import STEP_SECONDS, Storefront, new_name
from billing.entrypoints.demo.telling import Teller, money

_OF_THE_SECOND = 5
"""Mails about the second order: received, paid, hosting active, name not delivered, paid back."""


@dataclass(frozen=True)
class Story:
    """A customer, two orders, and what the workers make of them."""

    storefront: Storefront
    tell: Teller
    steps: Steps

    def play(self) -> dict[str, Any]:
        """The order that was delivered, whose hosting renews by itself.

        DemoFailed unless all of it comes true, and the registry, the provider and the mailbox confirm it.
        """
        delivered = self._delivered()
        refunded = self._paid_back()
        self._mails(refunded)
        return delivered

    def offer(self) -> str:
        """The page of another order, for a person to pay."""
        page: str = self.storefront.start_payment(self.storefront.order(new_name()))["redirect_url"]
        return page

    # ------------------------------------------------------------------ chapters

    def _delivered(self) -> dict[str, Any]:
        name = new_name()
        self.tell.chapter(f"A customer buys {name} and a month of hosting that renews by itself")
        order, payment = self._order(name)
        self._pay(payment)
        self.steps.paid(payment["id"], "webhook")
        delivered = self.steps.delivered(order["id"], "completed")
        self.steps.held(name)
        return delivered

    def _paid_back(self) -> str:
        """The number of the order."""
        name = new_name()
        self.tell.chapter(f"Another buys {name}, and somebody else is faster")
        order, payment = self._order(name)
        self.steps.taken(name)
        self._pay(payment)
        self.steps.paid(payment["id"], "webhook")
        self.steps.delivered(order["id"], "partially_completed")
        (refund,) = self.storefront.get(f"/v1/payments/{payment['id']}")["refunds"]
        if refund["status"] != "succeeded" or refund["amount"] != order["items"][0]["price"]:
            raise DemoFailed(f"the refund is {refund}")
        self.tell("refund", f"{money(refund['amount'])} {refund['status']}: exactly the price of the name")
        return str(order["number"])

    def _mails(self, order: str) -> None:
        def arrived() -> list[dict[str, Any]] | None:
            mails = self.storefront.mails()
            mine = [mail for mail in mails if order in mail["text"]]
            return mails if len(mine) >= _OF_THE_SECOND else None

        self.tell.chapter("What they were told")
        for mail in eventually(arrived, "the mails", STEP_SECONDS):
            self.tell.mail(mail)

    # ------------------------------------------------------------------ steps

    def _order(self, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
        order = self.storefront.order(name)
        self.tell("order", f"{order['number']}, {money(order['total'])}, {order['status']}")
        payment = self.storefront.start_payment(order)
        self.tell("session", payment["redirect_url"])
        return order, payment

    def _pay(self, payment: dict[str, Any]) -> None:
        self.storefront.pay(payment["redirect_url"])
        self.tell("paid", "on the provider's page")
