"""The page about hosting: what is owed for it, and how to pay that at once, with the saved card or another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from billing.application.expiry.hosting_renewals import OrderPeriod
from billing.application.ledger import Ledger
from billing.application.ports import Clock, Ids
from billing.application.subscriptions.another_card import PutInCard, is_under_way
from billing.application.subscriptions.owed import owed_of
from billing.application.subscriptions.owing import PayOwed
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Invalid
from billing.domain.invoice import Invoice
from billing.domain.money import total
from billing.domain.subscription import Subscription, SubscriptionStatus
from billing.domain.wallet import PaymentMethod
from billing.entrypoints.http.pay.declines import reason
from billing.entrypoints.http.pay.links import PayLinks
from billing.entrypoints.http.pay.subjects import Sight, Subject

_ONCE_CHARS_MAX = 40


@dataclass(frozen=True)
class SubscriptionSubject(Subject):
    """Pays what is owed for hosting; an order of the next period, where no provider bills it, has a page of its own."""

    ledger: Ledger
    pay_owed: PayOwed
    put_in_card: PutInCard
    order_period: OrderPeriod
    links: PayLinks
    ids: Ids
    clock: Clock

    def look(self, subject_id: str) -> Sight:
        """What is owed, with a form while anything is."""
        return self.ledger.read(lambda uow: self._sight(uow, subject_id, is_asking=False))

    def act(self, subject_id: str, form: Mapping[str, str], here: str, by: str) -> str:
        """Try the saved card, or go where another is put in, the provider asks what it must, or an order is paid."""
        match form.get("act"):
            case "pay":
                self.pay_owed(subject_id, _once(form), by)
            case "add":
                pages = {"success_url": f"{here}/status", "cancel_url": here}
                return self.put_in_card(subject_id, pages, by).redirect_url or f"{here}/status"
            case "page":
                return self.pay_owed.page(subject_id, by) or f"{here}/status"
            case "order":
                return self.links(self.order_period(subject_id, by).id)
            case _:
                raise Invalid("act", "one of those on the page")
        return f"{here}/status"

    def status(self, subject_id: str, by: str) -> Sight:
        """How it stands now; a card that was just put in is looked for."""
        self.put_in_card.look_again(subject_id, by)
        return self.ledger.read(lambda uow: self._sight(uow, subject_id, is_asking=True))

    def _sight(self, uow: UnitOfWork, subscription_id: str, *, is_asking: bool) -> Sight:
        subscription = uow.subscriptions.get(subscription_id)
        owed = owed_of(uow, subscription_id)
        state = _standing(subscription, owed)
        if state == "owed" and is_asking and is_under_way(uow, subscription):
            state = "looking"
        prices = [invoice.total for invoice in owed]
        filled: dict[str, Any] = {
            "plan": subscription.plan,
            "domain": str(subscription.domain or ""),
            "state": state,
            "owed": [_line(invoice) for invoice in owed],
            "total": str(total(prices, subscription.price.currency)) if owed else str(subscription.price),
            "until": _day(subscription.current_period_end),
            "card": _shown(_charged(uow, subscription)),
            "why": next(filter(None, (reason(invoice.why) for invoice in owed)), None),
            "needs_customer": any(invoice.needs_customer for invoice in owed),
            "has_page": any(invoice.page_url for invoice in owed),
            "once": self.ids("try"),
        }
        language = uow.customers.get(subscription.customer_id).language
        is_undecided = state in ("waiting", "looking")
        return Sight(template="subscription.html", language=language, filled=filled, is_undecided=is_undecided)


def _once(form: Mapping[str, str]) -> str:
    """Names the page that was shown: sent twice, it is one try."""
    once = form.get("once", "")
    if not 0 < len(once) <= _ONCE_CHARS_MAX or not once.replace("_", "").isalnum():
        raise Invalid("once", "that of the page")
    return once


def _standing(subscription: Subscription, owed: Sequence[Invoice]) -> str:
    """What a customer needs to know of it: whether there is anything to pay, and if so, how."""
    if subscription.is_over:
        return "over"
    if owed:
        return "waiting" if any(invoice.is_in_flight for invoice in owed) else "owed"
    if subscription.gateway is None and subscription.past_due_since is not None:
        return "unrenewed"
    return "held" if subscription.status is SubscriptionStatus.SUSPENDED else "paid"


def _line(invoice: Invoice) -> Mapping[str, str]:
    return {
        "price": str(invoice.total),
        "start": _day(invoice.period_start),
        "end": _day(invoice.period_end),
    }


def _charged(uow: UnitOfWork, subscription: Subscription) -> PaymentMethod | None:
    gateway = subscription.gateway
    wallet = uow.wallets.of_customer(subscription.customer_id, gateway) if gateway else None
    return wallet.default if wallet else None


def _shown(method: PaymentMethod | None) -> Mapping[str, str] | None:
    if method is None or method.card is None:
        return None
    return {"brand": method.card.brand, "last4": method.card.last4}


def _day(moment: Any) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""
