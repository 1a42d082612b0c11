"""Stripe Billing put to work in an account: what is done when its time comes, and what follows from what."""

from collections.abc import Mapping

from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.recurring import agenda, beginnings, collection, invoices, prices, standing, subscriptions
from billing_sandbox.stripe.recurring.agenda import Task

TASKS: Mapping[str, Task] = {
    "expire": beginnings.expire,
    "finalize": collection.finalize_due,
    "give_up": standing.give_up,
    "resume_collection": subscriptions.resume_collection,
    "retry": collection.retry,
    "trial_will_end": subscriptions.announce_trial_end,
    "turn": subscriptions.turn,
    "upcoming": subscriptions.announce_renewal,
}
"""Everything the agenda may name."""


def set_up(ledger: Ledger) -> None:
    """Make the account bill; done once at each start."""
    for part in (agenda, invoices, prices):
        part.define(ledger)
    ledger.upon("payment_intent.succeeded", collection.intent_succeeded)
    ledger.upon("payment_intent.payment_failed", collection.intent_failed)
    ledger.upon("payment_intent.requires_action", collection.intent_failed)
    ledger.upon("customer.deleted", standing.customer_deleted)
    ledger.upon("payment_method.detached", standing.method_detached)
    ledger.upon("invoice.paid", standing.invoice_paid)
    ledger.upon("invoice.payment_failed", standing.invoice_failed)
    ledger.upon("invoice.marked_uncollectible", standing.invoice_paid)
    ledger.upon("invoice.voided", standing.invoice_voided)
