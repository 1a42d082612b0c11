"""The in-memory provider: opens pages, plays the customers who pay on them, tells of it, and fails on order."""

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import sha256
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from billing.adapters.memory.desk import BILLED
from billing.adapters.memory.disputes import DisputeDesk
from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.pages import (
    KEPT,
    PAYABLE,
    READABLE,
    UNDECIDED,
    Back,
    Contest,
    Contested,
    Page,
    PaidBack,
    Told,
    page_of,
    refund_of,
)
from billing.application.outcomes import Deadline, NeedsPerson, Refused
from billing.application.ports import Clock, Envelope, Forged, Reading, SignedGateway, Started
from billing.domain.errors import Conflict
from billing.domain.facts import Fact, PaymentExpired
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.refund import Refund

if TYPE_CHECKING:
    from billing.adapters.memory.billing import MemoryBilling
    from billing.adapters.memory.methods import MemoryMethods

T = TypeVar("T")

SIGNATURE = "Memory-Signature"
_SKEW_MAX_SECONDS = 300


class MemoryGateway(SignedGateway, FailsOnOrder, DisputeDesk):
    """One provider with one secret; ids are counted or made of the payment's, so every run is the same.

    `calls` lists what it was asked, `pages` what it holds by payment id, `told` every notification it has made.
    `charges` is what comes of charging a saved method, by its ref: PAID where nothing else is ordered.
    """

    usual_call = "start"

    def __init__(
        self,
        *,
        installation: Callable[[], str],
        now: Clock,
        name: str = "memory",
        secret: bytes = b"known to both sides",
    ) -> None:
        super().__init__()
        self.name = name
        self.calls: list[tuple[str, str]] = []
        self.pages: dict[str, Page] = {}
        self.told: list[tuple[datetime, bytes]] = []
        self.charges: dict[str, Told] = {}
        self._installation, self._now, self._secret = installation, now, secret
        self._desk = 0
        self._keeper: MemoryMethods | None = None
        self._billing: MemoryBilling | None = None
        self._opening: dict[str, tuple[OrderItem, str]] = {}

    def charge_what_is_kept_by(self, keeper: "MemoryMethods") -> None:
        """Whose saved methods are charged here, and told of; without one any ref stands for a method."""
        self._keeper = keeper

    def bill_with(self, billing: "MemoryBilling") -> RLock:
        """Who bills what is paid here and recurs; the lock that both hold."""
        self._billing = billing
        return self._mutex

    def reads(self, type: str) -> bool:
        """Whether a notification of that type is understood."""
        kept, billed = self._keeper is not None and type in KEPT, self._billing is not None and type in BILLED
        return type in READABLE or kept or billed

    # ------------------------------------------------------------------ the port

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        """The signature first, then its age, then what is in it."""
        given = {name.lower(): value for name, value in headers.items()}.get(SIGNATURE.lower(), "")
        sent, _, digest = given.partition(",")
        if not sent.isdecimal() or not hmac.compare_digest(digest.encode(), self._digest(body, int(sent)).encode()):
            raise Forged("its signature does not fit")
        age = int(self._now().timestamp()) - int(sent)
        if abs(age) > _SKEW_MAX_SECONDS:
            raise Forged(f"it was signed {age} s ago")
        try:
            told = json.loads(body)
            event_id, type = str(told["id"]), str(told["type"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise Forged("it is no notification") from wrong
        verdict = f"signed {age} s ago"
        readable = self.reads(type)
        return Envelope(event_id=event_id, type=type, api_version="1", verdict=verdict, readable=readable)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        """What the page was when the notification was written; what is saved, billed or disputed, as it stands now."""
        told: dict[str, Any] = json.loads(body)
        if self._keeper is not None and told["type"] in KEPT:
            return self._keeper.interpret(told)
        if self._billing is not None and told["type"] in BILLED:
            return self._billing.interpret(told)
        if told["type"] not in READABLE:
            return Reading(why=f"nobody reads {told['type']}")
        page, refund, ours = page_of(told), refund_of(told), self._installation()
        if "dispute" in told:
            with self._mutex:
                facts = [page.dispute_fact(self._of_dispute(page.key, told["dispute"])[1], ours)]
        elif refund:
            facts = [page.refund_fact(refund, ours)]
        else:
            facts = [page.fact(ours), *(self._begun(page) if page.installation == ours else ())]
        return Reading(facts=facts, refs=page.refs, installation=page.installation)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """The page of this payment, made at the first call; or its charge, and what came of it then."""
        if payment.is_off_session:
            return self._call("start", payment, deadline, lambda: self._charge(payment))

        def open_page() -> Started:
            ref = f"page_{payment.id}"
            page = Page(payment.id, ref, self._installation(), payment.amount)
            self.pages.setdefault(payment.id, page)
            if (item := order.recurring_with(payment)) is not None:
                self._opening[payment.id] = (item, payment.options["customer_ref"])
            return Started(session_ref=ref, redirect_url=f"https://memory.example/{ref}")

        return self._call("start", payment, deadline, open_page)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """How its page stands."""
        return self._call("check", payment, deadline, lambda: self._standing(payment))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Expire an open page, cancel a charge that waits for the customer; any other stays as it is."""

        def close_page() -> Sequence[Fact]:
            if payment.id in self.pages:
                self.pages[payment.id].close()
            return self._standing(payment)

        return self._call("close", payment, deadline, close_page)

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """Under the key of the refund's try, for a day; without its key it would be paid twice."""

        def pay_back() -> Sequence[Fact]:
            page, key = self._paid_page(payment), f"{refund.id}:{refund.try_no}"
            known = next((one for one in page.refunds if one.ref == f"back_{key}"), None)
            if known is None:
                known = self._pay_back(page, f"back_{key}", refund.amount, refund.id)
            return [page.refund_fact(known, self._installation())]

        return self._call("refund", payment, deadline, pay_back)

    def _charge(self, payment: Payment) -> Started:
        method_ref, ref = payment.options["method_ref"], f"money_{payment.id}"
        if self._keeper is not None and not self._keeper.is_kept(method_ref, payment.options["customer_ref"]):
            raise Refused("the saved method is gone")
        state = self.charges.get(method_ref, Told.PAID)
        why = {Told.FAILED: "card_declined: no", Told.NEEDS_CUSTOMER: "authentication_required: ask"}.get(state, "")
        new = Page(payment.id, None, self._installation(), payment.amount, state=state, payment_ref=ref, why=why)
        page = self.pages.setdefault(payment.id, new)
        return Started(payment_ref=ref, facts=(page.fact(self._installation()),))

    def _standing(self, payment: Payment) -> Sequence[Fact]:
        if payment.is_off_session and not payment.is_started and payment.id not in self.pages:
            return [PaymentExpired(payment_id=payment.id)]
        page = self._page(payment.id)
        return [page.fact(self._installation()), *self._begun(page)]

    # ------------------------------------------------------------------ what customers and banks do

    def pay(self, payment_id: str, amount: Money | None = None) -> bytes:
        """The customer pays, the sum asked unless another is given; the notification that tells it."""
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
            return self._tell(page, refund.state, refund)

    def _pay_back(self, page: Page, ref: str, amount: Money, refund_id: str | None) -> PaidBack:
        if any(dispute.stands for dispute in page.disputes):
            raise Refused("charge_disputed: the bank decides to whom the money goes")
        if amount.minor > page.left.minor or amount.currency != page.amount.currency:
            raise Refused(f"amount_too_large: {page.left} are left")
        refund = PaidBack(ref, amount, refund_id, Back.PENDING if self.refunds_wait else Back.SUCCEEDED)
        page.refunds.append(refund)
        return refund

    # ------------------------------------------------------------------ notifications

    def notification(self, payment_id: str, type: str | None = None) -> bytes:
        """A new notification of how the page stands now; of another type, one that nobody reads."""
        with self._mutex:
            page = self._page(payment_id)
            return self._tell(page, type or page.state)

    def _tell_of_dispute(self, page: Page, type: Contest, dispute: Contested) -> bytes:
        return self._tell(page, type, dispute=dispute)

    def _time(self) -> datetime:
        return self._now()

    def _tell(self, page: Page, type: str, refund: PaidBack | None = None, dispute: Contested | None = None) -> bytes:
        details: dict[str, object] = {}
        if refund is not None:
            details["refund"] = asdict(refund)
        if dispute is not None:
            details["dispute"] = dispute.ref
        return self.tell(type, page=asdict(replace(page, refunds=[], disputes=[])), **details)

    def tell(self, type: str, **details: object) -> bytes:
        """A new notification of that type."""
        told = {"id": f"ntf_{len(self.told) + 1}", "type": type, **details}
        self.told.append((self._now(), json.dumps(told, sort_keys=True).encode()))
        return self.told[-1][1]

    def sign(self, body: bytes, signed_at: int | None = None) -> dict[str, str]:
        """The headers that prove it; signed now unless at a given Unix second."""
        at = int(self._now().timestamp()) if signed_at is None else signed_at
        return {SIGNATURE: f"{at},{self._digest(body, at)}"}

    # ------------------------------------------------------------------ within

    def _call(self, call: str, payment: Payment, deadline: Deadline, act: Callable[[], T]) -> T:
        deadline.remaining_seconds()
        with self._mutex:
            self.calls.append((call, payment.id))
            return self._act(call, act)

    def _move(
        self, payment_id: str, before: frozenset[Told], after: Told, why: str = "", amount: Money | None = None
    ) -> bytes:
        with self._mutex:
            page = self._page(payment_id)
            if page.state not in before:
                raise Conflict(payment_id, f"it is {page.state} and can't become {after}")
            page.state, page.why, page.amount = after, why, amount or page.amount
            page.payment_ref = page.payment_ref or f"money_{payment_id}"
            if after is Told.PAID and payment_id in self._opening and self._billing is not None:
                self._billing.open(page, *self._opening[payment_id])
            return self.notification(payment_id)

    def _begun(self, page: Page) -> Sequence[Fact]:
        """The billing that began with it, if any did."""
        if self._billing is None or page.billing_ref is None:
            return []
        return [self._billing.stands(page.billing_ref)]

    def _paid_page(self, payment: Payment) -> Page:
        """Its own, or what was collected under its id without one."""
        return self._page(payment.id if payment.id in self.pages else payment.payment_ref or payment.id)

    def _page(self, payment_id: str) -> Page:
        if payment_id not in self.pages:
            raise NeedsPerson(f"there is no page for {payment_id}")
        return self.pages[payment_id]

    def _digest(self, body: bytes, at: int) -> str:
        return hmac.new(self._secret, b"%d." % at + body, sha256).hexdigest()


def _of_ref(page: Page, ref: str) -> PaidBack:
    for refund in page.refunds:
        if refund.ref == ref:
            return refund
    raise Refused(f"there is no refund {ref}")
