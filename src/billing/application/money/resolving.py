"""A person decides about a payment that brought another sum than was asked."""

from dataclasses import dataclass
from enum import StrEnum

from billing.application.ledger import Ledger
from billing.application.money.paying_back import PayBack
from billing.application.money.payments import RecordFact
from billing.application.parts import lock_attempt
from billing.application.unit_of_work import UnitOfWork
from billing.domain.payment import Payment


class Resolution(StrEnum):
    """What to do with the money."""

    ACCEPT = "accept"
    REFUND = "refund"


@dataclass(frozen=True)
class ResolvePayment:
    """Take the sum that came for the one that was asked, or pay all of it back."""

    ledger: Ledger
    record: RecordFact
    pay_back: PayBack

    def __call__(self, payment_id: str, resolution: Resolution, by: str) -> Payment:
        """Conflict where nothing is to be resolved, or the sum can't pay the order; NotFound."""

        def resolve(uow: UnitOfWork) -> Payment:
            order, payment = lock_attempt(uow, payment_id)
            if resolution is Resolution.ACCEPT:
                self.record.follow(uow, order, payment, order.accept(payment, self.record.clock()))
            else:
                order.reject(payment)
                self.pay_back.surplus(uow, order, payment)
            return payment

        return self.ledger.write(by, resolve)
