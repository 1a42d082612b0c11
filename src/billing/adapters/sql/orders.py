"""Orders with their items and payments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.tables import order_items, orders, payments, pending, refunds
from billing.adapters.sql.work import Work
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.refund import Refund, RefundStatus


class SqlOrders:
    """The row of the order is the lock of its items and payments."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, order: Order) -> None:
        self._work.add(order)

    def get(self, order_id: str) -> Order:
        return self._work.get(Order, order_id)

    def lock(self, order_id: str) -> Order:
        return self._work.lock(Order, order_id)

    def of_payment(self, payment_id: str) -> str | None:
        return self._work.session.scalar(select(payments.c.order_id).where(payments.c.id == payment_id))

    def of_item(self, item_id: str) -> str | None:
        return self._work.session.scalar(select(order_items.c.order_id).where(order_items.c.id == item_id))

    def of_refund(self, refund_id: str) -> str | None:
        of_its_payment = select(payments.c.order_id).join(refunds, refunds.c.payment_id == payments.c.id)
        return self._work.session.scalar(of_its_payment.where(refunds.c.id == refund_id))

    def of_number(self, number: str) -> str | None:
        return self._work.session.scalar(select(orders.c.id).where(orders.c.number == number))

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        p = payments.c
        bears_one = or_(
            and_(p.gateway == gateway, p.session_ref.in_(refs)),
            and_(p.gateway == gateway, p.payment_ref.in_(refs)),
        )
        return self._work.session.scalar(select(p.id).where(bears_one).order_by(p.id).limit(1))

    def page(
        self, customer_id: str | None, status: OrderStatus | None, before: str | None, limit: int
    ) -> Sequence[Order]:
        wanted = select(Order).order_by(orders.c.id.desc()).limit(limit)
        if customer_id is not None:
            wanted = wanted.where(orders.c.customer_id == customer_id)
        if status is not None:
            wanted = wanted.where(fixed(orders.c.status, status))
        if before is not None:
            wanted = wanted.where(orders.c.id < before)
        return self._work.session.scalars(wanted).all()

    def refunds(self, status: RefundStatus | None, before: str | None, limit: int) -> Sequence[Refund]:
        wanted = select(Refund).order_by(refunds.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(refunds.c.status, status))
        if before is not None:
            wanted = wanted.where(refunds.c.id < before)
        return self._work.session.scalars(wanted).all()

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        over = select(orders.c.id).where(pending, orders.c.expires_at <= now)
        return self._work.session.scalars(over.order_by(orders.c.expires_at).limit(limit)).all()
