"""Payments with money here, and their refunds, compared with the provider's own books, both ways."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from billing.application.books.reconciliation import Difference, Done, Page, Repair, Scope, moved, walk
from billing.application.money.paying_back import refund_meant
from billing.application.outcomes import AccountRefused, NeedsPerson, Refused
from billing.application.parts import read_attempt, read_refund
from billing.application.provider_ports import Statement, Statements
from billing.application.records import TRACKED
from billing.application.unit_of_work import UnitOfWork
from billing.domain.errors import Conflict
from billing.domain.facts import RefundFailed, RefundNews, RefundSucceeded
from billing.domain.job import OPEN
from billing.domain.payment import Payment
from billing.domain.refund import Refund, RefundStatus


@dataclass(frozen=True)
class ComparePayment:
    """One paid payment: what came in, and every refund of it."""

    statements: Mapping[str, Statements]
    repair: Repair

    def is_wanted(self, payment: Payment) -> bool:
        """Whether money came by it, and its provider shows its books."""
        return payment.gateway in self.statements and payment.received is not None and payment.received.minor > 0

    def __call__(self, scope: Scope, payment_id: str) -> Iterator[Difference]:
        """What is missing here is taken in as a notification would be; what is missing there only a person explains."""
        _, payment = self.repair.ledger.read(lambda uow: read_attempt(uow, payment_id))
        about = f"payment {payment.id}"
        try:
            statement = self.statements[payment.gateway].of(payment, scope.deadline())
        except AccountRefused:
            raise
        except (Refused, NeedsPerson) as unclear:
            ours = f"{payment.received} received"
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs="it will not say", how=unclear.why)
            return
        if statement.received != payment.received:
            theirs = f"{statement.received} received" if statement.received else "nothing received"
            how = "look at the payment in the provider's dashboard"
            yield self.repair.hand_over(scope, about=about, ours=f"{payment.received} received", theirs=theirs, how=how)
        for fact in statement.refunds:
            yield from self._their_refund(scope, payment, fact)
        yield from self._our_refunds(scope, payment, statement)

    def _their_refund(self, scope: Scope, payment: Payment, fact: RefundNews) -> Iterator[Difference]:
        known = refund_meant(payment, fact)
        if known is not None and _agrees(known, fact):
            return
        about = f"refund {fact.refund_ref} of payment {payment.id}"
        ours = f"{known.amount} {known.status}" if known else "not known"
        theirs = f"{fact.amount} {_status(fact)}"
        try:
            moves = self.repair(scope, payment.gateway, [fact])
        except (NeedsPerson, Conflict) as unclear:
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs=theirs, how=unclear.why)
            return
        if not any(move.entity == TRACKED[Refund] for move in moves):
            yield from self._unexplained(scope, payment.id, fact, about, ours, theirs)
            return
        done = Done.WOULD_BE_REPAIRED if scope.dry_run else Done.REPAIRED
        yield Difference(about=about, ours=ours, theirs=theirs, done=done, how=moved(moves))

    def _unexplained(
        self, scope: Scope, payment_id: str, fact: RefundNews, about: str, ours: str, theirs: str
    ) -> Iterator[Difference]:
        """It failed here for good, and went through there; nothing, where somebody was faster."""
        _, payment = self.repair.ledger.read(lambda uow: read_attempt(uow, payment_id))
        known = refund_meant(payment, fact)
        if known is None or not _agrees(known, fact):
            how = "look whether it was paid back twice"
            yield self.repair.hand_over(scope, about=about, ours=ours, theirs=theirs, how=how)

    def _our_refunds(self, scope: Scope, payment: Payment, statement: Statement) -> Iterator[Difference]:
        told = {ref for fact in statement.refunds for ref in (fact.refund_ref, fact.refund_id) if ref}
        for refund in payment.refunds:
            if refund.is_live and not told & {str(refund.refund_ref), refund.id} and self._is_missed(refund):
                yield self.repair.hand_over(
                    scope,
                    about=f"refund {refund.id} of payment {payment.id}",
                    ours=f"{refund.amount} {refund.status}",
                    theirs="not known",
                    how=refund.attention or "look at the payment in the provider's dashboard",
                )

    def _is_missed(self, refund: Refund) -> bool:
        """Not one that a person paid by another way, and not one that its job is about to pay."""
        if refund.refund_ref is not None:
            return True
        if not refund.is_pending:
            return False
        jobs = self.repair.ledger.read(lambda uow: uow.jobs.of_subjects([refund.id]))
        return not any(job.status in OPEN for job in jobs)


@dataclass(frozen=True)
class PaidPayments:
    """Those that were made in the scope."""

    lag: ClassVar[timedelta] = timedelta(hours=25)
    compare_payment: ComparePayment
    page_size: int

    def page(self, scope: Scope, after: str | None) -> Page:
        """By the time at which they were made."""

        def find(uow: UnitOfWork) -> Page:
            made, on = walk(uow.orders.attempts_made, scope, after, self.page_size)
            is_wanted = self.compare_payment.is_wanted
            return Page([one for one in made if is_wanted(read_attempt(uow, one)[1])], len(made), on)

        return self.compare_payment.repair.ledger.read(find)

    def compare(self, scope: Scope, subject: str) -> Iterator[Difference]:
        """As `ComparePayment` says."""
        yield from self.compare_payment(scope, subject)


@dataclass(frozen=True)
class OlderPayments:
    """Payments from before the scope of which something was paid back within it."""

    lag: ClassVar[timedelta] = timedelta(hours=25)
    compare_payment: ComparePayment
    page_size: int

    def page(self, scope: Scope, after: str | None) -> Page:
        """By the time at which the refunds were made."""

        def find(uow: UnitOfWork) -> Page:
            made, on = walk(uow.orders.refunds_made, scope, after, self.page_size)
            payments = [read_refund(uow, refund_id)[0] for refund_id in made]
            older = dict.fromkeys(one.id for one in payments if self._is_wanted(scope, one))
            return Page(list(older), len(made), on)

        return self.compare_payment.repair.ledger.read(find)

    def _is_wanted(self, scope: Scope, payment: Payment) -> bool:
        return payment.created_at < scope.since and self.compare_payment.is_wanted(payment)

    def compare(self, scope: Scope, subject: str) -> Iterator[Difference]:
        """As `ComparePayment` says."""
        yield from self.compare_payment(scope, subject)


def _agrees(known: Refund, fact: RefundNews) -> bool:
    """A refund that waits agrees with whatever is not decided; the sum of one that is settled was looked at before."""
    match fact:
        case RefundSucceeded():
            return known.status is RefundStatus.SUCCEEDED
        case RefundFailed():
            return known.status is RefundStatus.FAILED
    return known.is_live


def _status(fact: RefundNews) -> str:
    return type(fact).__name__.removeprefix("Refund").lower()
