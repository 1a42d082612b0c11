"""What customers are told: a mail is written in the unit that gives the reason for it, and sent by a job."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from billing.application.ports import Ids, PayLink
from billing.application.unit_of_work import UnitOfWork
from billing.domain.job import JobKind, JobRequest
from billing.domain.mail import Mail, MailData, MailKind
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.purchase import DomainRegistration, DomainRenewal, Hosting, Purchase, SubscriptionRenewal
from billing.domain.refund import Refund

_DELIVERED: Mapping[type[Purchase], MailKind] = {
    DomainRegistration: MailKind.DOMAIN_REGISTERED,
    DomainRenewal: MailKind.DOMAIN_RENEWED,
    Hosting: MailKind.SUBSCRIPTION_ACTIVE,
    SubscriptionRenewal: MailKind.SUBSCRIPTION_RENEWED,
}


@dataclass(frozen=True)
class Postbox:
    """Where mails are put; `domain` is our sender's, None where no mail server is set up and nothing is written."""

    ids: Ids
    domain: str | None

    def put(
        self, uow: UnitOfWork, kind: MailKind, subject: str, recipient: str, language: str, data: MailData
    ) -> str | None:
        """The id of the new mail; None where this occasion has one for this recipient, or mails are off."""
        if self.domain is None:
            return None
        mail = Mail.write(
            id=self.ids("mail"),
            kind=kind,
            subject=subject,
            recipient=recipient,
            language=language,
            data=data,
            domain=self.domain,
            created_at=uow.now(),
        )
        if not uow.mails.add_if_new(mail):
            return None
        uow.jobs.request(JobRequest(JobKind.SEND_MAIL, mail.id))
        return mail.id


@dataclass(frozen=True)
class Notices:
    """One method for each occasion, called within the caller's unit as often as it likes: the first call counts.

    Without a `pay_link` nobody is sent to a page of ours, and whoever would have to go there is not written to.
    """

    post: Postbox
    pay_link: PayLink | None = None

    def order_received(self, uow: UnitOfWork, order: Order) -> None:
        """What was ordered, what it costs, and how long it waits to be paid."""
        self._tell(uow, MailKind.ORDER_RECEIVED, order.id, order, self._payable(uow, order))

    def order_paid(self, uow: UnitOfWork, order: Order) -> None:
        """The money has come, and delivery begins."""
        self._tell(uow, MailKind.ORDER_PAID, order.id, order, _whole(uow, order))

    def payment_failed(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """An attempt is over without money, and the order is not paid otherwise."""
        if not order.is_paid:
            by_itself = payment.is_off_session and uow.renewals.of_order(order.id) is not None
            kind = MailKind.RENEWAL_FAILED if by_itself else MailKind.PAYMENT_FAILED
            self._tell(uow, kind, payment.id, order, self._payable(uow, order))

    def payment_needs_customer(self, uow: UnitOfWork, order: Order, payment: Payment) -> None:
        """The bank wants the customer's consent to a charge of a saved method: where to go, and until when."""
        if self.pay_link is not None and not order.is_paid:
            self._tell(uow, MailKind.PAYMENT_NEEDS_CUSTOMER, payment.id, order, self._payable(uow, order))

    def item_fulfilled(self, uow: UnitOfWork, order: Order, item: OrderItem, until: datetime) -> None:
        """The customer has what an item paid for, until then."""
        data: MailData = {"item": [describe_item(uow, item)], "until": _day(until)}
        self._tell(uow, _DELIVERED[type(item.what)], item.id, order, data)

    def item_failed(self, uow: UnitOfWork, order: Order, item: OrderItem, *, paid_back: bool) -> None:
        """An item can't be delivered; whether its price is being paid back already, or a person sees to it."""
        data: MailData = {"item": [describe_item(uow, item)], "paid_back": "yes" if paid_back else ""}
        self._tell(uow, MailKind.NOT_DELIVERED, item.id, order, data)

    def refunded(self, uow: UnitOfWork, order: Order, refund: Refund) -> None:
        """Money went back."""
        data = {"amount": str(refund.amount), "cause": refund.cause.value}
        self._tell(uow, MailKind.REFUNDED, refund.id, order, data)

    def refund_returned(self, uow: UnitOfWork, order: Order, refund: Refund) -> None:
        """What they were told is on its way came back to us."""
        self._tell(uow, MailKind.REFUND_RETURNED, refund.id, order, {"amount": str(refund.amount)})

    def _payable(self, uow: UnitOfWork, order: Order) -> MailData:
        return {**_whole(uow, order), "link": self.pay_link(order.id) if self.pay_link else ""}

    def _tell(self, uow: UnitOfWork, kind: MailKind, subject: str, order: Order, data: MailData) -> None:
        if self.post.domain is None:
            return
        customer = uow.customers.get(order.customer_id)
        greeting = {"name": customer.name, "order": order.number}
        self.post.put(uow, kind, subject, customer.email, customer.language, {**greeting, **data})


def _whole(uow: UnitOfWork, order: Order) -> MailData:
    return {
        "items": [describe_item(uow, item) for item in order.items],
        "total": str(order.total),
        "expires": _day(order.expires_at),
    }


def describe_item(uow: UnitOfWork, item: OrderItem) -> Mapping[str, str]:
    """What a template needs to name an item in the reader's language."""
    what = item.what
    line = {"kind": what.kind, "price": str(item.price)}
    match what:
        case DomainRegistration() | DomainRenewal():
            line |= {"domain": str(what.domain), "years": str(what.years)}
        case Hosting():
            line |= {"plan": what.plan, "cycle": what.cycle.value, "domain": str(what.domain or "")}
        case SubscriptionRenewal():
            held = uow.subscriptions.get(what.subscription_id)
            line |= {"plan": held.plan, "domain": str(held.domain or ""), "cycles": str(what.cycles)}
    return line


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
