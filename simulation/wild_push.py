"""A provider of payments that are approved on a phone, in bad weather; whatever it tells by itself proves nothing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from billing.adapters.memory.hinting import MemoryPush
from billing.adapters.memory.pages import PaidBack, Told
from billing.application.outcomes import AccountRefused, Deadline, Refused
from billing.application.ports import HINT_TOKEN, Clock, Hint, HintingGateway, Started
from billing.domain import Conflict, Fact, Money, Order, Payment, Refund
from simulation.weather import Weather

POLL_SECONDS = (10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
"""The ages at which an attempt is asked about."""
_PAID_AT_ONCE, _REFUSED = 0.05, 0.05

Begin = Callable[[Order, Payment, Deadline], Started]


class TellHint(Protocol):
    """Takes what it tells of an attempt; `surely` where nobody would ask."""

    def __call__(self, payment_id: str, body: bytes, *, surely: bool) -> None: ...


class WildPush(HintingGateway):
    """The twin behind the weather.

    `moved` counts what happened there, `begun` is every first start that it was asked for, `tokens` are those in the
    addresses of hints, `belied` the attempts whose payment a hint claimed before it was made, `kept_back`
    the refunds that a person would not pay; while it `refuses_us` our account takes no payments.
    """

    name, manner = "kpay", MemoryPush.manner

    def __init__(self, weather: Weather, now: Clock) -> None:
        self.twin = MemoryPush(now=now)
        self.tell: TellHint = lambda payment_id, body, surely: None
        self.when_pushed: Callable[[str], None] = lambda payment_id: None
        self.moved = 0
        self.begun: list[str] = []
        self.tokens: dict[str, str] = {}
        self.belied: set[str] = set()
        self.kept_back: set[str] = set()
        self.refuses_us = False
        self._asked_until: dict[str, datetime] = {}
        self._refusals: dict[str, bool] = {}
        self._weather, self._now = weather, now

    # ------------------------------------------------------------------ the port

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        return self.twin.prepare(total, options)

    def hint(self, body: bytes) -> Hint:
        return self.twin.hint(body)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        self.begun.append(payment.id)
        return self._begin("start", self.twin.start, order, payment, deadline)

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        return self._begin("again start", self.twin.start_again, order, payment, deadline)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        return self._weather.call(f"kpay: check {payment.id}", deadline, lambda sent: self.twin.check(payment, sent))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        return self._weather.call(f"kpay: close {payment.id}", deadline, lambda sent: self.twin.close(payment, sent))

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        return self.twin.refund(payment, refund, deadline)

    # ------------------------------------------------------------------ what people do

    def approve(self, payment_id: str) -> bool:
        """Whether the customer could pay."""
        return self._move("is approved", payment_id, lambda: self.twin.approve(payment_id))

    def decline(self, payment_id: str) -> bool:
        """Whether there was anything to decline."""
        return self._move("is declined", payment_id, lambda: self.twin.decline(payment_id))

    def pay_back(self, payment_id: str, refund: Refund) -> None:
        """A person pays so much back past the provider, once."""
        if not self.has_paid_back(refund.id):
            self._weather.schedule.note(f"{refund.amount} of {payment_id} is paid back by hand")
            self.moved += 1
            back = PaidBack(by_hand(refund), refund.amount, refund.id)
            self.twin.pages[payment_id].refunds.append(back)

    def has_paid_back(self, refund_id: str) -> bool:
        """Whether somebody did."""
        return any(back.refund_id == refund_id for page in self.twin.pages.values() for back in page.refunds)

    # ------------------------------------------------------------------ within

    def _begin(self, call: str, begin: Begin, order: Order, payment: Payment, deadline: Deadline) -> Started:
        def act(sent: Deadline) -> Started:
            if self.refuses_us:
                raise AccountRefused("600: wrong user name")
            self._refuse_now_and_then(payment.id)
            self.tokens[payment.id] = payment.options[HINT_TOKEN]
            self._asked_until[payment.id] = payment.created_at + timedelta(seconds=POLL_SECONDS[-1])
            self.twin.approves_at_once = self._weather.strikes(_PAID_AT_ONCE)
            known = len(self.twin.pushed)
            started = begin(order, payment, sent)
            for payment_id in self.twin.pushed[known:]:
                self._pushed(payment_id)
            return started

        return self._weather.call(f"kpay: {call} {payment.id}", deadline, act)

    def _pushed(self, payment_id: str) -> None:
        self.moved += 1
        if self.twin.pages[payment_id].state is Told.PAID:
            self._tell(payment_id, self.twin.postback(payment_id))
        else:
            self.when_pushed(payment_id)

    def _refuse_now_and_then(self, payment_id: str) -> None:
        """For good: it takes no attempt that it has refused."""
        if payment_id not in self.twin.pages:
            is_new = payment_id not in self._refusals and self._weather.faults.call_fails > 0
            refused = is_new and self._weather.strikes(_REFUSED)
            if self._refusals.setdefault(payment_id, refused):
                raise Refused("606: TARGET_AUTHORIZATION_ERROR")

    def _move(self, what: str, payment_id: str, act: Callable[[], bytes]) -> bool:
        try:
            told = act()
        except Conflict:
            return False
        self._weather.schedule.note(f"{payment_id} {what}")
        self.moved += 1
        self._tell(payment_id, told)
        return True

    def _tell(self, payment_id: str, body: bytes) -> None:
        self.tell(payment_id, body, surely=self._now() >= self._asked_until[payment_id])


def by_hand(refund: Refund) -> str:
    """What a person who pays one back notes it as."""
    return f"by hand {refund.id}"
