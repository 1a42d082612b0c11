"""What the real ledger's primary keys and unique indexes refuse, refused here too."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from billing.domain.errors import BillingError, NameHeld, RenewalOpen
from billing.domain.event import InboxEvent
from billing.domain.invoice import Invoice
from billing.domain.job import Job
from billing.domain.mail import Mail
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.purchase import DomainRenewal
from billing.domain.registration import Registration, RegistrationStatus
from billing.domain.renewal import Renewal
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet


class Claim(NamedTuple):
    """Something that one row at most may have: the rule that says so, and the value claimed under it."""

    rule: str
    value: str


_NAMED = {"live": NameHeld, "renewal": RenewalOpen, "held": NameHeld}


def complaint(clashes: set[Claim]) -> BillingError | None:
    """The refusal that tells most, if there is any clash; None for those on which a unit is just repeated."""
    for rule, refusal in _NAMED.items():
        for name in sorted(value for broken, value in clashes if broken == rule):
            return refusal(name)
    return None


def claims_of(row: Any) -> Iterator[Claim]:
    """Every claim of a row; a claim that comes twice is a clash within the row."""
    match row:
        case Job():
            yield Claim("job", row.dedup_key)
        case Order():
            yield Claim("number", row.number)
            for item in row.items:
                yield from _of_item(item)
            for payment in row.payments:
                yield from _of_payment(payment)
        case InboxEvent():
            yield Claim("event", f"{row.gateway} {row.event_id}")
        case Mail():
            yield Claim("mail", f"{row.occasion} {row.recipient}")
        case Registration():
            yield Claim("registered_by", row.item_id)
            if row.status is RegistrationStatus.ACTIVE:
                yield Claim("held", str(row.name))
        case Renewal():
            yield Claim("renewal_at", f"{row.subject_id} {row.expires_at.isoformat()}")
            yield Claim("renewal_by", row.order_id)
        case Subscription():
            yield Claim("opened_by", row.item_id)
            if row.billing_ref:
                yield Claim("billing_ref", f"{row.gateway} {row.billing_ref}")
        case Invoice():
            yield Claim("invoice_ref", f"{row.gateway} {row.invoice_ref}")
            if row.order_id:
                yield Claim("renewed_by", row.order_id)
        case Wallet():
            yield Claim("wallet", f"{row.customer_id} {row.gateway}")
            if row.customer_ref:
                yield Claim("customer_ref", f"{row.gateway} {row.customer_ref}")
            for method in row.methods:
                yield Claim("method", method.id)
                yield Claim("method_ref", f"{row.gateway} {method.ref}")


def _of_item(item: OrderItem) -> Iterator[Claim]:
    yield Claim("item", item.id)
    if item.handle:
        yield Claim("handle", item.handle)
    if item.claims_name:
        yield Claim("renewal" if isinstance(item.what, DomainRenewal) else "live", str(item.domain))


def _of_payment(payment: Payment) -> Iterator[Claim]:
    yield Claim("payment", payment.id)
    if payment.session_ref:
        yield Claim("session_ref", f"{payment.gateway} {payment.session_ref}")
    if payment.payment_ref:
        yield Claim("payment_ref", f"{payment.gateway} {payment.payment_ref}")
    for refund in payment.refunds:
        yield Claim("refund", refund.id)
        if refund.refund_ref:
            yield Claim("refund_ref", f"{payment.id} {refund.refund_ref}")
    for dispute in payment.disputes:
        yield Claim("dispute", dispute.id)
        yield Claim("dispute_ref", f"{payment.gateway} {dispute.dispute_ref}")
