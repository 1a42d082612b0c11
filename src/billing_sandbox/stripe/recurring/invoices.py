"""Invoices: drafted, made final, paid, given up; by whom and how they are paid is another matter."""

from collections.abc import Sequence

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe import attempts
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ids import scramble
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.recurring import agenda, balance, invoice_shapes
from billing_sandbox.stripe.recurring.invoice_shapes import subscription_of
from billing_sandbox.stripe.updates import update

_SCHEMA = """
CREATE INDEX IF NOT EXISTS invoice_payments_by_intent
    ON documents (json_extract(json, '$.payment.payment_intent')) WHERE kind = 'invoice_payment';
CREATE INDEX IF NOT EXISTS documents_by_invoice ON documents (kind, json_extract(json, '$.invoice'));
CREATE INDEX IF NOT EXISTS documents_by_parent_subscription
    ON documents (kind, json_extract(json, '$.parent.subscription_details.subscription'));
"""
_PURPOSES = {"subscription_create": "Subscription creation", "subscription_update": "Subscription update"}
_HOSTED = "hosted_invoice"


def define(ledger: Ledger) -> None:
    """Make the store ready."""
    ledger.store.define(_SCHEMA)


def draft(
    ledger: Ledger, customer: Json, given: Json, cause: Cause, *, lines: Sequence[Json] = (), items: Sequence[Json] = ()
) -> Json:
    """A new draft: first what was put down for it, then the lines that were made for it."""
    starting = {"starting_balance": customer["balance"]}
    invoice = invoice_shapes.invoice(ledger.now(), customer, given | starting)
    own = [line | {"invoice": invoice["id"]} for line in lines]
    invoice = ledger.save(invoice_shapes.with_lines(invoice, [*lines_for(ledger, invoice, items), *own]))
    for item in items:
        ledger.save(item | {"invoice": invoice["id"]})
    ledger.tell("invoice.created", invoice, cause)
    return invoice


def lines_for(ledger: Ledger, invoice: Json, items: Sequence[Json]) -> list[Json]:
    """What these items are on this invoice."""
    lines = []
    for item in items:
        price = ledger.get("price", item["pricing"]["price_details"]["price"])
        lines.append(invoice_shapes.item_line(invoice["id"], item, price))
    return lines


def take_in(ledger: Ledger, invoice: Json, item: Json, cause: Cause) -> Json:
    """The draft with one more item on it."""
    ledger.save(item | {"invoice": invoice["id"]})
    lines = [*invoice["lines"]["data"], *lines_for(ledger, invoice, [item])]
    return update(ledger, invoice, invoice_shapes.with_lines(invoice, lines), "invoice.updated", cause)


def leave_out(ledger: Ledger, invoice: Json, item: Json, cause: Cause) -> Json:
    """The draft without this item."""
    lines = [line for line in invoice["lines"]["data"] if invoice_shapes.item_of(line) != item["id"]]
    return update(ledger, invoice, invoice_shapes.with_lines(invoice, lines), "invoice.updated", cause)


def put_down(ledger: Ledger, customer: str, subscription: str | None) -> list[Json]:
    """What waits for the customer's next invoice: of one subscription and of none, oldest first."""
    waiting = ledger.find(
        "invoiceitem", [field_is("customer", customer), ("json_extract(json, '$.invoice') IS NULL", ())]
    )
    return [item for item in reversed(waiting) if subscription_of(item) in (None, subscription)]


def finalize(ledger: Ledger, invoice: Json, cause: Cause, intent: Json | None = None) -> Json:
    """Nothing is added any more; what is due has an intent from now on, if none is given, what is not is paid."""
    agenda.drop(ledger, invoice)
    invoice = balance.apply(ledger, invoice, cause)
    token = f"test_{scramble(48)}"
    ledger.save({"object": _HOSTED, "id": token, "invoice": invoice["id"]})
    url = f"{ledger.address}/i/{token}"
    invoice |= {
        "automatically_finalizes_at": None,
        "effective_at": ledger.now(),
        "hosted_invoice_url": url,
        "invoice_pdf": f"{url}/pdf",
        "next_payment_attempt": None,
        "number": _number(ledger, invoice, cause),
        "status": "open",
    }
    invoice["status_transitions"] = invoice["status_transitions"] | {"finalized_at": ledger.now()}
    ledger.save(invoice)
    ledger.tell("invoice.finalized", invoice, cause)
    if invoice["amount_due"] == 0:
        return settle(ledger, invoice, cause, attempts=0)
    intent = intent or _ask_for(ledger, invoice, cause)
    ledger.save(invoice_shapes.invoice_payment(ledger.now(), invoice, intent["id"]))
    return invoice


