"""The page about an order: what is in it, what it costs, until when, and the ways to pay it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from billing.application.ledger import Ledger
from billing.application.money.paying import RefreshPayment, StartPayment
from billing.application.ports import Clock
from billing.application.telling.notifications import describe_item
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Invalid
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment, PaymentStatus
from billing.entrypoints.http.gateways import Gateways, with_payer
from billing.entrypoints.http.pay.declines import kpay_reason, reason
from billing.entrypoints.http.pay.subjects import Sight, Subject
from billing.entrypoints.http.pay.ways import ways_for
from billing.entrypoints.http.schemas.payments import next_step, page_of
from billing.entrypoints.kpay_settings import KPAY


@dataclass(frozen=True)
class OrderSubject(Subject):
    """Pays an order."""

    words: ClassVar[Mapping[str, str]] = {"phone": "phone", "gateway": "unfit", "method": "unfit"}

    ledger: Ledger
    start_payment: StartPayment
    refresh_payment: RefreshPayment
    gateways: Gateways
    clock: Clock

    def look(self, subject_id: str) -> Sight:
        """The order, with a form while it can be paid."""
        return self._see("order.html", subject_id)

    def act(self, subject_id: str, form: Mapping[str, str], here: str, by: str) -> str:
        """Start an attempt: to the provider's page, or to how it stands where there is no page to go to."""
        ways = self.ledger.read(lambda uow: ways_for(uow, uow.orders.get(subject_id), self.gateways))
        chosen = next((way for way in ways if way.value == form.get("way")), None)
        if chosen is None:
            raise Invalid("way", "one of those on the page")
        options = with_payer(self.ledger, subject_id, chosen.gateway, chosen.options(form, here))
        payment = self.start_payment(subject_id, chosen.gateway, options, by)
        if payment.needs_customer and chosen.instead is not None:  # and here the customer is
            payment = self.start_payment(subject_id, chosen.gateway, chosen.instead(form, here), by)
        return page_of(payment) or f"{here}/status"

    def status(self, subject_id: str, by: str) -> Sight:
        """How the last attempt stands; the provider is asked while it may still be paid."""
        order = self.ledger.read(lambda uow: uow.orders.get(subject_id))
        last = order.payments[-1] if order.payments else None
        if last is not None and (last.is_open or _is_late_payable(last, self.clock())):
            self.refresh_payment(last.id, by)
        return self._see("order_status.html", subject_id)

    def _see(self, template: str, order_id: str) -> Sight:
        reachable = self.gateways.reachable()
        return self.ledger.read(lambda uow: self._sight(uow, template, order_id, reachable))

    def _sight(self, uow: UnitOfWork, template: str, order_id: str, reachable: Sequence[str]) -> Sight:
        order = uow.orders.get(order_id)
        last = order.payments[-1] if order.payments else None
        state = standing(order, self.clock())
        ways = ways_for(uow, order, self.gateways) if state == "open" else []
        filled: dict[str, Any] = {
            "number": order.number,
            "items": [describe_item(uow, item) for item in order.items],
            "total": str(order.total),
            "expires": f"{order.expires_at:%Y-%m-%d %H:%M}",
            "state": state,
            "attempt": _tried(last),
            "why": _why(last),
            "provider_page": page_of(last) if last else None,
            "push": _push_of(last) if last else None,
            "wait_seconds": self.gateways.wait_seconds(order, self.clock()),
            "ways": [way for way in ways if way.gateway in reachable],
            "away": [way for way in ways if way.gateway not in reachable],
        }
        language = uow.customers.get(order.customer_id).language
        to_come = filled["attempt"] == "open" or (last is not None and _is_late_payable(last, self.clock()))
        undecided = state == "waiting" or (state == "open" and to_come)
        return Sight(template=template, language=language, filled=filled, is_undecided=undecided)


def standing(order: Order, now: datetime) -> str:
    """What a customer needs to know of it: whether it can be paid, and if not, why."""
    if order.is_paid:
        return "refunded" if order.status is OrderStatus.REFUNDED else "paid"
    if order.closed_as is not None:
        return order.closed_as.value
    if order.status is not OrderStatus.PENDING:
        return "attention"
    if now >= order.expires_at:
        return OrderStatus.EXPIRED.value
    under_way = any(payment.is_open and payment.under_way for payment in order.payments)
    return "waiting" if under_way else "open"


def _tried(last: Payment | None) -> str:
    """How the last attempt went: not at all, still open (and for whom it waits), or to nothing."""
    if last is None:
        return "none"
    if last.needs_customer:
        return "needs_customer"
    return "open" if last.is_open else "failed"


def _why(last: Payment | None) -> Mapping[str, str] | None:
    """Why the last attempt brought no money, where that is known; it may still be open, on a page that says more."""
    if last is None or last.has_money or last.needs_customer:
        return None
    return kpay_reason(last.why) if last.gateway == KPAY else reason(last.why)


def _is_late_payable(last: Payment, now: datetime) -> bool:
    """Whether it was declined and may be paid all the same: on KPay's page, by another card."""
    is_declined = last.status is PaymentStatus.FAILED and last.gateway == KPAY and last.redirect_url is not None
    return is_declined and now < last.expires_at


def _push_of(payment: Payment) -> Mapping[str, str] | None:
    """Where the provider has asked for the payment, as far as whoever has the link may know."""
    if payment.gateway != KPAY or next_step(payment) != "approve_on_phone":
        return None
    return {"operator": payment.options.get("operator", ""), "ending": payment.options.get("phone", "")[-2:]}
