"""Collecting what invoices ask for: the first attempt, the retries on their schedule, and the end of them."""

from billing_sandbox.store import Json
from billing_sandbox.stripe import attempts, methods
from billing_sandbox.stripe.errors import InvoiceUnpaid, Undone
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, invoices, settings, test_clocks
from billing_sandbox.stripe.recurring.invoice_shapes import subscription_of
from billing_sandbox.stripe.updates import update

_DAY_SECONDS = 86_400
_DUNNING = "dunning"
_ONWARD = "pays_onward"


def collect(
    ledger: Ledger, invoice: Json, cause: Cause = NOBODY, method: Json | None = None, *, absent: bool = True
) -> Json:
    """Try once to have an open invoice paid; the invoice shows how that went."""
    intent = invoices.intent_of(ledger, invoice)
    assert intent is not None, f"{invoice['id']} asks for nothing"
    if intent["status"] in ("succeeded", "processing", "canceled"):
        return invoice
    method = method or method_for(ledger, invoice)
    if method is None:
        return _failed(ledger, invoice, cause)
    attempts.attempt(ledger, intent, method, cause, absent=absent, may_ask=True)
    return ledger.get("invoice", invoice["id"])


def finalize_and_collect(ledger: Ledger, invoice: Json, cause: Cause = NOBODY) -> Json:
    """Make a draft final, and collect it if anything is due."""
    invoice = invoices.finalize(ledger, invoice, cause)
    return collect(ledger, invoice, cause) if invoice["status"] == "open" else invoice


def method_for(ledger: Ledger, invoice: Json) -> Json | None:
    """What it is paid with: its own method, its subscription's or its customer's."""
    subscription = ledger.store.get("subscription", subscription_of(invoice) or "")
    customer = ledger.get("customer", invoice["customer"])
    name = invoice["default_payment_method"] or (subscription and subscription["default_payment_method"])
    return ledger.get("payment_method", name) if name else methods.default_of(ledger, customer)


def check_paid(ledger: Ledger, invoice: Json, *, undo: bool) -> None:
    """Answer as Stripe does to who tried to have an invoice paid that is still open; `undo` all of it, or keep it."""
    if invoice["status"] == "open":
        refusal = InvoiceUnpaid(invoices.intent_of(ledger, invoice) or {})
        raise Undone(refusal) if undo else refusal


def pay_onward(ledger: Ledger, invoice: Json) -> None:
    """Let the method that pays this invoice pay its subscription's next ones too."""
    ledger.save({"object": _ONWARD, "id": invoice["id"]})


def finalize_due(ledger: Ledger, id: str) -> None:
    """The time for changes to a draft is over."""
    invoice = ledger.store.get("invoice", id)
    if invoice and invoice["status"] == "draft":
        finalize_and_collect(ledger, invoice)


def retry(ledger: Ledger, id: str) -> None:
    """It is time for another attempt."""
    invoice = ledger.get("invoice", id)
    if invoice["status"] == "open":
        collect(ledger, invoice)


def intent_succeeded(ledger: Ledger, intent: Json, cause: Cause) -> None:
    """An intent was paid: so is the invoice that it is for, if it is."""
    payment = invoices.payment_by_intent(ledger, intent["id"])
    if payment is None:
        return
    invoice = ledger.get("invoice", payment["invoice"])
    ledger = test_clocks.ledger_of(ledger, invoice)
    paid = payment["status_transitions"] | {"paid_at": ledger.now()}
    changes = {"amount_paid": intent["amount_received"], "status": "paid", "status_transitions": paid}
    payment = ledger.save(payment | changes)
    if invoice["status"] in ("open", "uncollectible"):
        _keep_method(ledger, invoice, intent, cause)
        invoices.settle(ledger, invoice, cause)
    ledger.tell("invoice_payment.paid", payment, cause)


def intent_failed(ledger: Ledger, intent: Json, cause: Cause) -> None:
    """An attempt came to nothing, or waits for the cardholder."""
    payment = invoices.payment_by_intent(ledger, intent["id"])
    if payment is None:
        return
    invoice = ledger.get("invoice", payment["invoice"])
    ledger = test_clocks.ledger_of(ledger, invoice)
    invoice = _failed(ledger, invoice, cause)
    if intent["status"] == "requires_action":
        ledger.tell("invoice.payment_action_required", invoice, cause)


def _keep_method(ledger: Ledger, invoice: Json, intent: Json, cause: Cause) -> None:
    """What has paid is the subscription's default from now on, if the customer or its settings want that."""
    subscription = ledger.store.get("subscription", subscription_of(invoice) or "")
    if subscription is None:
        return
    wanted = subscription["payment_settings"]["save_default_payment_method"] == "on_subscription"
    if wanted or ledger.store.get(_ONWARD, invoice["id"]):
        method = {"default_payment_method": intent["payment_method"]}
        update(ledger, subscription, method, "customer.subscription.updated", cause)


def _failed(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    changes = {
        "attempt_count": invoice["attempt_count"] + 1,
        "attempted": True,
        "next_payment_attempt": _next_attempt(ledger, invoice),
    }
    invoice = update(ledger, invoice, changes, "invoice.updated", cause)
    ledger.tell("invoice.payment_failed", invoice, cause)
    return invoice


def _next_attempt(ledger: Ledger, invoice: Json) -> int | None:
    """When it is tried again by itself: as planned before, else by the schedule; never where a customer is at it."""
    planned = agenda.planned(ledger, invoice, "retry")
    if planned is not None or not invoice["auto_advance"] or invoice["billing_reason"] == "subscription_create":
        return planned
    dunning = ledger.store.get(_DUNNING, invoice["id"]) or {"object": _DUNNING, "id": invoice["id"], "retries": 0}
    days = settings.read(ledger.store)["retry_days"]
    if dunning["retries"] >= len(days):
        agenda.plan(ledger, invoice, "give_up", ledger.now())
        return None
    due = ledger.now() + days[dunning["retries"]] * _DAY_SECONDS
    agenda.plan(ledger, invoice, "retry", due)
    ledger.save(dunning | {"retries": dunning["retries"] + 1})
    return int(due)
