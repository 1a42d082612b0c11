"""Tills on real wires: both gateways' adapters over HTTP against one sandbox, on a real ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from dependency_injector import providers
from sqlalchemy import Engine

from billing.adapters.sql.engine import make_engine
from billing.adapters.sql.ledger import SqlLedger
from billing.application.ledger import Begin
from billing.application.ports import HINT_TOKEN
from billing.domain import Payment
from billing.entrypoints.container import Container
from billing.entrypoints.settings import Settings
from tests.alike.tills import HEARD_WITHIN_SECONDS, Till
from tests.integration.kpay_providers import KpayProvider
from tests.integration.sandbox import kpay_merchant
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_shops import StripeShop
from tests.twins import KPAY, PHONE


class WiredShop(StripeShop):
    """Sells through the sandbox's Stripe and its KPay; only the registry, the mails and the clock are twins."""

    def __init__(self, sandbox: Sandbox, endpoint: Endpoint, postbacks: kpay_merchant.Shop, engine: Engine) -> None:
        self.engine, self.postbacks = engine, postbacks
        self.kpay = KpayProvider(sandbox, postbacks.url)
        super().__init__(sandbox, endpoint)

    def open_ledger(self) -> Begin:
        """Its clock is the shop's, on a server as in a file."""
        again = timedelta(seconds=30)
        return SqlLedger(self.engine, ids=self.new_id, clock=self.clock, now=self.clock, ring_again=again)

    def settings(self) -> Settings:
        """With KPay's schedule."""
        return replace(super().settings(), kpay=KPAY)

    def _wire(self) -> Container:
        container = super()._wire()
        kpay = self.kpay.gateway_of(now=self.clock)
        container.gateways.override(providers.Object({**container.gateways(), kpay.name: kpay}))
        return container


class WiredTill(Till):
    """All clocks move together, Stripe's too, also where nobody pays there."""

    currency = "RWF"
    shop: WiredShop

    def __init__(self, shop: WiredShop) -> None:
        self.shop = shop

    def wait(self, seconds: float) -> None:
        """What Stripe tells meanwhile is heard."""
        self.shop.pass_until(self.shop.now + timedelta(seconds=seconds))

    def wait_until(self, moment: datetime) -> None:
        """The same."""
        self.shop.pass_until(moment)

    def rest(self) -> None:
        """In longer steps."""
        for _ in range(6):
            self.wait(5 * 3600)


class StripeTill(WiredTill):
    """On its hosted page."""

    gateway = "stripe"

    def options(self) -> dict[str, str]:
        """Where the customer comes back to."""
        return {"success_url": "https://shop.example/thanks"}

    def pay(self, payment: Payment) -> None:
        """With a card."""
        self._act(payment, "pay")

    def decline(self, payment: Payment) -> None:
        """The page stays open."""
        self._act(payment, "decline")

    def tell(self, payment: Payment) -> None:
        """By several signed events."""
        self.shop.hear_new()
        self.wait(HEARD_WITHIN_SECONDS)

    def _act(self, payment: Payment, act: str) -> None:
        played = self.shop.sandbox.control("POST", f"/stripe/sessions/{payment.session_ref}/{act}")
        assert played.ok, played.text


class KpayTill(WiredTill):
    """On the phone."""

    gateway = "kpay"

    def options(self) -> dict[str, str]:
        """By mobile money."""
        return {"method": "momo", "phone": PHONE, "return_url": "https://shop.example/thanks"}

    def pay(self, payment: Payment) -> None:
        """Approved."""
        self.shop.kpay.pay(payment)

    def decline(self, payment: Payment) -> None:
        """Which is the end of it."""
        self.shop.kpay.decline(payment)

    def tell(self, payment: Payment) -> None:
        """The last postback of the attempt comes in at its own address, and its check asks KPay."""
        (held,) = self.shop.kpay.payments_of(payment)
        status = held["statusid"]

        def look() -> bytes | None:
            for postback in list(self.shop.postbacks.received):
                told = {name: value.strip() for name, value in postback.told.items()}
                if (told["refid"], told["statusid"]) == (payment.id, status):
                    return postback.body.encode()
            return None

        body = eventually(look)
        assert body is not None
        self.shop.container.receive_hint()(self.gateway, payment.options[HINT_TOKEN], body)
        self.shop.work()
        self.wait(HEARD_WITHIN_SECONDS)


@contextmanager
def a_wired_shop(folder: Path, ledger_url: str) -> Iterator[WiredShop]:
    """On a sandbox of its own, which ends with it."""
    endpoint, postbacks = Endpoint(), kpay_merchant.Shop()
    sandbox, engine = Sandbox(folder, endpoint.url), make_engine(ledger_url)
    try:
        yield WiredShop(sandbox, endpoint, postbacks, engine)
    finally:
        engine.dispose()
        sandbox.stop()
        postbacks.close()
        endpoint.close()
