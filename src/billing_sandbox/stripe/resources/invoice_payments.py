"""`/v1/invoice_payments`: which intent pays which invoice, since neither says it any more."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Group, Text


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("invoice_payment", call.id, param="invoice_payment")


def _list(ledger: Ledger, call: Call) -> Json:
    given = call.params
    asked: list[Condition] = [field_is(name, given[name]) for name in ("invoice", "status") if name in given]
    if intent := given.get("payment", {}).get("payment_intent"):
        asked.append(("json_extract(json, '$.payment.payment_intent') = ?", (intent,)))
    return page(ledger, "invoice_payment", call, asked)


_FILTERS = {
    "invoice": Text(),
    "payment": Group({"payment_intent": Text(), "type": Choice(("payment_intent",), required=True)}),
    "status": Choice(("canceled", "open", "paid")),
}

OPERATIONS = (
    Operation("GET", "/v1/invoice_payments", "invoice_payments.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", "/v1/invoice_payments/<id>", "invoice_payments.retrieve", {}, _retrieve),
)
