"""Stripe as the contracts of saved methods and of their charges see it: the sandbox's cards, desk and webhooks."""

import json
from collections.abc import Callable
from typing import Any

from billing.adapters.memory.telemetry import MemoryTelemetry
from billing.adapters.stripe_gateway import StripeMethods
from billing.domain.customer import Customer
from billing.domain.facts import Fact, PaymentFailed, PaymentNeedsCustomer, PaymentPending, PaymentSucceeded
from billing.domain.payment import Payment
from tests.contracts.gateway_off_session import OffSessionProvider
from tests.contracts.saved_methods import MethodsProvider
from tests.integration.sandbox.harness import Endpoint, Sandbox, eventually
from tests.integration.stripe_providers import StripeProvider

CARDS: dict[type[Fact], str] = {
    PaymentSucceeded: "pm_card_visa",
    PaymentFailed: "pm_card_chargeCustomerFail",
    PaymentNeedsCustomer: "pm_card_authenticationRequired",
    PaymentPending: "pm_sepaDebit",
}
"""Cards that can be saved, by what comes of charging them: https://docs.stripe.com/testing"""


class StripeOffSessionProvider(StripeProvider, OffSessionProvider):
    def a_method(self, outcome: type[Fact]) -> dict[str, str]:
        account = self.sandbox.api.customers.create({}).id
        method = self.sandbox.api.payment_methods.attach(CARDS[outcome], {"customer": account})
        return {"customer_ref": account, "method_ref": method.id}

    def lose_next_charge(self) -> None:
        self.sandbox.fault("stripe.payment_intents.create", "lose_answer")

    def count_charges(self, payment: Payment) -> int:
        held = self.sandbox.api.payment_intents.list({"customer": payment.options["customer_ref"]}).data
        return sum(intent.metadata.to_dict().get("payment_id") == payment.id for intent in held)

    def told_of_session(self, session_ref: str) -> tuple[bytes, str]:
        """The notification that its page is done."""

        def look() -> tuple[bytes, str] | None:
            for body, signature in list(self.endpoint.received):
                event = json.loads(body)
                if event["type"] == "checkout.session.completed" and event["data"]["object"]["id"] == session_ref:
                    return body, signature
            return None

        found = eventually(look)
        assert found
        return found

    def told_of_charge(self, payment: Payment, fact: type[Fact]) -> bytes:
        succeeded = fact is PaymentSucceeded
        return self.told_of(payment, "payment_intent.succeeded" if succeeded else "payment_intent.payment_failed")[0]


class StripeMethodsProvider(MethodsProvider):
    def __init__(self, sandbox: Sandbox, endpoint: Endpoint) -> None:
        self.sandbox, self.endpoint = sandbox, endpoint
        self.gateway = StripeProvider(sandbox, endpoint).gateway
        self.methods: StripeMethods = StripeMethods(
            api_key=sandbox.settings["BILLING_STRIPE_API_KEY"],
            api_base=sandbox.settings["BILLING_STRIPE_API_BASE"],
            installation=lambda: "ins_ours",
            telemetry=MemoryTelemetry(),
        )

    def save(self, session_ref: str) -> None:
        assert self.sandbox.control("POST", f"/stripe/sessions/{session_ref}/pay").ok

    def refuse_to_save(self, session_ref: str) -> None:
        assert self.sandbox.control("POST", f"/stripe/sessions/{session_ref}/decline").ok

    def forget_at_the_desk(self, method_ref: str) -> None:
        self.sandbox.api.payment_methods.detach(method_ref)

    def issue_anew(self, method_ref: str, exp_year: int) -> None:
        card = {"exp_year": exp_year}
        assert self.sandbox.control("POST", f"/stripe/payment_methods/{method_ref}/renew", card).ok

    def choose_at_the_desk(self, account: str, method_ref: str) -> None:
        self.sandbox.api.customers.update(account, {"invoice_settings": {"default_payment_method": method_ref}})

    def default_of(self, account: str) -> str | None:
        settings: Any = self.sandbox.api.customers.retrieve(account).invoice_settings
        default: str | None = settings.default_payment_method
        return default

    def count_accounts(self, customer: Customer) -> int:
        return len(self.sandbox.api.customers.list({"email": customer.email}).data)

    def count_pages(self, account: str) -> int:
        return sum(session["customer"] == account for session in self.sandbox.state()["sessions"])

    def lose_next(self, call: str) -> None:
        point = {"open_account": "customers.create", "detach": "payment_methods.detach"}[call]
        self.sandbox.fault(f"stripe.{point}", "lose_answer")

    def told(self, what: str, about: str) -> bytes:
        type_, is_meant = self._meaning(what, about)

        def look() -> bytes | None:
            for body, _ in list(self.endpoint.received):
                event = json.loads(body)
                if event["type"] == type_ and is_meant(event["data"]["object"]):
                    return body
            return None

        found = eventually(look)
        assert found
        return found

    def _meaning(self, what: str, about: str) -> tuple[str, Callable[[Any], bool]]:
        if what == "not_saved":
            return "setup_intent.setup_failed", lambda setup: setup["customer"] == about
        if what == "chosen":
            return "customer.updated", lambda customer: customer["invoice_settings"]["default_payment_method"] == about
        types = {"updated": "automatically_updated"}
        return f"payment_method.{types.get(what, what)}", lambda method: method["id"] == about
