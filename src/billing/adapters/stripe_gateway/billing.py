"""Recurring billing by Stripe Billing: one subscription for each of ours, on its anchor, at its frozen price."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import stripe

from billing.adapters.stripe_gateway.beginning import Period, StripeBeginning
from billing.adapters.stripe_gateway.billed import StripeBilled
from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.errors import translate
from billing.adapters.stripe_gateway.objects import Json, id_of
from billing.adapters.stripe_gateway.prices import StripePrices, interval_of
from billing.adapters.stripe_gateway.subscriptions import (
    billed_from,
    has_ended,
    is_called_off,
    items_of,
    read_subscription,
)
from billing.application.outcomes import Deadline, NeedsPerson, Refused
from billing.application.ports import Clock, Telemetry
from billing.application.provider_ports import RecurringBilling
from billing.domain.facts import BillingStands, BillingStatus, InvoiceStands, InvoiceStatus
from billing.domain.money import Money
from billing.domain.offer import Cycle
from billing.domain.subscription import Subscription
from billing.domain.wallet import Wallet

if TYPE_CHECKING:
    from stripe.params import SubscriptionUpdateParams


class StripeBilling(RecurringBilling):
    """The subscriptions of one account; `now` is the real clock, `installation` goes into metadata."""

    gateway = "stripe"

    def __init__(
        self,
        *,
        api_key: str,
        installation: Callable[[], str],
        now: Clock,
        telemetry: Telemetry,
        api_base: str | None = None,
    ) -> None:
        self._api = StripeApi(api_key, api_base, telemetry)
        self._prices = StripePrices(self._api)
        self._billed = StripeBilled(self._api, installation, now)
        self._beginning = StripeBeginning(self._api, self._prices, self._billed)
        self._installation, self._now = installation, now

    def ensure_price(self, plan: str, name: str, cycle: Cycle, price: Money, deadline: Deadline) -> str:
        """Found by its key, or made under it."""
        return self._prices.ensure(self._installation(), plan, cycle, price, deadline, name)

    def begin(self, subscription: Subscription, wallet: Wallet, deadline: Deadline) -> BillingStands:
        """Look before writing; NeedsPerson where Stripe bills from another day than was paid for, found or made now."""
        installation, account = self._installation(), wallet.customer_ref
        if account is None:
            raise NeedsPerson(f"wallet {wallet.id} has no account at Stripe")
        as_of = self._now()
        begun = self._beginning.find(subscription, account, installation, deadline)
        if begun is None:
            as_of = self._now()
            begun = self._beginning.create(subscription, wallet, account, installation, deadline)
        stands, paid_until = read_subscription(begun, installation, as_of), Period.of(subscription).end
        if billed_from(begun) != paid_until:
            # Not the period's end, which is the same where the paid period was charged once more.
            raise NeedsPerson(f"{stands.billing_ref} is billed from {billed_from(begun)}, paid until {paid_until}")
        return stands

    def read(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """As Stripe shows it."""
        return self._billed.stands(billing_ref, deadline)

    def cancel(self, billing_ref: str, *, at_period_end: bool, deadline: Deadline) -> BillingStands:
        """Look before writing: Stripe does not know any more what has ended."""
        as_of, shown = self._now(), self._billed.subscription(billing_ref, deadline)
        if has_ended(shown) or (at_period_end and is_called_off(shown)):
            return read_subscription(shown, self._installation(), as_of)
        if at_period_end:
            return self._update(billing_ref, {"cancel_at_period_end": True}, deadline)
        refusal = None
        with self._api.writing("subscription_cancel", deadline) as client:
            try:
                client.v1.subscriptions.cancel(billing_ref)
            except stripe.InvalidRequestError as refused:  # whoever is second is refused, and finds it ended
                refusal = refused
        stands = self._billed.stands(billing_ref, deadline)
        if refusal is not None and stands.status is not BillingStatus.ENDED:
            raise translate(refusal, writing=True)
        return stands

    def resume(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """Whichever way it was called off: for the period's end, or for a day in it."""
        as_of, shown = self._now(), self._billed.subscription(billing_ref, deadline)
        if has_ended(shown):
            raise Refused(f"{billing_ref} has ended")
        if shown.get("cancel_at_period_end"):
            return self._update(billing_ref, {"cancel_at_period_end": False}, deadline)
        if shown.get("cancel_at"):
            return self._update(billing_ref, {"cancel_at": ""}, deadline)
        return read_subscription(shown, self._installation(), as_of)

    def change_plan(self, billing_ref: str, price_ref: str, key: str, deadline: Deadline) -> BillingStands:
        """What the rest of the period costs more or less waits at Stripe for the next invoice."""
        as_of, shown = self._now(), self._billed.subscription(billing_ref, deadline)
        if has_ended(shown):
            raise Refused(f"{billing_ref} has ended")
        item = _only_item(shown)
        if id_of(item.get("price")) == price_ref:
            return read_subscription(shown, self._installation(), as_of)
        if self._prices.interval(price_ref, deadline) != interval_of(item.get("price") or {}):
            # Stripe would begin a new period at once, and charge it.
            raise Refused(f"{price_ref} is billed by another cycle")
        changed: SubscriptionUpdateParams = {
            "items": [{"id": str(item["id"]), "price": price_ref}],
            "proration_behavior": "create_prorations",
        }
        return self._update(billing_ref, changed, deadline, key)

    def invoices(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        """Drafts are left out: nothing is asked for by them."""
        return self._billed.invoices_of(billing_ref, deadline)

    def pay(self, invoice_ref: str, key: str, deadline: Deadline) -> InvoiceStands:
        """A decline is an answer too: how the invoice stands then says why."""
        stands = self._invoice(invoice_ref, deadline)
        if stands.status is not InvoiceStatus.OPEN or stands.in_flight:
            return stands
        refusal = None
        with self._api.writing("invoice_pay", deadline) as client:
            try:
                client.v1.invoices.pay(invoice_ref, {}, {"idempotency_key": key})
            except (stripe.CardError, stripe.InvalidRequestError) as refused:
                refusal = refused
        stands = self._invoice(invoice_ref, deadline)
        if isinstance(refusal, stripe.InvalidRequestError) and stands.status is InvoiceStatus.OPEN:
            raise translate(refusal, writing=True)
        return stands

    def _update(
        self, billing_ref: str, changed: "SubscriptionUpdateParams", deadline: Deadline, key: str | None = None
    ) -> BillingStands:
        as_of = self._now()
        with self._api.writing("subscription_update", deadline) as client:
            shown = client.v1.subscriptions.update(billing_ref, changed, {"idempotency_key": key} if key else {})
        return read_subscription(shown.to_dict(), self._installation(), as_of)

    def _invoice(self, invoice_ref: str, deadline: Deadline) -> InvoiceStands:
        stands = self._billed.invoice_stands(invoice_ref, deadline)
        if stands is None:
            raise Refused(f"{invoice_ref} is a draft")
        return stands


def _only_item(subscription: Json) -> Json:
    match items_of(subscription):
        case [item]:
            return item
    raise NeedsPerson(f"{subscription['id']} bills more than one thing at Stripe")
