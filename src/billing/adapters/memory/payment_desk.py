"""What befalls the in-memory provider's payments: what customers, banks and people at its desk do, each act told."""

from abc import abstractmethod
from dataclasses import asdict, replace
from threading import RLock

from billing.adapters.memory.pages import PAYABLE, UNDECIDED, Back, Page, PaidBack, Told
from billing.application.outcomes import NeedsPerson, Refused
from billing.domain.errors import Conflict
from billing.domain.money import Money


class PaymentDesk:
    """Moves pages and pays back; every act returns the notification that tells it."""

    pages: dict[str, Page]
    _mutex: RLock
    _desk = 0

    # ------------------------------------------------------------------ what customers and banks do

    def pay(self, payment_id: str, amount: Money | None = None) -> bytes:
        """The customer pays, the sum asked unless another is given."""
        return self._move(payment_id, UNDECIDED, Told.PAID, amount=amount)

    def decline(self, payment_id: str, why: str = "card_declined: no") -> bytes:
        """One try is refused; the page stays open."""
        return self._move(payment_id, PAYABLE, Told.DECLINED, why)

    def submit(self, payment_id: str) -> bytes:
        """A slow method is under way: `pay` or `fail` decides it later."""
        return self._move(payment_id, PAYABLE, Told.SUBMITTED)

    def fail(self, payment_id: str, why: str = "insufficient_funds: none left") -> bytes:
        """The slow method comes to nothing."""
        return self._move(payment_id, frozenset({Told.SUBMITTED}), Told.FAILED, why)

    def cancel(self, payment_id: str, why: str = "called off") -> bytes:
        """The provider calls it off."""
        return self._move(payment_id, UNDECIDED, Told.CANCELLED, why)

    def expire(self, payment_id: str) -> bytes:
        """Nobody paid in time."""
        return self._move(payment_id, PAYABLE, Told.EXPIRED)

    def notification(self, payment_id: str, type: str | None = None) -> bytes:
        """A new notification of how the page stands now; of another type, one that nobody reads."""
        with self._mutex:
            page = self._page(payment_id)
            return self._tell_of(type or page.state, page)

    def _move(
        self, payment_id: str, before: frozenset[Told], after: Told, why: str = "", amount: Money | None = None
    ) -> bytes:
        with self._mutex:
            page = self._page(payment_id)
            if page.state not in before:
                raise Conflict(payment_id, f"it is {page.state} and can't become {after}")
            page.state, page.why, page.amount = after, why, amount or page.amount
            page.payment_ref = page.payment_ref or f"money_{payment_id}"
            if after is Told.PAID:
                self._begin_with(page)
            return self.notification(payment_id)

    # ------------------------------------------------------------------ money back

    refunds_wait = False
    """While set, refunds stay pending until `settle_refund` decides them."""

    def refund_at_the_desk(self, payment_id: str, amount: Money | None = None) -> bytes:
        """Somebody pays back in the provider's dashboard, all that is left unless a sum is given."""
        with self._mutex:
            page = self._page(payment_id)
            self._desk += 1
            refund = self._pay_back(page, f"desk_{self._desk}", amount or page.left, None)
            return self.refund_notification(payment_id, refund.ref)

    def settle_refund(self, payment_id: str, ref: str, why: str | None = None) -> bytes:
        """A waiting refund comes through or, with a reason, fails; a finished one can fail still."""
        with self._mutex:
            refund = _of_ref(self._page(payment_id), ref)
            if refund.state is Back.FAILED or (why is None and refund.state is not Back.PENDING):
                raise Conflict(ref, f"it is {refund.state}")
            refund.state, refund.why = (Back.FAILED, why) if why else (Back.SUCCEEDED, "")
            return self.refund_notification(payment_id, ref)

    def refund_notification(self, payment_id: str, ref: str) -> bytes:
        """A new notification of how a refund stands now."""
        with self._mutex:
            page = self._page(payment_id)
            refund = _of_ref(page, ref)
            return self._tell_of(refund.state, page, refund=asdict(refund))

    def _pay_back(self, page: Page, ref: str, amount: Money, refund_id: str | None) -> PaidBack:
        if any(dispute.stands for dispute in page.disputes):
            raise Refused("charge_disputed: the bank decides to whom the money goes")
        if amount.minor > page.left.minor or amount.currency != page.amount.currency:
            raise Refused(f"amount_too_large: {page.left} are left")
        refund = PaidBack(ref, amount, refund_id, Back.PENDING if self.refunds_wait else Back.SUCCEEDED)
        page.refunds.append(refund)
        return refund

    # ------------------------------------------------------------------ within

    def _page(self, payment_id: str) -> Page:
        if payment_id not in self.pages:
            raise NeedsPerson(f"there is no page for {payment_id}")
        return self.pages[payment_id]

    def _tell_of(self, type: str, page: Page, **details: object) -> bytes:
        """A new notification with the page as it is now."""
        return self.tell(type, page=asdict(replace(page, refunds=[], disputes=[])), **details)

    @abstractmethod
    def tell(self, type: str, **details: object) -> bytes:
        """A new notification of that type."""

    @abstractmethod
    def _begin_with(self, page: Page) -> None:
        """It was just paid: what recurs begins."""


def _of_ref(page: Page, ref: str) -> PaidBack:
    for refund in page.refunds:
        if refund.ref == ref:
            return refund
    raise Refused(f"there is no refund {ref}")
