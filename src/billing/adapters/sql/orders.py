"""Orders with their items and payments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, bindparam, or_, select

from billing.adapters.sql.columns import fixed
from billing.adapters.sql.places import places
from billing.adapters.sql.tables import disputes, order_items, orders, payments, pending, refunds
from billing.adapters.sql.work import Work
from billing.application.records import Made
from billing.domain.dispute import Dispute, DisputeStatus
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.refund import Refund, RefundStatus

# Built once, since every fact and every delivery asks them.
_OF_PAYMENT = select(payments.c.order_id).where(payments.c.id == bindparam("id"))
_OF_ITEM = select(order_items.c.order_id).where(order_items.c.id == bindparam("id"))
_OF_REFUND = (
    select(payments.c.order_id)
    .join(refunds, refunds.c.payment_id == payments.c.id)
    .where(refunds.c.id == bindparam("id"))
)
_OF_DISPUTE = (
    select(payments.c.order_id)
    .join(disputes, disputes.c.payment_id == payments.c.id)
    .where(disputes.c.id == bindparam("id"))
)
_OF_REFS = (
    select(payments.c.id)
    .where(
        or_(
            and_(
                payments.c.gateway == bindparam("gateway"),
                payments.c.session_ref.in_(bindparam("refs", expanding=True)),
            ),
            and_(
                payments.c.gateway == bindparam("gateway"),
                payments.c.payment_ref.in_(bindparam("refs", expanding=True)),
            ),
        )
    )
    .order_by(payments.c.id)
    .limit(1)
)


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
        return self._work.session.scalar(_OF_PAYMENT, {"id": payment_id})

    def of_item(self, item_id: str) -> str | None:
        return self._work.session.scalar(_OF_ITEM, {"id": item_id})

    def of_refund(self, refund_id: str) -> str | None:
        return self._work.session.scalar(_OF_REFUND, {"id": refund_id})

    def of_dispute(self, dispute_id: str) -> str | None:
        return self._work.session.scalar(_OF_DISPUTE, {"id": dispute_id})

    def of_number(self, number: str) -> str | None:
        return self._work.session.scalar(select(orders.c.id).where(orders.c.number == number))

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        return self._work.session.scalar(_OF_REFS, {"gateway": gateway, "refs": sorted(refs)})

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

    def disputes(self, status: DisputeStatus | None, before: str | None, limit: int) -> Sequence[Dispute]:
        wanted = select(Dispute).order_by(disputes.c.id.desc()).limit(limit)
        if status is not None:
            wanted = wanted.where(fixed(disputes.c.status, status))
        if before is not None:
            wanted = wanted.where(disputes.c.id < before)
        return self._work.session.scalars(wanted).all()

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        over = select(orders.c.id).where(pending, orders.c.expires_at <= now)
        return self._work.session.scalars(over.order_by(orders.c.expires_at).limit(limit)).all()

    def attempts_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        return places(self._work.session, payments.c.created_at, since, until, after, limit)

    def refunds_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        return places(self._work.session, refunds.c.created_at, since, until, after, limit)
