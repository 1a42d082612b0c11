"""Payments at KPay: mobile money, cards and SPENN, in RWF, each known by our own id from before it is asked for.

Nothing of it is believed but the answer to our own question: postbacks are not signed, and a call that was rejected may
have been taken before, so the status is asked for first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from billing.adapters.kpay_gateway.account import KpayAccount
from billing.adapters.kpay_gateway.asking import CURRENCY, body_of, hidden_of, prepared
from billing.adapters.kpay_gateway.client import KpayApi
from billing.adapters.kpay_gateway.codes import Standing, explain_refusal, explain_status, shown
from billing.adapters.kpay_gateway.postbacks import read_postback
from billing.adapters.kpay_gateway.replies import Reply
from billing.application.outcomes import AccountRefused, Deadline, NeedsPerson, OutcomeUnknown, Refused, RetryLater
from billing.application.ports import Clock, Hint, HintingGateway, Manner, Started, Telemetry
from billing.domain.facts import Fact, PaymentFailed, PaymentPending, PaymentSucceeded
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.domain.refund import Refund


class KpayGateway(HintingGateway):
    """One merchant's account; `refid` is the id of the payment, and the sum is bound to it, since KPay echoes none."""

    name = "kpay"
    manner = Manner(closes=False, refunds=False)

    def __init__(
        self,
        account: KpayAccount,
        *,
        postback_url: Callable[[str], str],
        grace: timedelta,
        others: Sequence[str],
        now: Clock,
        telemetry: Telemetry,
    ) -> None:
        """`now` is the business clock, by which a payment was made; for `grace` after that KPay may not know it.

        `others` are gateways that take what this one does not.
        """
        self._account, self._postback_url, self._grace = account, postback_url, grace
        self._others, self._now, self._telemetry = tuple(others), now, telemetry
        self._api = KpayApi(account, telemetry)

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        """By method, sum, phone and return address."""
        return prepared(total, options, self._account, self._others)

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """`pay`; whatever is not clearly taken is asked about before it counts as refused."""
        if payment.amount.currency != CURRENCY:
            raise Refused(f"KPay takes {CURRENCY} only, not {payment.amount.currency}")
        body = body_of(order, payment, self._account, self._postback_url)
        reply = self._api.pay(body, deadline, hidden_of(payment))
        if reply.refid and reply.refid != payment.id:
            raise OutcomeUnknown("KPay answered about another payment than it was asked for")
        if reply.is_accepted and reply.tid:
            # Of a payment that was just taken only a success counts at once; anything else is what the polls are for.
            return self._started(payment, reply if reply.standing is Standing.PAID else replace(reply, statusid=""))
        return self._rejected(payment, reply, deadline)

    def start_again(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """Asked about first: KPay has no idempotency keys, and a push that was approved must not be sent again."""
        found = self._find(payment, deadline)
        if found.standing is Standing.UNKNOWN_THERE:
            return self.start(order, payment, deadline)
        return self._started(payment, found)

    def check(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """`checkstatus` by our id."""
        return [self._fact(payment, self._find(payment, deadline))]

    def close(self, payment: Payment, deadline: Deadline) -> Sequence[Fact]:
        """The same: KPay can't call anything off."""
        return self.check(payment, deadline)

    def refund(self, payment: Payment, refund: Refund, deadline: Deadline) -> Sequence[Fact]:
        """A person's task."""
        raise NeedsPerson(f"KPay has no call for refunds: {refund.amount} of {payment.payment_ref} go back by hand")

    def hint(self, body: bytes) -> Hint:
        """A postback."""
        return read_postback(body)

    # ------------------------------------------------------------------ asking

    def _find(self, payment: Payment, deadline: Deadline) -> Reply:
        """How KPay says that it stands; AccountRefused where it won't say, NeedsPerson where that is about another."""
        found = self._api.check_status(payment.id, deadline, hidden_of(payment))
        if not found.status:
            raise AccountRefused(f"KPay does not let us in: {explain_refusal(found.retcode, found.said)}")
        if found.standing is Standing.UNKNOWN_THERE:
            return found
        if found.refid and found.refid != payment.id:
            raise NeedsPerson("KPay answers with another payment than it was asked about")
        if found.tid and payment.payment_ref and found.tid != payment.payment_ref:
            raise NeedsPerson(f"KPay has it as {found.tid}, and took it as {payment.payment_ref}")
        return found

    def _rejected(self, payment: Payment, reply: Reply, deadline: Deadline) -> Started:
        """No clear yes: it may be there all the same, from a call whose answer was lost, or be on its way."""
        why = explain_refusal(reply.retcode, reply.said)
        try:
            found = self._find(payment, deadline)
        except RetryLater as silence:
            unasked = f"{why}, and it can't be asked about: {silence.why}"
            raise OutcomeUnknown(unasked, silence.after_seconds, silence.answered) from silence
        except AccountRefused as refusal:
            if reply.is_accepted:
                raise OutcomeUnknown(f"KPay has taken it, and now {refusal.why}") from refusal
            raise
        if found.standing is not Standing.UNKNOWN_THERE:
            return self._started(payment, found)
        if reply.is_accepted:
            raise OutcomeUnknown("KPay has taken it, and does not know it yet")
        raise Refused(why)

    # ------------------------------------------------------------------ what it means

    def _started(self, payment: Payment, reply: Reply) -> Started:
        """With what is decided already; OutcomeUnknown where it is there and nobody says under which number."""
        fact = self._fact(payment, reply) if reply.status else None
        if not reply.tid and isinstance(fact, PaymentFailed):
            raise Refused(fact.why)
        if not reply.tid and not isinstance(fact, PaymentSucceeded):
            raise OutcomeUnknown("KPay has it, and does not say under which tid")
        decided = () if fact is None or isinstance(fact, PaymentPending) else (fact,)
        return Started(payment_ref=reply.tid or None, redirect_url=reply.url, facts=decided)

    def _fact(self, payment: Payment, reply: Reply) -> Fact:
        ref = reply.tid or payment.payment_ref
        is_late = self._now() > payment.created_at + self._grace
        if reply.standing is Standing.PAID:
            return PaymentSucceeded(payment_id=payment.id, payment_ref=ref, received=payment.amount)
        if reply.standing is Standing.FAILED or (reply.standing is Standing.UNKNOWN_THERE and is_late):
            why = explain_status(reply.status, reply.said)
            return PaymentFailed(payment_id=payment.id, payment_ref=ref, why=why)
        if reply.standing is Standing.UNREADABLE:
            self._telemetry.alarm("kpay_status_unknown", payment_id=payment.id, statusid=shown(reply.status))
        return PaymentPending(payment_id=payment.id, payment_ref=ref)
