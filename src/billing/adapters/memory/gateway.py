"""The in-memory provider of payments: opens pages, charges what is saved, tells of it, and fails on order."""

import json
from collections.abc import Callable, Mapping, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any

from billing.adapters.memory.desk import BILLED
from billing.adapters.memory.disputes import DisputeDesk
from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.notices import Notices, read_notice
from billing.adapters.memory.pages import KEPT, READABLE, Page, Told, page_of, refund_of
from billing.adapters.memory.payment_desk import PaymentDesk
from billing.application.outcomes import Deadline, Refused
from billing.application.ports import Clock, Envelope, Reading, SignedGateway, Started
from billing.domain.facts import Fact, PaymentExpired
from billing.domain.order import Order
from billing.domain.order_item import OrderItem
from billing.domain.payment import Payment
from billing.domain.refund import Refund

if TYPE_CHECKING:
    from billing.adapters.memory.billing import MemoryBilling
    from billing.adapters.memory.methods import MemoryMethods


class MemoryGateway(SignedGateway, FailsOnOrder, Notices, PaymentDesk, DisputeDesk):
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
        self.pages: dict[str, Page] = {}
        self.told = []
        self.charges: dict[str, Told] = {}
        self._installation, self._now, self._secret = installation, now, secret
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
        age = self._signed_ago(body, headers)
        event_id, type = read_notice(body)
        verdict = f"signed {age} s ago"
        return Envelope(event_id=event_id, type=type, api_version="1", verdict=verdict, readable=self.reads(type))

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
            return self._call("start", payment.id, deadline, lambda: self._charge(payment))

        def open_page() -> Started:
            ref = f"page_{payment.id}"
            page = Page(payment.id, ref, self._installation(), payment.amount)
            self.pages.setdefault(payment.id, page)
            if (item := order.recurring_with(payment)) is not None:
                self._opening[payment.id] = (item, payment.options["customer_ref"])
            return Started(session_ref=ref, redirect_url=f"https://memory.example/{ref}")

        return self._call("start", payment.id, deadline, open_page)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """How its page stands."""
        return self._call("check", payment.id, deadline, lambda: self._standing(payment))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """Expire an open page, cancel a charge that waits for the customer; any other stays as it is."""

        def close_page() -> Sequence[Fact]:
            if payment.id in self.pages:
                self.pages[payment.id].close()
            return self._standing(payment)

        return self._call("close", payment.id, deadline, close_page)

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """Under the key of the refund's try, for a day; without its key it would be paid twice."""

        def pay_back() -> Sequence[Fact]:
            page, key = self._paid_page(payment), f"{refund.id}:{refund.try_no}"
            known = next((one for one in page.refunds if one.ref == f"back_{key}"), None)
            if known is None:
                known = self._pay_back(page, f"back_{key}", refund.amount, refund.id)
            return [page.refund_fact(known, self._installation())]

        return self._call("refund", payment.id, deadline, pay_back)

    def _charge(self, payment: Payment) -> Started:
        method_ref, ref = payment.options["method_ref"], f"money_{payment.id}"
        if payment.id not in self.pages and not self._is_kept(method_ref, payment.options["customer_ref"]):
            raise Refused("the saved method is gone")
        state = self.charges.get(method_ref, Told.PAID)
        why = {Told.FAILED: "card_declined: no", Told.NEEDS_CUSTOMER: "authentication_required: ask"}.get(state, "")
        new = Page(payment.id, None, self._installation(), payment.amount, state=state, payment_ref=ref, why=why)
        page = self.pages.setdefault(payment.id, new)
        return Started(payment_ref=ref, facts=(page.fact(self._installation()),))

    def _is_kept(self, method_ref: str, customer_ref: str) -> bool:
        return self._keeper is None or self._keeper.is_kept(method_ref, customer_ref)

    def _standing(self, payment: Payment) -> Sequence[Fact]:
        if payment.is_off_session and not payment.is_started and payment.id not in self.pages:
            return [PaymentExpired(payment_id=payment.id)]
        page = self._page(payment.id)
        return [page.fact(self._installation()), *self._begun(page)]

    # ------------------------------------------------------------------ within

    def _begin_with(self, page: Page) -> None:
        if page.key in self._opening and self._billing is not None:
            self._billing.open(page, *self._opening[page.key])

    def _begun(self, page: Page) -> Sequence[Fact]:
        """The billing that began with it, if any did."""
        if self._billing is None or page.billing_ref is None:
            return []
        return [self._billing.stands(page.billing_ref)]

    def _paid_page(self, payment: Payment) -> Page:
        """Its own, or what was collected under its id without one."""
        return self._page(payment.id if payment.id in self.pages else payment.payment_ref or payment.id)