def settle(ledger: Ledger, invoice: Json, cause: Cause, *, attempts: int = 1) -> Json:
    """It is paid: by an intent, by the customer's balance, or elsewhere."""
    agenda.drop(ledger, invoice)
    changes = {
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempt_count": invoice["attempt_count"] + attempts,
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": invoice["status_transitions"] | {"paid_at": ledger.now()},
    }
    invoice = update(ledger, invoice, changes, "invoice.updated", cause)
    ledger.tell("invoice.paid", invoice, cause)
    ledger.tell("invoice.payment_succeeded", invoice, cause)
    return invoice


def void(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    """It was a mistake, and is owed no more."""
    return _give_up(ledger, invoice, cause, "void", "voided_at", "invoice.voided")


def mark_uncollectible(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    """It won't be paid, as far as anybody can tell."""
    event = "invoice.marked_uncollectible"
    return _give_up(ledger, invoice, cause, "uncollectible", "marked_uncollectible_at", event)


def stop_collecting(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    """Whoever wants it paid has to see to it."""
    agenda.drop(ledger, invoice)
    changes = {"auto_advance": False, "automatically_finalizes_at": None, "next_payment_attempt": None}
    return update(ledger, invoice, changes, "invoice.updated", cause)


def payment_of(ledger: Ledger, invoice: Json) -> Json | None:
    """The payment that is to settle it; none where nothing is due or it is a draft."""
    found = ledger.find("invoice_payment", [field_is("invoice", invoice["id"])])
    return found[0] if found else None


def intent_of(ledger: Ledger, invoice: Json) -> Json | None:
    """The intent that is to settle it."""
    payment = payment_of(ledger, invoice)
    return payment and ledger.get("payment_intent", payment["payment"]["payment_intent"])


def confirmation_secret(ledger: Ledger, invoice: Json) -> Json | None:
    """What a shop's page confirms the invoice's payment with, while there is anything to confirm."""
    intent = intent_of(ledger, invoice) if invoice["status"] == "open" else None
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


def payment_by_intent(ledger: Ledger, intent: str) -> Json | None:
    """The invoice's payment that an intent is, if it is one."""
    found = ledger.find("invoice_payment", [("json_extract(json, '$.payment.payment_intent') = ?", (intent,))])
    return found[0] if found else None


def page_of(ledger: Ledger, intent: Json) -> str | None:
    """Where a person pays the invoice that an intent is to settle, if it is for one."""
    payment = payment_by_intent(ledger, intent["id"])
    return str(ledger.get("invoice", payment["invoice"])["hosted_invoice_url"]) if payment else None


def of_subscription(subscription: str) -> Condition:
    """The condition that an invoice, or an item for one, is a subscription's."""
    return "json_extract(json, '$.parent.subscription_details.subscription') = ?", (subscription,)


def by_token(ledger: Ledger, token: str) -> Json | None:
    """The invoice behind a page's address."""
    hosted = ledger.store.get(_HOSTED, token)
    return hosted and ledger.store.get("invoice", hosted["invoice"])


def check_status(invoice: Json, statuses: tuple[str, ...], what: str) -> None:
    """Refuse what can be done to other invoices only."""
    if invoice["status"] not in statuses:
        message = f"You can only {what} invoices that are {' or '.join(statuses)}. This one is {invoice['status']}."
        raise StripeError(message, code="invoice_not_editable" if statuses == ("draft",) else None)


def _number(ledger: Ledger, invoice: Json, cause: Cause) -> str:
    """The customer's next number; a first invoice also settles the customer's currency."""
    customer, currency = ledger.get("customer", invoice["customer"]), {"currency": invoice["currency"]}
    if customer["currency"] is None:
        customer = update(ledger, customer, currency, "customer.updated", cause)
    ledger.save(customer | {"next_invoice_sequence": customer["next_invoice_sequence"] + 1})
    return f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"


def _ask_for(ledger: Ledger, invoice: Json, cause: Cause) -> Json:
    wanted = {
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": _PURPOSES.get(invoice["billing_reason"], "Payment for Invoice"),
    }
    if invoice["billing_reason"] == "subscription_create":
        wanted["setup_future_usage"] = "off_session"
    return attempts.begin(ledger, cause, wanted)


def _give_up(ledger: Ledger, invoice: Json, cause: Cause, status: str, moment: str, event: str) -> Json:
    agenda.drop(ledger, invoice)
    intent, payment = intent_of(ledger, invoice), payment_of(ledger, invoice)
    if status == "void" and intent and payment and intent["status"] != "canceled":
        attempts.cancel(ledger, intent, cause, "void_invoice")
        ended = payment["status_transitions"] | {"canceled_at": ledger.now()}
        ledger.save(payment | {"status": "canceled", "status_transitions": ended})
    changes = {
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": status,
        "status_transitions": invoice["status_transitions"] | {moment: ledger.now()},
    }
    invoice = update(ledger, invoice, changes, "invoice.updated", cause)
    ledger.tell(event, invoice, cause)
    return invoice
