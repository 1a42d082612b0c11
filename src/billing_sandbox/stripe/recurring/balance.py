"""A customer's balance: what invoices take from it and add to it; below nothing it is credit."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.recurring import invoice_shapes
from billing_sandbox.stripe.updates import update


def move(ledger: Ledger, customer: Json, amount: int, cause: Cause, given: Json) -> Json:
    """Add an amount, mostly a negative one, and keep trace of it; `given` says why."""
    ending = customer["balance"] + amount
    known = {"amount": amount, "currency": given["currency"], "ending_balance": ending, **given}
    transaction = ledger.save(invoice_shapes.balance_transaction(ledger.now(), customer, known))
    changes = {"balance": ending, "currency": customer["currency"] or given["currency"]}
    update(ledger, customer, changes, "customer.updated", cause)
    return transaction


def apply(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    """The invoice after the customer's balance has paid of it what it can, or has taken what it gives back."""
    customer = ledger.get("customer", invoice["customer"])
    starting = customer["balance"]
    ending = min(0, invoice["total"] + starting)
    if ending != starting:
        given = {"currency": invoice["currency"], "invoice": invoice["id"], "type": "applied_to_invoice"}
        move(ledger, customer, ending - starting, cause, given)
    due = invoice_shapes.due(max(0, invoice["total"] + starting))
    return invoice | {"starting_balance": starting, "ending_balance": ending} | due
