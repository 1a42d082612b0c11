"""What the real ledger's unique indexes refuse, refused here too."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from itertools import chain

from billing.adapters.memory.store import Session
from billing.application.unit_of_work import ConcurrentChange
from billing.domain.errors import NameHeld, RenewalOpen
from billing.domain.event import InboxEvent
from billing.domain.job import Job
from billing.domain.mail import Mail
from billing.domain.order import Order
from billing.domain.order_item import LIVE, ItemStatus
from billing.domain.purchase import DomainRegistration, DomainRenewal
from billing.domain.registration import Registration, RegistrationStatus


def require_unique(session: Session) -> None:
    """NameHeld, RenewalOpen or ConcurrentChange where two rows claim the same."""
    orders = list(session.all(Order))
    _once(_live_names(orders), lambda name: NameHeld(str(name)))
    _once(_unpaid_renewals(orders), lambda name: RenewalOpen(str(name)))
    held = (str(r.name) for r in session.all(Registration) if r.status is RegistrationStatus.ACTIVE)
    _once(held, lambda name: NameHeld(str(name)))
    others = chain(
        (("number", order.number) for order in orders),
        (("job", job.dedup_key) for job in session.all(Job)),
        (("mail", mail.occasion, mail.recipient) for mail in session.all(Mail)),
        (("event", event.gateway, event.event_id) for event in session.all(InboxEvent)),
        _provider_refs(orders),
    )
    _once(others, lambda key: ConcurrentChange(f"{key} is there already"))


def _once(keys: Iterator[Hashable], error: Callable[[Hashable], Exception]) -> None:
    for key, times in Counter(keys).items():
        if times > 1:
            raise error(key)


def _live_names(orders: list[Order]) -> Iterator[Hashable]:
    for item in chain.from_iterable(order.items for order in orders):
        if isinstance(item.what, DomainRegistration) and item.status in LIVE:
            yield str(item.what.domain)


def _unpaid_renewals(orders: list[Order]) -> Iterator[Hashable]:
    for item in chain.from_iterable(order.items for order in orders):
        if isinstance(item.what, DomainRenewal) and item.status is ItemStatus.UNPAID:
            yield str(item.what.domain)


def _provider_refs(orders: list[Order]) -> Iterator[Hashable]:
    for payment in chain.from_iterable(order.payments for order in orders):
        if payment.session_ref:
            yield (payment.gateway, "session", payment.session_ref)
        if payment.payment_ref:
            yield (payment.gateway, "payment", payment.payment_ref)
        for refund in payment.refunds:
            if refund.refund_ref:
                yield (payment.id, "refund", refund.refund_ref)
