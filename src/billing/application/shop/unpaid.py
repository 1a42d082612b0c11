"""What ends an order that is not paid: the customer's wish, or its time."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from billing.application.ledger import Ledger
from billing.application.money.attempts import close_of
from billing.application.ports import Clock, Telemetry
from billing.application.unit_of_work import ConcurrentChange, LedgerUnavailable, UnitOfWork
from billing.domain.order import Order


@dataclass(frozen=True)
class CancelOrder:
    """The customer gives up an unpaid order; its open attempts are closed at their providers by jobs."""

    ledger: Ledger

    def __call__(self, order_id: str, by: str) -> Order:
        """Conflict where it is paid; a repeat answers the same."""

        def cancel(uow: UnitOfWork) -> Order:
            order = uow.orders.lock(order_id)
            order.cancel()
            close_attempts(uow, order)
            return order

        return self.ledger.write(by, cancel)


@dataclass(frozen=True)
class ExpireOrders:
    """Close what nobody paid in time, a bounded number at once."""

    ledger: Ledger
    clock: Clock
    telemetry: Telemetry
    batch: int

    def __call__(self) -> int:
        """How many were closed; one that somebody else holds is left to the next time, and the others go on."""
        now = self.clock()
        overdue = self.ledger.read(lambda uow: uow.orders.overdue(now, self.batch))
        return sum(self._expire(order_id, now) for order_id in overdue)

    def _expire(self, order_id: str, now: datetime) -> bool:
        try:
            return self.ledger.write("expiry", partial(_expire, order_id=order_id, now=now))
        except ConcurrentChange as held:
            self.telemetry.event("expiry_put_off", order_id=order_id, why=held.why)
        except LedgerUnavailable:
            raise
        except Exception as bug:  # noqa: BLE001 - one order that can't be closed must not keep all others open
            self.telemetry.alarm("order_not_expired", order_id=order_id, error=repr(bug))
        return False


def _expire(uow: UnitOfWork, order_id: str, now: datetime) -> bool:
    order = uow.orders.lock(order_id)
    expired = order.expire(now)
    if expired:
        close_attempts(uow, order)
    return expired


def close_attempts(uow: UnitOfWork, order: Order) -> None:
    """Nobody can pay by what is open of a closed order, once its providers have been asked."""
    for payment in order.payments:
        if payment.is_open:
            uow.jobs.request(close_of(payment.id))
