"""Stripe Billing as its contract sees it: the sandbox's subscriptions, each customer by a test clock of their own."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import stripe

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeBilling, StripeMethods
from billing.application.ports import Reading
from billing.domain.wallet import Wallet
from tests.builders import a_wallet
from tests.contracts.payment_gateway import soon
from tests.contracts.recurring_billing import Biller
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.sandbox.subscribers import Clock, a_customer, has_card
from tests.integration.stripe_providers import StripeProvider, now

BEGUN = "2027-01-31T09:30:07"
PAID_AT = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)
TO_BE_FINAL = timedelta(minutes=90)
"""A renewal is a draft for an hour."""
REFUSING = "pm_card_chargeCustomerFail"

_numbers = count(1)


class StripeBiller(Biller):
    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        self.sandbox, self.endpoint = sandbox, endpoint
        self.provider = StripeProvider(sandbox, endpoint)
        self.installation = self.provider.installation
        self.billing = self.billing_of(self.installation)
        self.stranger = self.billing_of("ins_other")
        self.clocks: dict[str, Clock] = {}

    def billing_of(self, installation: str, **other: Any) -> StripeBilling:
        settings = self.sandbox.settings
        defaults = {
            "api_key": settings["BILLING_STRIPE_API_KEY"],
            "api_base": settings["BILLING_STRIPE_API_BASE"],
            "telemetry": MemoryTelemetry(),
        }
        return StripeBilling(**(defaults | other), installation=lambda: installation, now=now)

    def methods(self) -> StripeMethods:
        """Saved methods of the same account."""
        settings = self.sandbox.settings
        return StripeMethods(
            api_key=settings["BILLING_STRIPE_API_KEY"],
            api_base=settings["BILLING_STRIPE_API_BASE"],
            installation=lambda: self.installation,
            telemetry=MemoryTelemetry(),
        )

    def paid_at(self) -> datetime:
        return PAID_AT

    def clock(self, time: str) -> Clock:
        """A clock that stands at that time."""
        return Clock(self.sandbox, time)

    def a_wallet(self) -> Wallet:
        return self.wallet_by(self.clock(BEGUN))

    def wallet_by(self, clock: Clock) -> Wallet:
        """A customer who lives by that clock."""
        customer = a_customer(self.sandbox, test_clock=clock.id)
        self.clocks[customer.id] = clock
        return self.wallet_of(customer)

    def wallet_of(self, customer: stripe.Customer) -> Wallet:
        assert customer.invoice_settings
        wallet = a_wallet(f"wal_{next(_numbers)}", customer_ref=customer.id)
        wallet.keep("mth_1", str(customer.invoice_settings.default_payment_method), PAID_AT)
        return wallet

    def turn(self, billing_ref: str) -> None:
        subscription = self.sandbox.api.subscriptions.retrieve(billing_ref)
        end = datetime.fromtimestamp(subscription["items"].data[0].current_period_end, UTC)
        self.clocks[str(subscription.customer)].move(f"{end + TO_BE_FINAL:%Y-%m-%dT%H:%M:%S}")

    def decline_next(self, wallet: Wallet, billing_ref: str) -> None:
        self.pay_with(wallet, REFUSING)

    def mend(self, wallet: Wallet, billing_ref: str) -> None:
        self.pay_with(wallet, "pm_card_visa")

    def pay_with(self, wallet: Wallet, card: str) -> None:
        has_card(self.sandbox, self.sandbox.api.customers.retrieve(str(wallet.customer_ref)), card)

    def told(self, billing_ref: str) -> bytes:
        return self.told_where("customer.subscription.created", lambda told: told["id"] == billing_ref)

    def told_of_invoice(self, invoice_ref: str) -> bytes:
        return self.told_where("invoice.paid", lambda told: told["id"] == invoice_ref)

    def told_where(self, type: str, is_wanted: Callable[[Any], bool]) -> bytes:
        def look() -> bytes | None:
            for body, _ in list(self.endpoint.received):
                event = json.loads(body)
                if event["type"] == type and is_wanted(event["data"]["object"]):
                    return body
            return None

        found = eventually(look)
        assert found
        return found

    def interpret(self, body: bytes) -> Reading:
        return self.provider.gateway.interpret(body, soon())

    def lose_next_answer(self) -> None:
        self.sandbox.fault("stripe.subscriptions.create", "lose_answer")

    def count_begun(self, wallet: Wallet) -> int:
        found = self.sandbox.api.subscriptions.list({"customer": str(wallet.customer_ref), "status": "all"})
        return len(found.data)
