"""An invoice at Stripe: whose it is and how it stands, in every shape that an API version gave it."""

from collections.abc import Mapping, Sequence
from typing import Any

from billing.adapters.stripe_gateway.amounts import from_stripe
from billing.adapters.stripe_gateway.objects import Json, id_of, listed, metadata, moment, why_declined, within
from billing.application.outcomes import NeedsPerson
from billing.domain.facts import CycleLine, InvoiceReason, InvoiceStands, InvoiceStatus
from billing.domain.money import total

EXPAND = ("payments.data.payment.payment_intent",)
"""What an answer must hold beside the invoice to be read; four levels are the most that Stripe expands."""

_REASONS = {
    "subscription_create": InvoiceReason.FIRST,
    "subscription_cycle": InvoiceReason.CYCLE,
    "subscription_update": InvoiceReason.CHANGE,
}
_STATUSES = {
    "open": InvoiceStatus.OPEN,
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.UNCOLLECTIBLE,
}
_PARENT = ("parent", "subscription_details")
_DRAFT = "draft"
_DECIDED = frozenset({"paid", "canceled"})
_WAITS_FOR_CUSTOMER = frozenset({"requires_action", "requires_source_action"})
_WANTS_CUSTOMER = "authentication_required"
_IN_FLIGHT = "processing"


def subscription_of(invoice: Json) -> str | None:
    """The subscription that it bills, if any: on the invoice until acacia, on its parent since basil."""
    return id_of(invoice.get("subscription")) or id_of(within(invoice, *_PARENT, "subscription"))


def said_of_subscription(invoice: Json) -> Mapping[str, str]:
    """The subscription's metadata as they were when it was written.

    On its parent since basil, on the invoice since 2023, and ever since on the lines that bill a period.
    """
    for found in (within(invoice, *_PARENT, "metadata"), within(invoice, "subscription_details", "metadata")):
        if isinstance(found, Mapping):
            return found
    return next((metadata(line) for line in _cycle_lines(invoice)), {})


def intents_of(invoice: Json) -> Sequence[Any]:
    """Intents that were to pay it, ids or whole: its only one until acacia, the open and the paid ones since basil."""
    payments = [within(payment, "payment", "payment_intent") for payment in listed(invoice, "payments")]
    return [intent for intent in (invoice.get("payment_intent"), *payments) if intent]


def is_draft(invoice: Json) -> bool:
    """Whether nothing is asked for yet; it may even be deleted."""
    return invoice.get("status") == _DRAFT


def paid_by(invoice: Json) -> str | None:
    """The intent that paid it, or a charge that had none; None where it was paid elsewhere."""
    for payment in listed(invoice, "payments"):
        if payment.get("status") == "paid":
            by = payment.get("payment") or {}
            return id_of(by.get("payment_intent")) or id_of(by.get("charge"))
    return id_of(invoice.get("payment_intent")) or id_of(invoice.get("charge"))


def read_invoice(invoice: Json, installation: str) -> InvoiceStands:
    """How it stands; NeedsPerson for a status that we do not know, or where it bills no subscription."""
    billing_ref, said = subscription_of(invoice), said_of_subscription(invoice)
    status = _STATUSES.get(str(invoice.get("status")))
    if billing_ref is None or status is None:
        raise NeedsPerson(f"{invoice['id']} has status {invoice.get('status')!r} and bills {billing_ref}")
    currency, intent = invoice.get("currency"), _undecided_intent(invoice)
    collected = from_stripe(invoice.get("amount_paid"), currency)
    reason = str(invoice.get("billing_reason"))
    return InvoiceStands(
        item_id=said.get("item_id") if said.get("installation") == installation else None,
        billing_ref=billing_ref,
        invoice_ref=str(invoice["id"]),
        reason=_REASONS.get(reason, InvoiceReason.OTHER),
        status=status,
        total=from_stripe(invoice.get("total"), currency),
        collected=collected,
        cycle=_cycle(invoice),
        payment_ref=paid_by(invoice) if collected.minor else None,
        attempts=int(invoice.get("attempt_count") or 0),
        next_attempt_at=moment(invoice.get("next_payment_attempt")),
        needs_customer=_needs_customer(intent),
        in_flight=intent.get("status") == _IN_FLIGHT,
        page_url=invoice.get("hosted_invoice_url"),
        why=_why(invoice, intent, reason),
    )


def _undecided_intent(invoice: Json) -> Json:
    """The intent of an open invoice, where it was fetched with it; of several the one that Stripe made itself."""
    if invoice.get("status") != "open":
        return {}
    undecided = [payment for payment in listed(invoice, "payments") if payment.get("status") not in _DECIDED]
    undecided.sort(key=lambda payment: not payment.get("is_default"))
    intents = [invoice.get("payment_intent"), *(within(payment, "payment", "payment_intent") for payment in undecided)]
    return next((intent for intent in intents if isinstance(intent, Mapping)), {})


def _needs_customer(intent: Json) -> bool:
    codes = [within(intent, "last_payment_error", code) for code in ("code", "decline_code")]
    return intent.get("status") in _WAITS_FOR_CUSTOMER or _WANTS_CUSTOMER in codes


def _why(invoice: Json, intent: Json, reason: str) -> str:
    unwritten = within(invoice, "last_finalization_error", "message")
    unknown = "" if reason in _REASONS else f"its reason at Stripe is {reason}"
    return why_declined(intent) or unwritten or unknown


# ---------------------------------------------------------------------- lines


def _cycle(invoice: Json) -> CycleLine | None:
    """The line that bills a period; where several do, their sum, which is no price that anybody agreed to."""
    lines = _cycle_lines(invoice)
    if not lines:
        return None
    prices = [from_stripe(line.get("amount"), line.get("currency")) for line in lines]
    start, end = moment(within(lines[0], "period", "start")), moment(within(lines[0], "period", "end"))
    if start is None or end is None:
        raise NeedsPerson(f"{invoice['id']} bills no period that can be read")
    return CycleLine(price=total(prices, prices[0].currency), period_start=start, period_end=end)


def _cycle_lines(invoice: Json) -> Sequence[Json]:
    """Lines of the subscription itself; what a change of plan credits or charges is beside them."""
    return [line for line in listed(invoice, "lines") if _is_of_subscription(line) and not _is_proration(line)]


def _is_of_subscription(line: Json) -> bool:
    return line.get("type") == "subscription" or within(line, "parent", "type") == "subscription_item_details"


def _is_proration(line: Json) -> bool:
    kinds = ("subscription_item_details", "invoice_item_details")
    return bool(line.get("proration") or any(within(line, "parent", kind, "proration") for kind in kinds))
