"""The in-memory provider of payments that are approved on a phone: it hints, closes nothing and refunds nothing."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from billing.adapters.memory.faults import FailsOnOrder
from billing.adapters.memory.pages import Page, Told
from billing.application.outcomes import Deadline, NeedsPerson
from billing.application.ports import Claim, Clock, Forged, Hint, HintingGateway, Manner, Started
from billing.domain.errors import Conflict, Invalid
from billing.domain.facts import Fact, PaymentFailed, PaymentPending
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund

T = TypeVar("T")

GRACE = timedelta(minutes=2)
"""So long after its start an attempt that it does not know may still be on its way to it."""

_CLAIMS = {Told.PAID: Claim.PAID, Told.FAILED: Claim.UNPAID, Told.OPEN: Claim.UNDECIDED}
_OURS = "ours"
_COUNTRY = "+250"


class MemoryPush(HintingGateway, FailsOnOrder):
    """One provider that knows an attempt by our id; whatever it tells by itself anybody could have told.

    `calls` lists what it was asked, `pages` what it holds by payment id, `pushed` every payment that a customer was
    asked to approve, as often as that was. While `approves_at_once` is set the answer to a start says that it is paid.
    """

    usual_call = "start"
    manner = Manner(closes=False, refunds=False)
    approves_at_once = False

    def __init__(self, *, now: Clock, name: str = "kpay") -> None:
        super().__init__()
        self.name = name
        self.calls: list[tuple[str, str]] = []
        self.pages: dict[str, Page] = {}
        self.pushed: list[str] = []
        self._now = now

    # ------------------------------------------------------------------ the port

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        """A phone is needed, and is written as the rest of the world writes it."""
        phone = options.get("phone", "").replace(" ", "")
        if not phone.removeprefix("+").isdecimal():
            raise Invalid("phone", "must be a number")
        return {**options, "phone": phone if phone.startswith("+") else _COUNTRY + phone.removeprefix("0")}

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """Ask the customer to approve; a payment that is known already is told as it stands."""
        return self._call("start", payment.id, deadline, lambda: self._push(payment))

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """The same: it looks before it asks anybody."""
        return self._call("start_again", payment.id, deadline, lambda: self._push(payment))

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """How it stands, by our id."""
        return self._call("check", payment.id, deadline, lambda: self._standing(payment))

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """How it stands: nothing is closed here."""
        return self._call("close", payment.id, deadline, lambda: self._standing(payment))

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """Never."""
        return self._call("refund", payment.id, deadline, self._refuse_refund)

    def hint(self, body: bytes) -> Hint:
        """Whatever it says, as long as it says it in the right words."""
        try:
            told = json.loads(body)
            payment_id, ref, said = str(told["refid"]), str(told["tid"]), Told(told["said"])
        except (ValueError, KeyError, TypeError) as wrong:
            raise Forged("it is no notification") from wrong
        claim = _CLAIMS.get(said, Claim.UNDECIDED)
        answer = {"tid": ref, "refid": payment_id, "reply": "OK"}
        return Hint(payment_id=payment_id, payment_ref=ref, claim=claim, said=said, answer=answer)

    # ------------------------------------------------------------------ what customers do

    def approve(self, payment_id: str, amount: Money | None = None) -> bytes:
        """The customer pays, also what was declined before; what it then tells."""
        return self._move(payment_id, Told.PAID, amount=amount)

    def decline(self, payment_id: str, why: str = "02: the customer declined") -> bytes:
        """It comes to nothing."""
        return self._move(payment_id, Told.FAILED, why)

    def postback(self, payment_id: str, said: Told | None = None) -> bytes:
        """What it tells of an attempt, or what somebody makes up."""
        page = self.pages.get(payment_id)
        said = said or (page.state if page else Told.OPEN)
        return json.dumps({"refid": payment_id, "tid": f"tid_{payment_id}", "said": said}).encode()

    # ------------------------------------------------------------------ within

    def _call(self, call: str, about: str, deadline: Deadline, act: Callable[[], T]) -> T:
        deadline.remaining_seconds()
        with self._mutex:
            self.calls.append((call, about))
            return self._act(call, act)

    def _push(self, payment: Payment) -> Started:
        if payment.id not in self.pages:
            self.pushed.append(payment.id)
            state = Told.PAID if self.approves_at_once else Told.OPEN
            ref = f"tid_{payment.id}"
            self.pages[payment.id] = Page(payment.id, None, _OURS, payment.amount, state=state, payment_ref=ref)
        page = self.pages[payment.id]
        return Started(payment_ref=page.payment_ref, facts=() if page.state is Told.OPEN else (page.fact(_OURS),))

    def _standing(self, payment: Payment) -> Sequence[Fact]:
        if payment.id in self.pages:
            return [self.pages[payment.id].fact(_OURS)]
        if self._now() - payment.created_at < GRACE:
            return [PaymentPending(payment_id=payment.id)]
        return [PaymentFailed(payment_id=payment.id, why="611: it never came to the provider")]

    def _refuse_refund(self) -> Sequence[Fact]:
        raise NeedsPerson("it offers no refunds")

    def _move(self, payment_id: str, after: Told, why: str = "", amount: Money | None = None) -> bytes:
        with self._mutex:
            page = self.pages.get(payment_id)
            if page is None or page.state is Told.PAID:
                raise Conflict(payment_id, f"it can't become {after}")
            page.state, page.why, page.amount = after, why, amount or page.amount
            return self.postback(payment_id)
