"""Payments on the phone: nobody is asked twice, nothing is believed, and what is paid back by hand was told of."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from billing.adapters.memory.pages import Told
from billing.domain import Alert, InboxEvent, Job, JobKind, JobStatus, Payment, Refund
from billing.domain.alert import AlertKind
from simulation.schedule import require
from simulation.world import HINTS_MAX, World


class PushRules:
    """That nothing is paid by a forged hint is a rule of the money: what is received was paid there."""

    def __init__(self, world: World) -> None:
        self._push, self._books = world.push, world.books

    def check_at_rest(self) -> None:
        """The provider's own list of whom it asked, and the hints and alerts in the ledger."""
        for what, asked in (("asked", self._push.twin.pushed), ("started", self._push.begun)):
            twice = [payment_id for payment_id, times in Counter(asked).items() if times > 1]
            require(not twice, "one push per attempt", f"{what} more than once: {twice}")
        if not self._push.begun:
            return
        alerts = {(alert.kind, alert.subject) for alert in self._books.rows(Alert)}
        self._check_hints({subject for kind, subject in alerts if kind is AlertKind.HINT_CONTRADICTED})
        by_hand = {subject for kind, subject in alerts if kind is AlertKind.REFUND_BY_HAND}
        for refund in self._refunds():
            is_told = refund.id in by_hand or not refund.needs_hand
            require(is_told, "operators are told", f"nobody was told to pay {refund.id} by hand")
        calls = [call for call in self._push.twin.calls if call[0] == "refund"]
        require(not calls, "nothing is asked of a provider that it does not do", f"{calls}")

    def check_at_last(self) -> None:
        """A person has paid back what nobody else does."""
        for refund in self._refunds():
            require(not refund.needs_hand, "fair weather heals", f"{refund.id} still waits for a person")

    # ------------------------------------------------------------------ within

    def _check_hints(self, alarmed: set[str]) -> None:
        kept: defaultdict[str, dict[int, Told]] = defaultdict(dict)
        for event in self._books.rows(InboxEvent):
            if event.gateway == self._push.name and event.body is not None:
                payment_id, _, number = event.event_id.rpartition(":")
                kept[payment_id][int(number)] = Told(json.loads(event.body)["said"])
        unasked = {
            job.subject
            for job in self._books.rows(Job)
            if job.kind is JobKind.CHECK_PAYMENT and job.status is JobStatus.DEAD
        }
        for payment in self._payments():
            claims = kept[payment.id]
            numbers = sorted(claims)
            counted = numbers == list(range(1, len(numbers) + 1)) and len(numbers) <= HINTS_MAX
            require(counted, "hints are counted", f"{payment.id}: {numbers}")
            self._check_claims(payment, [claims[number] for number in numbers], alarmed, unasked)

    def _check_claims(self, payment: Payment, claims: list[Told], alarmed: set[str], unasked: set[str]) -> None:
        """A false claim is told of, and there is no false alarm: what came true is none."""
        if claims and claims[-1] is Told.PAID and not payment.has_money and payment.id not in unasked:
            is_told = payment.id in alarmed
            require(is_told, "a contradicted hint is told of", f"{payment.id} is {payment.status}, claimed: {claims}")
        if payment.id in alarmed:
            was_false = payment.id in self._push.belied or (payment.has_money and Told.FAILED in claims)
            require(was_false, "no false alarm", f"{payment.id} is {payment.status}, rightly claimed: {claims}")

    def _payments(self) -> Iterator[Payment]:
        return (payment for payment in self._books.payments() if payment.gateway == self._push.name)

    def _refunds(self) -> Iterator[Refund]:
        return (refund for payment in self._payments() for refund in payment.refunds)
