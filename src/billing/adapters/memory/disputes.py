"""The in-memory provider's other desk: what customers' banks do about payments, each told by a notification."""

from abc import abstractmethod
from datetime import timedelta
from threading import RLock

from billing.adapters.memory.pages import Contest, Contested, Page
from billing.application.ports import Clock
from billing.domain.dispute import DisputeStatus
from billing.domain.errors import Conflict
from billing.domain.money import Money

_TIME_TO_RESPOND = timedelta(days=9)
_ASKED = {DisputeStatus.INQUIRY}
_CONTESTED = {DisputeStatus.NEEDS_RESPONSE, DisputeStatus.UNDER_REVIEW}


class DisputeDesk:
    """Opens, escalates and decides disputes; a notification says which one, and reading it how that stands by then."""

    _now: Clock
    _mutex: RLock
    _disputed = 0

    def open_dispute(
        self, payment_id: str, amount: Money | None = None, *, reason: str = "fraudulent", is_inquiry: bool = False
    ) -> bytes:
        """A bank takes back all that was paid unless a sum is given, or only asks."""
        with self._mutex:
            page = self._page(payment_id)
            amount = amount or page.amount
            if not page.left.minor:
                raise Conflict(page.key, "nothing of it is left to dispute")
            self._disputed += 1
            status = DisputeStatus.INQUIRY if is_inquiry else DisputeStatus.NEEDS_RESPONSE
            dispute = Contested(
                ref=f"dispute_{self._disputed}",
                amount=amount,
                reason=reason,
                status=status,
                withdrawn=Money.zero(amount.currency),
                reinstated=Money.zero(amount.currency),
                respond_by=self._now() + _TIME_TO_RESPOND,
            )
            page.disputes.append(dispute)
            return self._tell_of(Contest.OPENED, page, dispute=dispute.ref)

    def withdraw(self, payment_id: str, ref: str) -> bytes:
        """The money is taken from our balance, which is told by itself; what was an inquiry is one no longer."""
        with self._mutex:
            page, dispute = self._of_dispute(payment_id, ref)
            _withdraw(page, dispute)
            if dispute.status is DisputeStatus.INQUIRY:
                dispute.status = DisputeStatus.NEEDS_RESPONSE
            return self._tell_of(Contest.MOVED, page, dispute=dispute.ref)

    def respond(self, payment_id: str, ref: str) -> bytes:
        """Somebody sends evidence in the dashboard; an inquiry stays one."""
        with self._mutex:
            page, dispute = self._of_dispute(payment_id, ref)
            if dispute.status is DisputeStatus.NEEDS_RESPONSE:
                dispute.status = DisputeStatus.UNDER_REVIEW
            return self._tell_of(Contest.MOVED, page, dispute=dispute.ref)

    def decide(self, payment_id: str, ref: str, status: DisputeStatus) -> bytes:
        """Won: the money comes back. Lost: it is gone. An inquiry is closed, and money was never taken."""
        with self._mutex:
            page, dispute = self._of_dispute(payment_id, ref)
            if dispute.status not in (_ASKED if status is DisputeStatus.CLOSED else _CONTESTED):
                raise Conflict(ref, f"it is {dispute.status} and can't become {status}")
            dispute.status = status
            if status is DisputeStatus.LOST:
                _withdraw(page, dispute)
            if status is DisputeStatus.WON:
                dispute.reinstated = dispute.withdrawn
            return self._tell_of(Contest.DECIDED, page, dispute=dispute.ref)

    def dispute_notification(self, payment_id: str, ref: str) -> bytes:
        """One more notification about a dispute."""
        with self._mutex:
            page, dispute = self._of_dispute(payment_id, ref)
            return self._tell_of(Contest.MOVED, page, dispute=dispute.ref)

    def _of_dispute(self, payment_id: str, ref: str) -> tuple[Page, Contested]:
        page = self._page(payment_id)
        for dispute in page.disputes:
            if dispute.ref == ref:
                return page, dispute
        raise Conflict(ref, "there is no such dispute")

    @abstractmethod
    def _page(self, payment_id: str) -> Page:
        """Of that payment."""

    @abstractmethod
    def _tell_of(self, type: str, page: Page, **details: object) -> bytes:
        """A new notification with the page as it is now."""


def _withdraw(page: Page, dispute: Contested) -> None:
    """Once, and no more than is there: what was refunded before is not taken a second time."""
    if not dispute.withdrawn.minor:
        dispute.withdrawn = min(dispute.amount, page.left)
