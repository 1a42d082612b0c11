"""What Stripe bills by itself, as it stands when it is asked."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from billing.adapters.stripe_gateway.client import StripeApi
from billing.adapters.stripe_gateway.invoices import EXPAND, is_draft, read_invoice
from billing.adapters.stripe_gateway.objects import Json, within
from billing.adapters.stripe_gateway.subscriptions import read_subscription
from billing.application.outcomes import Deadline
from billing.application.ports import Clock
from billing.domain.facts import BillingStands, InvoiceStands

if TYPE_CHECKING:
    from stripe.params import InvoicePaymentListParams


class StripeBilled:
    """Reads the subscriptions and invoices of one account; `now` is the real clock."""

    def __init__(self, api: StripeApi, installation: Callable[[], str], now: Clock) -> None:
        self._api, self._installation, self._now = api, installation, now

    def subscription(self, billing_ref: str, deadline: Deadline) -> Json:
        """As Stripe shows it."""
        with self._api.reading("subscription_retrieve", deadline) as client:
            return client.v1.subscriptions.retrieve(billing_ref).to_dict()

    def stands(self, billing_ref: str, deadline: Deadline) -> BillingStands:
        """What that means.

        `as_of` is taken before the call: of two answers the one that was asked for later is then never the older one
        where it matters, since every change is told of, and asked for after that.
        """
        as_of = self._now()
        return read_subscription(self.subscription(billing_ref, deadline), self._installation(), as_of)

    def invoice(self, invoice_ref: str, deadline: Deadline) -> Json:
        """With all of its lines and what pays it."""
        with self._api.reading("invoice_retrieve", deadline) as client:
            found = client.v1.invoices.retrieve(invoice_ref, {"expand": list(EXPAND)}).to_dict()
        return self._with_all_lines(found, deadline)

    def invoice_stands(self, invoice_ref: str, deadline: Deadline) -> InvoiceStands | None:
        """What that means; None for a draft, which asks for nothing yet."""
        found = self.invoice(invoice_ref, deadline)
        return None if is_draft(found) else read_invoice(found, self._installation())

    def invoices_of(self, billing_ref: str, deadline: Deadline) -> Sequence[InvoiceStands]:
        """Every invoice but drafts, oldest first; of open ones also how what is to pay them stands."""
        asked = {"subscription": billing_ref, "expand": ["data.payments"]}
        shown = self._api.all("invoice_list", lambda client, page: client.v1.invoices.list(page), asked, deadline)
        return [self._read(one, deadline) for one in reversed([*shown]) if not is_draft(one)]

    def subscriptions_of(self, customer_ref: str, deadline: Deadline) -> Sequence[Json]:
        """Every subscription of a customer, those that have ended too."""
        asked = {"customer": customer_ref, "status": "all"}
        found = self._api.all(
            "subscription_list", lambda client, page: client.v1.subscriptions.list(page), asked, deadline
        )
        return [*found]

    def invoice_of_intent(self, intent_ref: str, deadline: Deadline) -> Json | None:
        """The invoice that an intent was to pay, if any."""
        asked: InvoicePaymentListParams = {
            "payment": {"type": "payment_intent", "payment_intent": intent_ref},
            "limit": 1,
            "expand": ["data.invoice"],
        }
        with self._api.reading("invoice_payment_list", deadline) as client:
            found = client.v1.invoice_payments.list(asked).data
        invoice = found[0].to_dict().get("invoice") if found else None
        return invoice if isinstance(invoice, Mapping) else None

    def _read(self, shown: Json, deadline: Deadline) -> InvoiceStands:
        if shown.get("status") == "open":
            shown = self.invoice(str(shown["id"]), deadline)
        return read_invoice(self._with_all_lines(shown, deadline), self._installation())

    def _with_all_lines(self, invoice: Json, deadline: Deadline) -> Json:
        """An answer holds ten lines; the one that bills the period may be any."""
        if not within(invoice, "lines", "has_more"):
            return invoice
        ref = str(invoice["id"])
        lines = self._api.all(
            "invoice_lines", lambda client, page: client.v1.invoices.line_items.list(ref, page), {}, deadline
        )
        return {**invoice, "lines": {"object": "list", "data": [*lines], "has_more": False}}
