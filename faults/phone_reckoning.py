"""The same counting for KPay: what phones were asked, what KPay holds as paid, what was paid back by hand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from billing.adapters.sql.tables import payments, refunds
from billing.domain.payment import PaymentStatus
from billing.domain.refund import RefundStatus
from billing_sandbox.kpay import statuses
from faults.shop import Purchase

_KPAY = "kpay"
_HAS_MONEY = (PaymentStatus.SUCCEEDED, PaymentStatus.REQUIRES_ATTENTION)


def twice(ledger: Connection, world: Any, purchases: Sequence[Purchase]) -> Iterator[str]:
    """Phones asked twice for one attempt, orders that were paid more than once, money that KPay knows nothing of."""
    there, orders, with_money = world["kpay"]["payments"], _orders_of_attempts(ledger), _with_money(ledger)
    pushes: Counter[str] = Counter()
    for payment in there:
        pushes[payment["refid"]] += payment["pushes"]
    yield from (f"attempt {refid} has {count} pushes" for refid, count in pushes.items() if count > 1)
    paid = _paid(world)
    times = Counter(orders[refid] for refid in paid if refid in orders)
    yield from (f"order {order} was paid {count} times" for order, count in times.items() if count > 1)
    yield from (f"attempt {one} counts as paid, and KPay has no money" for one in with_money - paid)
    unpaid = {purchase.order_id for purchase in purchases if not purchase.is_paid}
    nobodys = (orders[one] for one in with_money if orders[one] in unpaid)
    yield from (f"order {order} counts as paid, and nobody paid it" for order in nobodys)


def missing(ledger: Connection, world: Any) -> Iterator[str]:
    """Money that KPay has, and no paid attempt here."""
    unknown = _paid(world) - _with_money(ledger)
    yield from (f"attempt {one} was approved, and does not count as paid" for one in unknown)


def paid_back(ledger: Connection) -> Counter[str]:
    """Francs by order, as an operator has confirmed them: nobody else knows."""
    by_hand = select(payments.c.order_id, func.sum(refunds.c.amount_minor)).join(
        refunds, refunds.c.payment_id == payments.c.id
    )
    wanted = by_hand.where(payments.c.gateway == _KPAY, refunds.c.status == RefundStatus.SUCCEEDED)
    return Counter({str(order): int(francs) for order, francs in ledger.execute(wanted.group_by(payments.c.order_id))})


def _paid(world: Any) -> set[str]:
    """The attempts that KPay has money of."""
    return {payment["refid"] for payment in world["kpay"]["payments"] if payment["statusid"] == statuses.SUCCESS}


def _with_money(ledger: Connection) -> set[str]:
    wanted = select(payments.c.id).where(payments.c.gateway == _KPAY, payments.c.status.in_(_HAS_MONEY))
    return set(ledger.scalars(wanted))


def _orders_of_attempts(ledger: Connection) -> dict[str, str]:
    found = ledger.execute(select(payments.c.id, payments.c.order_id).where(payments.c.gateway == _KPAY))
    return {str(attempt): str(order) for attempt, order in found}
