"""What the fate of its invoices makes of a subscription."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe.ledger import NOBODY, Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, invoices, settings, subscriptions, test_clocks
from billing_sandbox.stripe.recurring.invoice_shapes import subscription_of
from billing_sandbox.stripe.updates import update


def invoice_paid(ledger: Ledger, invoice: Json, cause: Cause) -> None:
    """Paid, or owed no more: what waited for that goes on."""
    subscription = _owner(ledger, invoice)
    if subscription is None:
        return
    ledger = test_clocks.ledger_of(ledger, subscription)
    if subscription["status"] == "incomplete":
        agenda.drop(ledger, subscription, "expire")
        subscriptions.plan(ledger, _move(ledger, subscription, "active", cause))
    elif subscription["status"] == "paused":
        subscription = _move(ledger, subscription, "active", cause)
        subscriptions.plan(ledger, subscription)
        ledger.tell("customer.subscription.resumed", subscription, cause)
    elif subscription["status"] in ("past_due", "unpaid") and _is_latest(ledger, invoice, subscription):
        _move(ledger, subscription, "active", cause)


def invoice_failed(ledger: Ledger, invoice: Json, cause: Cause) -> None:
    """Not paid when it ought to have been."""
    subscription = _owner(ledger, invoice)
    if subscription and subscription["status"] == "active" and _is_latest(ledger, invoice, subscription):
        _move(ledger, subscription, "past_due", cause)


def invoice_voided(ledger: Ledger, invoice: Json, cause: Cause) -> None:
    """Owed no more; a subscription of which the first invoice is void never came to be."""
    subscription = _owner(ledger, invoice)
    if subscription and subscription["status"] == "incomplete":
        agenda.drop(ledger, subscription)
        _move(ledger, subscription, "incomplete_expired", cause)
    else:
        invoice_paid(ledger, invoice, cause)


def customer_deleted(ledger: Ledger, customer: Json, cause: Cause) -> None:
    """Who is gone subscribes to nothing, and is asked for nothing."""
    for subscription in ledger.find("subscription", [field_is("customer", customer["id"])]):
        if subscription["status"] not in ("canceled", "incomplete_expired"):
            subscriptions.end(ledger, subscription, cause, "cancellation_requested")
    for invoice in ledger.find("invoice", [field_is("customer", customer["id"])]):
        if invoice["status"] in ("draft", "open"):
            invoices.stop_collecting(ledger, invoice, cause)


def method_detached(ledger: Ledger, method: Json, cause: Cause) -> None:
    """What a customer has no more pays no subscription by default."""
    for subscription in ledger.find("subscription", [field_is("default_payment_method", method["id"])]):
        changes = {"default_payment_method": None}
        update(ledger, subscription, changes, "customer.subscription.updated", cause)


def give_up(ledger: Ledger, id: str) -> None:
    """The last attempt has failed: the subscription ends, stays unpaid, or stays past due, as the settings say."""
    invoice = ledger.get("invoice", id)
    if invoice["status"] != "open":
        return
    invoices.stop_collecting(ledger, invoice, NOBODY)
    subscription = _owner(ledger, invoice)
    if subscription is None or subscription["status"] not in ("active", "past_due"):
        return
    match settings.read(ledger.store)["after_retries"]:
        case "cancel":
            subscriptions.end(ledger, subscription, NOBODY, "payment_failed")
        case "unpaid":
            _move(ledger, subscription, "unpaid", NOBODY)


def _owner(ledger: Ledger, invoice: Json) -> Json | None:
    return ledger.store.get("subscription", subscription_of(invoice) or "")


def _is_latest(ledger: Ledger, invoice: Json, subscription: Json) -> bool:
    """Whether none has been made final after it."""
    for other in ledger.find("invoice", [invoices.of_subscription(subscription["id"])]):
        if other["status"] != "draft":
            return bool(other["id"] == invoice["id"])
    return False


def _move(ledger: Ledger, subscription: Json, status: str, cause: Cause) -> Json:
    return update(ledger, subscription, {"status": status}, "customer.subscription.updated", cause)
