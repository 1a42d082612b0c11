"""The payment provider in bad weather; its pages close by themselves, and what happens is told by webhooks."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import PAYABLE, Back, Page, PaidBack, Told
from billing.application.outcomes import Deadline, Refused
from billing.application.ports import Clock, Envelope, Reading, SignedGateway, Started
from billing.domain import Conflict, DisputeStatus, Fact, Money, Order, Payment, Refund
from simulation.weather import Weather

_SLOW_CHARGES_PAID, _SLOW_CHARGES_MS, _CONSENT, _CONSENT_MS = 0.7, 4 * 86_400_000, 0.4, 2 * 3_600_000
_SLOW_REFUNDS, _FAILING_REFUNDS, _REFUSED_REFUNDS = 0.2, 0.1, 0.15


class WildGateway(SignedGateway):
    """The twin behind the weather; `tell` takes all it writes, `told` counts it, `asked` is what each page asks."""

    name = "memory"

    def __init__(self, weather: Weather, now: Clock, installation: Callable[[], str]) -> None:
        self.twin = MemoryGateway(installation=installation, now=now)
        self.tell: Callable[[bytes], None] = lambda body: None
        self.tell_surely = self.tell
        self.when_paid: Callable[[str], None] = lambda payment_id: None
        self.told = 0
        self._refusals: dict[str, bool] = {}
        self.asked: dict[str, Money] = {}
        self._weather, self._now = weather, now

    # ------------------------------------------------------------------ the port

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        return self.twin.verify(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        return self._weather.call("provider: interpret", deadline, lambda _: self.twin.interpret(body, deadline))

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        def act(sent: Deadline) -> Started:
            is_new = payment.id not in self.twin.pages
            started = self.twin.start(order, payment, sent)
            if is_new and payment.is_off_session:
                self.asked[payment.id] = payment.amount
                self._charged(payment.id)
            elif is_new:
                self.asked[payment.id] = payment.amount
                left_ms = int((payment.expires_at - self._now()).total_seconds() * 1000)
                self._weather.schedule.spawn("provider", lambda: self._close_page(payment.id), max(left_ms, 0))
            return started

        return self._weather.call(f"provider: start {payment.id}", deadline, act)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        return self._weather.call(
            f"provider: check {payment.id}", deadline, lambda sent: self.twin.check(payment, sent)
        )

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        return self._weather.call(
            f"provider: close {payment.id}", deadline, lambda sent: self.twin.close(payment, sent)
        )

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        key = f"{refund.id}:{refund.try_no}"

        def act(sent: Deadline) -> Sequence[Fact]:
            self._refuse_now_and_then(key)
            page = self.page_of(payment)
            paid_back = len(page.refunds)
            self.twin.refunds_wait = self._weather.strikes(_SLOW_REFUNDS)
            facts = self.twin.refund(payment, refund, sent)
            for back in page.refunds[paid_back:]:
                self._tell(self.twin.refund_notification(page.key, back.ref))
                self._perhaps_decide_later(page.key, back)
            return facts

        return self._weather.call(f"provider: refund {key}", deadline, act)

    def _refuse_now_and_then(self, key: str) -> None:
        """A definite refusal is remembered under its key, as idempotency has it."""
        if key not in self._refusals:
            self._refusals[key] = self._weather.faults.call_fails > 0 and self._weather.strikes(_REFUSED_REFUNDS)
        if self._refusals[key]:
            raise Refused("insufficient_balance")

    def _perhaps_decide_later(self, payment_id: str, back: PaidBack) -> None:
        is_pending, dice = back.state is Back.PENDING, self._weather.dice
        fails = self._weather.strikes(_FAILING_REFUNDS)
        if is_pending or fails:
            why = "account_closed" if fails else None
            after_ms = dice.randint(1, 60 * 60_000)
            self._weather.schedule.spawn("a bank", lambda: self._decide(payment_id, back.ref, why), after_ms)

    def _decide(self, payment_id: str, ref: str, why: str | None) -> None:
        """How a refund ended; only the webhook tells, so it comes."""
        self.tell_surely(self._told(self.twin.settle_refund(payment_id, ref, why)))

    # ------------------------------------------------------------------ for its other ports

    def pass_on(self, told: Iterable[bytes], *, surely: bool = False) -> None:
        """Tell what was written there; surely where nobody would ask."""
        for body in told:
            (self.tell_surely if surely else self.tell)(self._told(body))

    # ------------------------------------------------------------------ what people do there

    def refund_at_the_desk(self, payment: Payment, amount: Money) -> None:
        """Somebody pays back in the provider's dashboard; only the webhook tells, so it comes."""
        self.twin.refunds_wait = False
        self.tell_surely(self._told(self.twin.refund_at_the_desk(self.page_of(payment).key, amount)))

    def open_dispute(self, payment_id: str, amount: Money, is_inquiry: bool) -> str:
        """A bank disputes a payment; its id there."""
        self._tell(self.twin.open_dispute(payment_id, amount, is_inquiry=is_inquiry))
        ref = self.twin.pages[payment_id].disputes[-1].ref
        self._weather.schedule.note(f"{payment_id} is disputed: {amount}, {ref}")
        return ref

    def withdraw(self, payment_id: str, ref: str) -> None:
        """It takes the money."""
        self._tell(self.twin.withdraw(payment_id, ref))

    def respond(self, payment_id: str, ref: str) -> None:
        """Somebody sends evidence."""
        self._tell(self.twin.respond(payment_id, ref))

    def decide(self, payment_id: str, ref: str, status: DisputeStatus) -> None:
        """It has decided; only the webhook tells, so it comes."""
        self._weather.schedule.note(f"{ref} is {status}")
        self.tell_surely(self._told(self.twin.decide(payment_id, ref, status)))

    def pay(self, payment_id: str, amount: Money | None = None) -> bool:
        """Whether the page took the money."""
        is_paid = self._on_page("pays", payment_id, lambda: self.twin.pay(payment_id, amount))
        if is_paid:
            self.when_paid(payment_id)
        return is_paid

    def decline(self, payment_id: str) -> bool:
        """Whether the page took the card, and refused it."""
        return self._on_page("is declined", payment_id, lambda: self.twin.decline(payment_id))

    def submit(self, payment_id: str) -> bool:
        """Whether the page took the order of a slow method."""
        return self._on_page("pays slowly", payment_id, lambda: self.twin.submit(payment_id))

    def fail(self, payment_id: str) -> bool:
        """Whether the slow method could still fail."""
        return self._on_page("has failed", payment_id, lambda: self.twin.fail(payment_id))

    def arrive_after_all(self, payment_id: str) -> None:
        """The bank takes its refusal back. Nobody asks about what has failed: only the webhook tells, so it comes."""
        self.twin.pages[payment_id].state = Told.SUBMITTED
        self.tell_surely(self._told(self.twin.pay(payment_id)))

    def has_paid_back(self, refund_id: str) -> bool:
        """What its dashboard shows of a refund of ours."""
        backs = (back for page in self.twin.pages.values() for back in page.refunds)
        return any(back.refund_id == refund_id and back.state is not Back.FAILED for back in backs)

    def page_of(self, payment: Payment) -> Page:
        """Its own, or what was collected without one; KeyError."""
        return self.twin.pages[payment.id if payment.id in self.twin.pages else payment.payment_ref or payment.id]

    def pages_of(self, installation: str) -> Sequence[Page]:
        """What the provider holds for one installation."""
        return [page for page in self.twin.pages.values() if page.installation == installation]

    # ------------------------------------------------------------------ within

    def _on_page(self, what: str, payment_id: str, act: Callable[[], bytes]) -> bool:
        try:
            told = act()
        except Conflict:
            return False
        self._weather.schedule.note(f"{payment_id} {what}")
        self._tell(told)
        return True

    def _tell(self, body: bytes) -> None:
        self.tell(self._told(body))

    def _told(self, body: bytes) -> bytes:
        self.told += 1
        return body

    def _charged(self, payment_id: str) -> None:
        """A webhook follows; whoever has yet to decide does so later, or never."""
        self._tell(self.twin.notification(payment_id))
        state, dice, spawn = self.twin.pages[payment_id].state, self._weather.dice, self._weather.schedule.spawn
        if state is Told.PAID:
            self.when_paid(payment_id)
        elif state is Told.SUBMITTED:
            decide = self.pay if dice.random() < _SLOW_CHARGES_PAID else self.fail
            spawn("a bank", lambda: decide(payment_id), dice.randint(1, _SLOW_CHARGES_MS))
        elif state is Told.NEEDS_CUSTOMER and dice.random() < _CONSENT:
            spawn("cardholder", lambda: self.pay(payment_id), dice.randint(1, _CONSENT_MS))

    def _close_page(self, payment_id: str) -> None:
        if self.twin.pages[payment_id].state in PAYABLE:
            self._on_page("closes", payment_id, lambda: self.twin.expire(payment_id))
