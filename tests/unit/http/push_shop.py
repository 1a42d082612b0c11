"""The HTTP side with two providers: beside the usual one KPay's twin, both behind their guards, and orders in RWF."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from billing.adapters.memory.hinting import MemoryPush
from billing.application.guarding.breakers import Guard, GuardLimits
from billing.application.guarding.guarded import GuardedHintingGateway, GuardedSignedGateway
from billing.application.money.paying import AttemptTimes
from billing.application.outcomes import Deadline
from billing.application.ports import PaymentGateway, Started
from billing.domain.breaker import BreakerPolicy
from billing.domain.errors import Invalid
from billing.domain.money import Money
from billing.domain.order import Order
from billing.domain.payment import Payment
from billing.entrypoints.http.gateways import KpayTerms
from tests.unit.http.shop import CONFIG, Shop, a_basket, a_name

RETRY_AFTER = timedelta(minutes=2)
LIMITS = {"momo": (100, 5_000_000), "cc": (1_000, 10_000_000), "spenn": (100, 1_000)}
AWAY = GuardLimits(
    policy=BreakerPolicy(2, timedelta(seconds=30), timedelta(minutes=10)),
    fair_call_seconds=1.0,
    probe_margin=timedelta(seconds=5),
)


class KpayTwin(MemoryPush):
    """As KPay is where it matters here: it takes RWF alone, knows networks by numbers, and has a page for cards."""

    def prepare(self, total: Money, options: Mapping[str, str]) -> Mapping[str, str]:
        """With the operator where it is known."""
        if total.currency != "RWF":
            raise Invalid("gateway", "KPay takes RWF only")
        least, most = LIMITS[options["method"]]
        if not least <= total.minor <= most:
            raise Invalid("method", f"takes from {least} to {most} RWF")
        prepared = super().prepare(total, options)
        return {**prepared, **({"operator": "MTN"} if prepared["phone"].startswith("+25078") else {})}

    def start(self, order: Order, payment: Payment, deadline: Deadline) -> Started:
        """A card is put in on a page."""
        started = super().start(order, payment, deadline)
        page = "https://kpay.example/checkout/1" if payment.options["method"] == "cc" else None
        return replace(started, redirect_url=page)


class PushShop(Shop):
    """A shop in which customers can choose."""

    def __init__(self) -> None:
        self.push = KpayTwin(now=self.clock)
        super().__init__()

    def a_config(self):
        return replace(CONFIG, gateways=("stripe", "kpay"), kpay=KpayTerms(LIMITS, RETRY_AFTER))

    def gateways(self) -> Mapping[str, PaymentGateway]:
        """Both, guarded."""
        return {
            "stripe": GuardedSignedGateway(self.gateway, self._guard("stripe")),
            "kpay": GuardedHintingGateway(self.push, self._guard("kpay")),
        }

    def attempt_times(self) -> Mapping[str, AttemptTimes]:
        """Attempts at KPay are given up by and by."""
        return {"kpay": AttemptTimes(timedelta(hours=1), RETRY_AFTER)}

    def reset(self) -> None:
        """Nobody has been at KPay either."""
        super().reset()
        KpayTwin.__init__(self.push, now=self.clock)

    def _guard(self, name: str) -> Guard:
        return Guard(f"gateway {name}", self.ledger, AWAY, self.telemetry, lambda: 0.0)

    def is_away(self, name: str) -> None:
        """It has not answered so often that nobody asks it any more."""

        def fail(uow) -> None:
            for _ in range(AWAY.policy.failures_max):
                uow.breakers.lock(f"gateway {name}").fail("no answer", uow.now(), AWAY.policy)

        self.ledger.write("test", fail)

    def order_in_rwf(self, *items: dict) -> dict:
        return self.post("/v1/orders", a_basket(*(items or (a_name(),)), currency="RWF")).json

    def has_phone(self, phone: str) -> None:
        """The customer has told us a number."""
        self.ledger.write("test", lambda uow: uow.customers.get("cus_1").change(phone=phone))

    def attempts(self, order_id: str) -> list[Payment]:
        return self.ledger.read(lambda uow: uow.orders.get(order_id)).payments


def a_push(**details) -> dict:
    known = {
        "gateway": "kpay",
        "method": "momo",
        "phone": "0788 123 434",
        "return_url": "https://shop.example/back",
    }
    return {name: value for name, value in {**known, **details}.items() if value is not ...}
