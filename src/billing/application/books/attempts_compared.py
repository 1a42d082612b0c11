"""Attempts without money here, compared with what their provider knows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.books.reconciliation import Difference, Done, Page, Repair, Scope, moved, walk
from billing.application.money.attempts import close_of
from billing.application.outcomes import AccountRefused, NeedsPerson, Refused
from billing.application.parts import read_attempt, said
from billing.application.ports import PaymentGateway
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Conflict
from billing.domain.facts import (
    Fact,
    PaymentDeclined,
    PaymentFact,
    PaymentNeedsCustomer,
    PaymentPending,
    PaymentSucceeded,
)
from billing.domain.job import OPEN
from billing.domain.order import Order
from billing.domain.payment import Payment, PaymentStatus


@dataclass(frozen=True)
class UnpaidAttempts:
    """Open ones, and those that ended without money: one may be paid, or payable although nobody waits for it.

    `lag`: a page is open for a day at most, and its own check comes soon after.
    """

    lag: ClassVar[timedelta] = timedelta(hours=25)
    gateways: Mapping[str, PaymentGateway]
    repair: Repair
    page_size: int

    def page(self, scope: Scope, after: str | None) -> Page:
        """By the time at which they were made."""

        def find(uow: UnitOfWork) -> Page:
            made, on = walk(uow.orders.attempts_made, scope, after, self.page_size)
            wanted = [payment_id for payment_id in made if self._is_wanted(read_attempt(uow, payment_id)[1])]
            return Page(wanted, len(made), on)

        return self.repair.ledger.read(find)

    def _is_wanted(self, payment: Payment) -> bool:
        """One that was never started its own check starts again; where none can be closed it may be paid by now."""
        if payment.gateway not in self.gateways or payment.has_money:
            return False
        return payment.is_started or not self.gateways[payment.gateway].manner.closes

    def compare(self, scope: Scope, subject: str) -> Iterator[Difference]:
        """Asked anew, and recorded as if a notification had told it."""
        order, payment = self.repair.ledger.read(lambda uow: read_attempt(uow, subject))
        if not self._is_wanted(payment):
            return
        about, ours, theirs = f"payment {subject}", f"{payment.status}, its order {order.status}", "it will not say"
        try:
            told = self.gateways[payment.gateway].check(payment, scope.deadline())
            theirs = ", ".join(said(fact) for fact in told if isinstance(fact, PaymentFact))
            closed = self._is_left_open(order, payment, told)
            if closed and not scope.dry_run:
                told = self.gateways[payment.gateway].close(payment, scope.deadline())
            elif not closed and all(_agrees(payment, fact) for fact in told):
                return
            moves = self.repair(scope, payment.gateway, told)
        except AccountRefused:
            raise
        except (Refused, NeedsPerson, Conflict) as unclear:
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs=theirs, how=unclear.why)
            return
        if not moves and not closed:
            return  # somebody was faster
        how = "; ".join(filter(None, ["closed at the provider" if closed else "", moved(moves)]))
        done = Done.WOULD_BE_REPAIRED if scope.dry_run else Done.REPAIRED
        if any(move.after == PaymentStatus.REQUIRES_ATTENTION for move in moves):
            done = Done.NEEDS_PERSON  # which raised an alert of its own
        yield Difference(about=about, ours=ours, theirs=theirs, done=done, how=how)

    def _is_left_open(self, order: Order, payment: Payment, told: Sequence[Fact]) -> bool:
        """Whether a customer could still pay what nobody waits for, we can help it, and no job is about to."""
        if (payment.is_open and order.closed_as is None) or not self.gateways[payment.gateway].manner.closes:
            return False
        return any(_is_payable(fact) for fact in told) and not self.repair.ledger.read(
            lambda uow: _is_being_closed(uow, payment)
        )


def _is_being_closed(uow: UnitOfWork, payment: Payment) -> bool:
    wanted = close_of(payment.id)
    return any(job.kind is wanted.kind and job.status in OPEN for job in uow.jobs.of_subjects([payment.id]))


def _is_payable(fact: Fact) -> bool:
    if isinstance(fact, PaymentPending):
        return not fact.under_way
    return isinstance(fact, PaymentDeclined | PaymentNeedsCustomer)


def _agrees(payment: Payment, fact: Fact) -> bool:
    """Whether taking it would change nothing."""
    if isinstance(fact, PaymentPending | PaymentDeclined | PaymentNeedsCustomer):
        return True  # undecided there: what ended here counts only once it can't be paid
    return not isinstance(fact, PaymentSucceeded) and not payment.is_open
