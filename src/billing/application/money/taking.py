"""Where proven facts come in, whoever proved them and whoever asked: each kind has one taker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from billing.application.money.payments import RecordFact
from billing.application.unit_of_work import UnitOfWork
from billing.domain.facts import Fact, PaymentNews


class Taker(Protocol):
    """Takes facts of one kind into the ledger, within the caller's unit."""

    def __call__(self, uow: UnitOfWork, gateway: str, fact: Any) -> object | None:
        """What it was about; None where that is not in the ledger, or not yet."""


@dataclass(frozen=True)
class TakeFact:
    """Every fact to its taker: what is told of a payment to `payments`, the rest by its class."""

    payments: RecordFact
    others: Mapping[type, Taker] = field(default_factory=dict)

    def __call__(self, uow: UnitOfWork, gateway: str, fact: Fact) -> object | None:
        """As its taker answers."""
        if isinstance(fact, PaymentNews):
            return self.payments(uow, gateway, fact)
        return self.others[type(fact)](uow, gateway, fact)

    def hold_jobs(self, uow: UnitOfWork, gateway: str, facts: Sequence[Fact]) -> None:
        """Lock the jobs that several facts answer, before the first of them locks its order."""
        payments = [fact for fact in facts if isinstance(fact, PaymentNews)]
        self.payments.hold_jobs(uow, gateway, payments)
