"""Parts of an order by their own id, to read or to change: whoever changes one holds the order."""

from billing.application.outcomes import NeedsPerson
from billing.application.unit_of_work import UnitOfWork
from billing.domain.dispute import Dispute
from billing.domain.errors import Conflict, NotFound
from billing.domain.facts import PaymentFact, PaymentSucceeded
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.refund import Refund


def lock_item(uow: UnitOfWork, item_id: str) -> tuple[Order, OrderItem]:
    """An item and its order, to change; NotFound."""
    order = uow.orders.lock(_found(uow.orders.of_item(item_id), "item", item_id))
    return order, order.item(item_id)


def read_attempt(uow: UnitOfWork, payment_id: str) -> tuple[Order, Payment]:
    """An attempt to pay and its order; NotFound."""
    order = uow.orders.get(_found(uow.orders.of_payment(payment_id), "payment", payment_id))
    return order, order.payment(payment_id)


def lock_attempt(uow: UnitOfWork, payment_id: str) -> tuple[Order, Payment]:
    """The same, to change."""
    order = uow.orders.lock(_found(uow.orders.of_payment(payment_id), "payment", payment_id))
    return order, order.payment(payment_id)


def attempt_of(uow: UnitOfWork, gateway: str, fact: PaymentFact) -> str | None:
    """The id of the attempt that a fact is about, by ours or the provider's; None where none of ours is named."""
    refs = frozenset(ref for ref in (fact.session_ref, fact.payment_ref) if ref)
    return fact.payment_id or uow.orders.of_refs(gateway, refs)


def bound(order: Order, payment_id: str, gateway: str, fact: PaymentFact) -> Payment:
    """The attempt that a fact is about, which learns the provider's ids for it.

    NeedsPerson where it is known by others: money may have come twice under one of our ids, or to the wrong place.
    """
    payment = order.payment(payment_id)
    if payment.gateway != gateway:
        raise NeedsPerson(f"{gateway} tells of payment {payment.id}, {said(fact)}: it belongs to {payment.gateway}")
    billing_ref = fact.billing_ref if isinstance(fact, PaymentSucceeded) else None
    try:
        payment.bind(fact.session_ref, fact.payment_ref, billing_ref)
    except Conflict as other:
        raise NeedsPerson(f"{gateway} tells of payment {payment.id}, {said(fact)}: {other.why}") from other
    return payment


def said(fact: PaymentFact) -> str:
    """`succeeded (15.00 USD)`, `expired`, `failed (no funds)`"""
    word = type(fact).__name__.removeprefix("Payment").lower()
    detail = fact.received if isinstance(fact, PaymentSucceeded) else getattr(fact, "why", "")
    return f"{word} ({detail})" if detail else word


def read_refund(uow: UnitOfWork, refund_id: str) -> tuple[Payment, Refund]:
    """A refund and its payment; NotFound."""
    return uow.orders.get(_found(uow.orders.of_refund(refund_id), "refund", refund_id)).refund(refund_id)


def lock_refund(uow: UnitOfWork, refund_id: str) -> tuple[Order, Payment, Refund]:
    """The same with the order, to change."""
    order = uow.orders.lock(_found(uow.orders.of_refund(refund_id), "refund", refund_id))
    return order, *order.refund(refund_id)


def read_dispute(uow: UnitOfWork, dispute_id: str) -> tuple[Order, Payment, Dispute]:
    """A dispute with its order and payment; NotFound."""
    order = uow.orders.get(_found(uow.orders.of_dispute(dispute_id), "dispute", dispute_id))
    return order, *order.dispute(dispute_id)


def lock_dispute(uow: UnitOfWork, dispute_id: str) -> tuple[Payment, Dispute]:
    """A dispute and its payment while their order is held; NotFound."""
    return uow.orders.lock(_found(uow.orders.of_dispute(dispute_id), "dispute", dispute_id)).dispute(dispute_id)


def _found(order_id: str | None, entity: str, part_id: str) -> str:
    if order_id is None:
        raise NotFound(entity, part_id)
    return order_id
