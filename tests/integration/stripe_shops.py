"""The whole program on its twins, but for Stripe, which answers over sockets and tells by webhooks."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dependency_injector import providers

from billing.adapters.stripe_gateway import StripeBilling, StripeGateway, StripeMethods
from billing.domain import Order, Payment, Subscription, Wallet
from billing.entrypoints.container import Container
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import now
from tests.twins import BY, Twins

AHEAD = timedelta(seconds=7)
"""By so much Stripe's clock is ahead of the shop's, which stands still between two moves."""


Told = tuple[bytes, str]
Delivery = Callable[[Sequence[Told]], Sequence[Told]]


class StripeShop(Twins):
    """Twins that sell through a sandbox; its clock and theirs are moved together."""

    def __init__(self, sandbox: Sandbox, endpoint: Endpoint, deliver: Delivery = list) -> None:
        """`deliver` puts what was told at once into the order in which it is heard."""
        self.sandbox, self.endpoint, self.deliver, self.heard = sandbox, endpoint, deliver, 0
        super().__init__()
        self._move_stripe(self.now + AHEAD - now())

    def _wire(self) -> Container:
        container = super()._wire()
        settings = self.sandbox.settings
        api = {
            "api_key": settings["BILLING_STRIPE_API_KEY"],
            "api_base": settings["BILLING_STRIPE_API_BASE"],
            "installation": self.installation,
            "telemetry": self.telemetry,
        }
        secrets = [settings["BILLING_STRIPE_WEBHOOK_SECRETS"]]
        gateway = StripeGateway(**api, livemode=False, webhook_secrets=secrets, now=now)  # type: ignore[arg-type]
        billing = StripeBilling(**api, now=now)  # type: ignore[arg-type]
        methods = StripeMethods(**api)  # type: ignore[arg-type]
        for name, adapter in {"gateways": gateway, "recurring_billing": billing, "saved_methods": methods}.items():
            getattr(container, name).override(providers.Object({"stripe": adapter}))
        return container

    def _move_stripe(self, by: timedelta) -> None:
        moved = self.sandbox.control("POST", "/clock/advance", {"seconds": int(by.total_seconds())})
        assert moved.ok, moved.text

    def pass_until(self, moment: datetime) -> None:
        """All clocks move there, Stripe's first; what it tells of that is heard."""
        by = moment - self.now
        self._move_stripe(by)
        self.pass_time(by)
        self.listen()

    def open_page(self, order: Order) -> Payment:
        """The customer goes to Stripe's page."""
        options = {"success_url": "https://shop.example/thanks"}
        payment: Payment = self.container.start_payment()(order.id, "stripe", options, BY)
        return payment

    def pay_there(self, order: Order) -> Order:
        """The customer pays on Stripe's page, and all hear of it."""
        payment = self.open_page(order)
        paid = self.sandbox.control("POST", f"/stripe/sessions/{payment.session_ref}/pay")
        assert paid.ok, paid.text
        self.listen()
        return self.read(order)

    def save_card(self, card: str) -> None:
        """The customer saves another of Stripe's test cards, and has renewals charged to it."""
        wallet = self.wallet()
        method = self.sandbox.api.payment_methods.attach(card, {"customer": str(wallet.customer_ref)})
        self.listen()
        saved = self.wallet().of_ref(method.id)
        assert saved
        self.container.set_default_method()(wallet.customer_id, saved.id, BY)
        self.listen()

    def wallet(self) -> Wallet:
        """What the customer keeps at Stripe."""
        wallet: Wallet | None = self.ledger.read(lambda uow: uow.wallets.of_customer("cus_1", "stripe"))
        assert wallet
        return wallet

    def listen(self) -> None:
        """Hear all that Stripe has told, and do what comes of it, until neither has anything more."""
        self.sweep_and_work()
        while self.hear_new():
            self.sweep_and_work()

    def hear_new(self) -> int:
        """What was told since; how much."""
        told = len(self.sandbox.state()["events"])
        eventually(lambda: len(self.endpoint.received) >= told)
        new = self.endpoint.received[self.heard :]
        self.heard += len(new)
        for body, signature in self.deliver(new):
            self.container.receive_webhook()("stripe", body, {"Stripe-Signature": signature})
        return len(new)

    def subscription_of(self, order: Order) -> Subscription:
        """What its hosting opened, as it is now."""
        (opened,) = [item.subscription_id for item in self.read(order).items if item.opens_subscription]
        assert opened is not None
        subscription_id: str = opened
        return self.ledger.read(lambda uow: uow.subscriptions.get(subscription_id))
