"""What customers are told of what is to renew by itself: each occasion once, as all mails are."""

from dataclasses import dataclass
from datetime import datetime

from billing.application.ports import PayLink
from billing.application.telling.notifications import Postbox, describe_item
from billing.application.unit_of_work import UnitOfWork
from billing.domain.mail import MailData, MailKind
from billing.domain.order import Order
from billing.domain.registration import Registration
from billing.domain.subscription import Subscription
from billing.domain.wallet import Card, PaymentMethod, Wallet


@dataclass(frozen=True)
class RenewalNotices:
    """One method for each occasion; a milestone is a number of days before the expiry."""

    post: Postbox
    pay_link: PayLink | None

    def renewal_due(self, uow: UnitOfWork, held: Registration, order: Order, milestone: int) -> None:
        """A renewal waits to be paid: what it costs, until when, and where."""
        data = {**_about(held), **self._payable(uow, order)}
        self._tell(uow, MailKind.RENEWAL_DUE, f"{_occasion(held)}:{milestone}", held.customer_id, data)

    def name_expiring(self, uow: UnitOfWork, held: Registration, milestone: int) -> None:
        """A name that is not renewed by itself comes to its end."""
        self._tell(uow, MailKind.NAME_EXPIRING, f"{_occasion(held)}:{milestone}", held.customer_id, _about(held))

    def name_expired(self, uow: UnitOfWork, held: Registration, last_day: datetime, order: Order | None) -> None:
        """The term of a name is over; until when it can be renewed still, and where, if it can."""
        until = _day(last_day) if last_day > held.expires_at else ""
        data: MailData = {**_about(held), "until": until, "link": ""}
        if order is not None and until:
            data = {**data, **self._payable(uow, order)}
        self._tell(uow, MailKind.NAME_EXPIRED, _occasion(held), held.customer_id, data)

    def hosting_due(self, uow: UnitOfWork, hosting: Subscription, order: Order, milestone: int) -> None:
        """The next period of hosting waits to be paid: what it costs, until when it is paid now, and where."""
        end = _day(hosting.current_period_end) if hosting.current_period_end else ""
        about: MailData = {"plan": hosting.plan, "domain": str(hosting.domain or ""), "until": end}
        occasion = f"{hosting.id}:{end}:{milestone}"
        self._tell(uow, MailKind.HOSTING_DUE, occasion, hosting.customer_id, {**about, **self._payable(uow, order)})

    def card_expiring(self, uow: UnitOfWork, wallet: Wallet, method: PaymentMethod, card: Card) -> None:
        """The card that renewals are charged to can't be charged much longer."""
        data: MailData = {
            "card": str(card),
            "month": f"{card.exp_year}-{card.exp_month:02}-01",
            "link": self.pay_link(wallet.id) if self.pay_link else "",
        }
        occasion = f"{method.id}:{card.exp_year}-{card.exp_month:02}"
        self._tell(uow, MailKind.CARD_EXPIRING, occasion, wallet.customer_id, data)

    def _payable(self, uow: UnitOfWork, order: Order) -> MailData:
        return {
            "order": order.number,
            "items": [describe_item(uow, item) for item in order.items],
            "total": str(order.total),
            "link": self.pay_link(order.id) if self.pay_link else "",
        }

    def _tell(self, uow: UnitOfWork, kind: MailKind, subject: str, customer_id: str, data: MailData) -> None:
        if self.post.domain is None:
            return
        customer = uow.customers.get(customer_id)
        self.post.put(uow, kind, subject, customer.email, customer.language, {"name": customer.name, **data})


def _occasion(held: Registration) -> str:
    """Of every expiry anew."""
    return f"{held.id}:{_day(held.expires_at)}"


def _about(held: Registration) -> MailData:
    return {"domain": str(held.name), "expires": _day(held.expires_at)}


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
