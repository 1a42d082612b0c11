"""KPay as the gateway's contract sees it: the sandbox's payers and operators."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from billing.adapters.kpay_gateway import KpayAccount, KpayGateway
from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.application.ports import Clock
from billing.domain.money import Money
from billing.domain.payment import Payment
from tests.contracts.gateway_refunds import RefundProvider
from tests.integration.sandbox.harness import Sandbox

LIMITS = {"momo": (100, 5_000_000), "cc": (1_000, 10_000_000), "spenn": (100, 1_000_000)}
OPTIONS: Mapping[str, str] = {
    "method": "momo",
    "phone": "0788 123 456",
    "return_url": "http://shop.example/thanks",
    "email": "aline@example.rw",
    "name": "Aline Uwase",
    "hint_token": "token-that-nobody-guesses",
}


def now() -> datetime:
    return datetime.now(UTC)


class KpayProvider(RefundProvider):
    """`returl` is where postbacks go; nothing need listen there."""

    currencies: Sequence[str] = ("RWF",)
    options = OPTIONS

    def __init__(self, sandbox: Sandbox, returl: str) -> None:
        self.sandbox, self.returl = sandbox, returl
        self.telemetry = MemoryTelemetry()
        self.gateway = self.gateway_of()

    def gateway_of(self, now: Clock = now, **other: Any) -> KpayGateway:
        settings = self.sandbox.settings
        known = {
            "url": settings["BILLING_KPAY_URL"],
            "username": settings["BILLING_KPAY_USERNAME"],
            "password": settings["BILLING_KPAY_PASSWORD"],
            "api_key": settings["BILLING_KPAY_API_KEY"],
            "retailer_id": settings["BILLING_KPAY_RETAILER_ID"],
            "limits": LIMITS,
        }
        return KpayGateway(
            KpayAccount(**(known | other)),  # type: ignore[arg-type]
            postback_url=lambda token: f"{self.returl}/{token}",
            grace=timedelta(seconds=120),
            others=["stripe"],
            now=now,
            telemetry=self.telemetry,
        )

    def now(self) -> datetime:
        return now()

    def pay(self, payment: Payment) -> None:
        self.act(payment, "approve")

    def decline(self, payment: Payment) -> None:
        self.act(payment, "decline")

    def act(self, payment: Payment, act: str, body: Any = None) -> None:
        played = self.sandbox.control("POST", f"/kpay/payments/{payment.payment_ref or payment.id}/{act}", body)
        assert played.ok, played.text

    def switch(self, **switches: Any) -> None:
        assert self.sandbox.control("PUT", "/kpay/switches", switches).ok

    def lose_next_answer(self) -> None:
        self.sandbox.fault("kpay.pay", "lose_answer")

    def refuse_next(self) -> None:
        self.sandbox.fault("kpay.pay", "refuse", code=606)

    def payments_of(self, payment: Payment) -> list[Any]:
        """What KPay holds for it."""
        found = self.sandbox.control("GET", "/state").json()["kpay"]["payments"]
        return [one for one in found if one["refid"] == payment.id]

    def count_attempts(self, payment: Payment) -> int:
        return len(self.payments_of(payment))

    # ------------------------------------------------------------------ what KPay has none of

    def expire(self, payment: Payment) -> None:
        raise AssertionError("nothing at KPay expires")

    def lose_next_refund(self) -> None:
        raise AssertionError("KPay pays nothing back")

    def refuse_next_refund(self) -> None:
        raise AssertionError("KPay pays nothing back")

    def delay_next_refund(self) -> None:
        raise AssertionError("KPay pays nothing back")

    def decide_refund(self, payment: Payment, ref: str, succeeds: bool) -> None:
        raise AssertionError("KPay pays nothing back")

    def refund_at_the_desk(self, payment: Payment, amount: Money) -> str:
        raise AssertionError("KPay has no desk")

    def paid_back(self, payment: Payment) -> list[Money]:
        return []
