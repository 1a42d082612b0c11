"""Orders of the in-memory ledger, with their items, payments, refunds and disputes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from billing.adapters.memory.session import Session
from billing.application.records import Made
from billing.domain.dispute import Dispute, DisputeStatus
from billing.domain.order import Order
from billing.domain.order_status import OrderStatus
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundStatus

_REFS = ("session_ref", "payment_ref")


class MemoryOrders:
    """Orders, and what is in them by its id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, order: Order) -> None:
        self._session.add(order.id, order)
        self._session.require_unique()

    def get(self, order_id: str) -> Order:
        return self._session.get(Order, order_id)

    def lock(self, order_id: str) -> Order:
        return self._session.get(Order, order_id, lock=True)

    def of_payment(self, payment_id: str) -> str | None:
        return self._bearing("payment", payment_id)

    def of_item(self, item_id: str) -> str | None:
        return self._bearing("item", item_id)

    def of_number(self, number: str) -> str | None:
        return self._bearing("number", number)

    def of_refund(self, refund_id: str) -> str | None:
        return self._bearing("refund", refund_id)

    def of_dispute(self, dispute_id: str) -> str | None:
        return self._bearing("dispute", dispute_id)

    def of_refs(self, gateway: str, refs: frozenset[str]) -> str | None:
        bearing = (self._session.claimant(Order, rule, f"{gateway} {ref}") for ref in sorted(refs) for rule in _REFS)
        attempts = [payment for order in bearing if order for payment in order.payments]
        meant = (p.id for p in attempts if p.gateway == gateway and refs & {p.session_ref, p.payment_ref})
        return min(meant, default=None)

    def page(
        self, customer_id: str | None, status: OrderStatus | None, before: str | None, limit: int
    ) -> Sequence[Order]:
        def fits(order: Order) -> bool:
            return (
                customer_id in (None, order.customer_id)
                and status in (None, order.status)
                and (before is None or order.id < before)
            )

        return list(self._session.all(Order, fits))[::-1][:limit]

    def refunds(self, status: RefundStatus | None, before: str | None, limit: int) -> Sequence[Refund]:
        every = (r for order in self._session.all(Order) for payment in order.payments for r in payment.refunds)
        fitting = [r for r in every if status in (None, r.status) and (before is None or r.id < before)]
        return sorted(fitting, key=lambda refund: refund.id, reverse=True)[:limit]

    def disputes(self, status: DisputeStatus | None, before: str | None, limit: int) -> Sequence[Dispute]:
        every = (one for order in self._session.all(Order) for payment in order.payments for one in payment.disputes)
        fitting = [one for one in every if status in (None, one.status) and (before is None or one.id < before)]
        return sorted(fitting, key=lambda dispute: dispute.id, reverse=True)[:limit]

    def overdue(self, now: datetime, limit: int) -> Sequence[str]:
        overdue = self._session.waiting(Order, lambda order: order.expires_at <= now)
        return [order.id for order in islice(overdue, limit)]

    def attempts_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        every = (payment for order in self._session.all(Order) for payment in order.payments)
        return _made(every, since, until, after)[:limit]

    def refunds_made(self, since: datetime, until: datetime, after: str, limit: int) -> Sequence[Made]:
        every = (r for order in self._session.all(Order) for payment in order.payments for r in payment.refunds)
        return _made(every, since, until, after)[:limit]

    def _bearing(self, rule: str, value: str) -> str | None:
        order = self._session.claimant(Order, rule, value)
        return order.id if order else None


def _made(every: Iterable[Payment | Refund], since: datetime, until: datetime, after: str) -> list[Made]:
    places = sorted(Made(one.created_at, one.id) for one in every)
    return [place for place in places if (since, after) < place and place.at <= until]
