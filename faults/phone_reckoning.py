"""The same counting for KPay: what phones were asked, what KPay holds as paid, what was paid back by hand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from billing.adapters.sql.tables import payments, refunds
from billing.domain.payment import PaymentStatus
from billing.domain.refund import RefundStatus
from faults.shop import Purchase

_KPAY, _PAID = "kpay", "01"
_HAS_MONEY = (PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_ATTENTION)


def twice(ledger: Connection, world: Any, purchases: Sequence[Purchase]) -> Iterator[str]:
    """Phones asked twice for one attempt, orders that were paid more than once, money that KPay knows nothing of."""
    there = world["kpay"]["payments"]
    pushes: Counter[str] = Counter()
    for payment in there:
        pushes[payment["refid"]] += payment["pushes"]
    yield from (f"attempt {refid} has {count} pushes" for refid, count in pushes.items() if count > 1)
    paid = {payment["refid"] for payment in there if payment["statusid"] == _PAID}
    order_of = _orders_of_attempts(ledger)
    times = Counter(order_of[refid] for refid in paid if refid in order_of)
    yield from (f"order {order} was paid {count} times" for order, count in times.items() if count > 1)
    yield from (f"attempt {one} counts as paid, and KPay has no money" for one in _with_money(ledger) - paid)
    unpaid = {purchase.order_id for purchase in purchases if not purchase.is_paid}
    yield from (f"order {order_of[one]} counts as paid, and nobody paid it" for one in _with_money(ledger)
                if order_of[one] in unpaid)  # fmt: skip


def missing(ledger: Connection, world: Any) -> Iterator[str]:
    """Money that KPay has, and no paid attempt here."""
    known = _with_money(ledger)
    for payment in world["kpay"]["payments"]:
        if payment["statusid"] == _PAID and payment["refid"] not in known:
            yield f"attempt {payment['refid']} was approved, and does not count as paid"


def paid_back(ledger: Connection) -> Counter[str]:
    """Francs by order, as an operator has confirmed them: nobody else knows."""
    by_hand = select(payments.c.order_id, func.sum(refunds.c.amount_minor)).join(
        refunds, refunds.c.payment_id == payments.c.id
    )
    wanted = by_hand.where(payments.c.gateway == _KPAY, refunds.c.status == RefundStatus.SUCCEEDED)
    return Counter({str(order): int(francs) for order, francs in ledger.execute(wanted.group_by(payments.c.order_id))})


def _with_money(ledger: Connection) -> set[str]:
    wanted = select(payments.c.id).where(payments.c.gateway == _KPAY, payments.c.status.in_(_HAS_MONEY))
    return set(ledger.scalars(wanted))


def _orders_of_attempts(ledger: Connection) -> dict[str, str]:
    found = ledger.execute(select(payments.c.id, payments.c.order_id).where(payments.c.gateway == _KPAY))
    return {str(attempt): str(order) for attempt, order in found}
