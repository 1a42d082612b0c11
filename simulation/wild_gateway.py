"""The payment provider in bad weather; its pages close by themselves, and what happens on them is told by webhooks."""

from collections.abc import Callable, Mapping, Sequence

from billing.adapters.memory.gateway import MemoryGateway
from billing.adapters.memory.pages import PAYABLE, Page, Told
from billing.application.ports import Clock, Deadline, Envelope, PaymentGateway, Reading, Started
from billing.domain import Conflict, Fact, Money, Order, Payment
from simulation.weather import Weather

_AGES_SECONDS = 3600.0


class WildGateway(PaymentGateway):
    """The twin behind the weather; `tell` takes every notification that it writes, `asked` what each page asks."""

    name, is_proof = "memory", True

    def __init__(self, weather: Weather, now: Clock, installation: Callable[[], str]) -> None:
        self.twin = MemoryGateway(installation=installation, now=now)
        self.tell: Callable[[bytes], None] = lambda body: None
        self.tell_surely = self.tell
        self.asked: dict[str, Money] = {}
        self._weather, self._now = weather, now

    # ------------------------------------------------------------------ the port

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Envelope:
        return self.twin.verify(body, headers)

    def interpret(self, body: bytes, deadline: Deadline) -> Reading:
        return self._weather.call("provider: interpret", deadline, lambda: self.twin.interpret(body, deadline))

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        def act() -> Started:
            is_new = payment.id not in self.twin.pages
            started = self.twin.start(order, payment, self._sent(deadline))
            if is_new:
                self.asked[payment.id] = payment.amount
                left_ms = int((payment.expires_at - self._now()).total_seconds() * 1000)
                self._weather.schedule.spawn("provider", lambda: self._close_page(payment.id), max(left_ms, 0))
            return started

        return self._weather.call(f"provider: start {payment.id}", deadline, act)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        sent = self._sent(deadline)
        return self._weather.call(f"provider: check {payment.id}", deadline, lambda: self.twin.check(payment, sent))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        sent = self._sent(deadline)
        return self._weather.call(f"provider: close {payment.id}", deadline, lambda: self.twin.close(payment, sent))

    # ------------------------------------------------------------------ what customers do there

    def pay(self, payment_id: str, amount: Money | None = None) -> bool:
        """Whether the page took the money."""
        return self._on_page("pays", payment_id, lambda: self.twin.pay(payment_id, amount))

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
        self.tell_surely(self.twin.pay(payment_id))

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
        self.tell(told)
        return True

    def _close_page(self, payment_id: str) -> None:
        if self.twin.pages[payment_id].state in PAYABLE:
            self._on_page("closes", payment_id, lambda: self.twin.expire(payment_id))

    def _sent(self, deadline: Deadline) -> Deadline:
        """What was sent in time arrives, however long the sender sleeps between."""
        return Deadline.after(_AGES_SECONDS, deadline.monotonic)
