"""A whole ledger as rows to compare with another's: ids are told by what they stand for, and no row names a gateway."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from billing.application.ledger import Ledger
from billing.application.unit_of_work import UnitOfWork
from billing.domain import JobKind, MailKind, Order, Payment, Registration, Subscription

LEFT_OUT: Mapping[JobKind, str] = {
    JobKind.PROCESS_EVENT: "what proves is stored with a job that reads it, what hints only wakes the check",
}
"""Jobs that are in no row, each with its reason: the roads by which a provider's word comes in may differ."""
ROADS = (JobKind.PROCESS_EVENT, JobKind.CHECK_PAYMENT, JobKind.CLOSE_PAYMENT)
"""Jobs in which a provider's word is heard, told or asked for: which of them heard it is not compared."""
_PAY_PAGE = re.compile(r"http://\S+/pay/[^'\s]+")
_ALL = 10_000


def ledger_rows(ledger: Ledger) -> list[str]:
    """Orders, items, payments, refunds, what is held, jobs, mails, alerts and moves, each in their own order."""
    return ledger.read(lambda uow: _Rows(uow).all())


def differing(one: Sequence[str], other: Sequence[str]) -> tuple[list[str], list[str]]:
    """Rows of each that the other has not, or has elsewhere."""
    moves = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changed = [move for move in moves if move[0] != "equal"]
    return (
        [row for _, start, end, _, _ in changed for row in one[start:end]],
        [row for _, _, _, start, end in changed for row in other[start:end]],
    )


class _Rows:
    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._orders: Sequence[Order] = uow.orders.page(None, None, None, _ALL)[::-1]
        self._subscriptions: Sequence[Subscription] = uow.subscriptions.page(None, None, _ALL)[::-1]
        self._mails = uow.mails.page(None, None, _ALL)[::-1]
        self._names = dict(self._named())
        self._known = re.compile("|".join(sorted(map(re.escape, self._names), key=len, reverse=True)) or "(?!)")

    def all(self) -> list[str]:
        """Every row."""
        parts = (self._entities(), self._held(), self._jobs(), self._mailed(), self._alerts(), self._moves())
        return [self._plain(row) for part in parts for row in part]

    def _named(self) -> Iterator[tuple[str, str]]:
        """Every id, and what it is called here."""
        for n, order in enumerate(self._orders, start=1):
            yield order.id, (name := f"order {n}")
            yield order.number, f"<number of {name}>"
            yield from ((item.id, f"{name} item {item.position + 1}") for item in order.items)
            for payment in order.payments:
                yield payment.id, (attempt := f"{name} payment {payment.attempt}")
                yield from ((one.id, f"{attempt} refund {k}") for k, one in enumerate(payment.refunds, start=1))
        for k, subscription in enumerate(self._subscriptions, start=1):
            yield subscription.id, f"subscription {k}"
        for held in self._registrations():
            yield held.id, f"registration of {held.name}"

    def _plain(self, row: str) -> str:
        return self._known.sub(lambda found: self._names[found[0]], _PAY_PAGE.sub("<our page>", row))

    # ------------------------------------------------------------------ what there is

    def _entities(self) -> Iterator[str]:
        for order in self._orders:
            yield f"{order.id}: {order.status}, closed as {order.closed_as}, {order.total}, {order.why}"
            for item in order.items:
                yield f"{item.id}: {item.what}, {item.price}, {item.status}, {item.why}, {item.attention}"
            for payment in order.payments:
                yield from self._paid(payment)

    def _paid(self, payment: Payment) -> Iterator[str]:
        marks = [name for name in ("surplus", "under_way", "needs_customer") if getattr(payment, name)]
        known = "known to its provider" if payment.is_started else "not known to its provider"
        stands = f"{payment.status}, {payment.amount} asked, {payment.received} received, {payment.left} left"
        yield f"{payment.id}: {stands}, {marks}, {payment.why}, {payment.attention}, {known}"
        for refund in payment.refunds:
            what = f"{refund.cause}, {refund.amount}, {refund.reason}, for {refund.item_ids}, try {refund.try_no}"
            yield f"{refund.id}: {what}, {refund.status}, {refund.why}, {refund.attention}"

    def _registrations(self) -> Iterator[Registration]:
        wanted = {item.domain for order in self._orders for item in order.items if item.domain}
        for name in sorted(wanted, key=str):
            if (held := self._uow.registrations.of_name(name)) is not None:
                yield held

    def _held(self) -> Iterator[str]:
        for held in self._registrations():
            yield f"{held.id}: {held.status} until {held.expires_at:%Y-%m-%d}, slot {held.renewing_item}"
        for one in self._subscriptions:
            until = f"{one.current_period_end:%Y-%m-%d}" if one.current_period_end else "never"
            yield f"{one.id}: {one.plan} of {one.item_id}, {one.status} until {until}, {one.periods} periods"

    # ------------------------------------------------------------------ what is done, said and was moved

    def _jobs(self) -> Iterator[str]:
        said = {mail.id: f"{mail.kind} of {mail.subject}" for mail in self._mails}
        for job in self._uow.jobs.page(None, None, None, _ALL)[::-1]:
            if job.kind not in LEFT_OUT:
                yield f"job {job.kind} {said.get(job.subject, job.subject)}: {job.status}"

    def _mailed(self) -> Iterator[str]:
        """What mails to operators list are the alerts."""
        for mail in self._mails:
            alerts = mail.kind is MailKind.OPERATOR_ALERTS
            what = "alerts" if alerts else f"{mail.subject} {sorted(mail.data.items())}"
            yield f"mail {mail.kind} to {mail.recipient} in {mail.language}: {mail.status}, {what}"

    def _alerts(self) -> Iterator[str]:
        jobs = {job.id: f"{job.kind} {job.subject}" for job in self._uow.jobs.page(None, None, None, _ALL)}
        for alert in self._uow.alerts.newest(1000)[::-1]:
            yield f"alert {alert.kind} {jobs.get(alert.subject, alert.subject)}: {alert.why}"

    def _moves(self) -> Iterator[str]:
        for move in self._uow.history.of(list(self._names)):
            kind, _, job_id = move.by.partition(" ")
            by = "the provider's word" if kind in ROADS else kind if job_id.startswith("job_") else move.by
            yield f"move {move.entity_id}: {move.before} -> {move.after}, {move.why}, by {by}"
