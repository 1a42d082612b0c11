"""`/v1/invoices`: made by hand and by subscriptions; made final, paid, given up, and shown beforehand."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe import methods
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import NOBODY, Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, PAGING, page
from billing_sandbox.stripe.objects import listing
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Currency, Flag, Metadata, Text, Unsettable
from billing_sandbox.stripe.recurring import agenda, collection, invoice_shapes, invoices, settings, test_clocks
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.updates import update

_SETTABLE = {
    "auto_advance": Flag(),
    "collection_method": Choice(("charge_automatically",)),
    "default_payment_method": Text(),
    "description": Unsettable(Text(length_max=1500)),
    "footer": Unsettable(Text()),
    "metadata": Metadata(),
    "statement_descriptor": Text(length_max=22),
}
_NEW = {
    **_SETTABLE,
    "currency": Currency(),
    "customer": Text(required=True),
    "pending_invoice_items_behavior": Choice(("exclude", "include")),
    "subscription": Text(),
}
_PAY = {"off_session": Flag(), "paid_out_of_band": Flag(), "payment_method": Text()}
_NOT_KEPT = ("customer", "pending_invoice_items_behavior", "subscription")


def _create(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.params["customer"], param="customer", status=400)
    ledger = test_clocks.ledger_of(ledger, customer)
    given = {name: value for name, value in call.params.items() if name not in _NOT_KEPT}
    subscription, waiting = call.params.get("subscription"), []
    if subscription is not None:
        owner = ledger.get("subscription", subscription, param="subscription", status=400)
        given["parent"] = invoice_shapes.of_subscription(owner)
    if subscription is not None or call.params.get("pending_invoice_items_behavior") == "include":
        waiting = invoices.put_down(ledger, customer["id"], subscription)
    if subscription is not None and not waiting:
        raise StripeError("Nothing to invoice for subscription", code="invoice_no_subscription_line_items")
    currency = waiting[0]["currency"] if waiting else customer["currency"] or "usd"
    known = {"billing_reason": "manual", "currency": currency, **given}
    invoice = invoices.draft(ledger, customer, known, call.cause, items=waiting)
    return _planned(ledger, invoice)


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("invoice", call.id, param="invoice")


def _update(ledger: Ledger, call: Call) -> Json:
    invoice = _retrieve(ledger, call)
    ledger = test_clocks.ledger_of(ledger, invoice)
    invoice = update(ledger, invoice, call.params, "invoice.updated", call.cause)
    return _planned(ledger, invoice) if "auto_advance" in call.params else invoice


def _delete(ledger: Ledger, call: Call) -> Json:
    invoice = _retrieve(ledger, call)
    invoices.check_status(invoice, ("draft",), "delete")
    agenda.drop(ledger, invoice)
    for item in ledger.find("invoiceitem", [field_is("invoice", invoice["id"])]):
        ledger.store.delete("invoiceitem", item["id"])
    ledger.store.delete("invoice", invoice["id"])
    ledger.tell("invoice.deleted", invoice, call.cause)
    return {"id": invoice["id"], "object": "invoice", "deleted": True}


def _finalize(ledger: Ledger, call: Call) -> Json:
    invoice = _retrieve(ledger, call)
    invoices.check_status(invoice, ("draft",), "finalize")
    ledger = test_clocks.ledger_of(ledger, invoice)
    invoice |= {"auto_advance": call.params.get("auto_advance", invoice["auto_advance"])}
    return invoices.finalize(ledger, invoice, call.cause)


def _pay(ledger: Ledger, call: Call) -> Json:
    invoice, given = _retrieve(ledger, call), call.params
    if invoice["status"] == "paid":
        raise StripeError("Invoice is already paid", code="invoice_already_paid")
    invoices.check_status(invoice, ("draft", "open", "uncollectible"), "pay")
    ledger = test_clocks.ledger_of(ledger, invoice)
    method = methods.named(ledger, given["payment_method"]) if "payment_method" in given else None
    if invoice["status"] == "draft":
        invoice = invoices.finalize(ledger, invoice, call.cause)
    if invoice["status"] == "paid":
        return invoice
    if given.get("paid_out_of_band"):
        return invoices.settle(ledger, invoice, call.cause, attempts=0)
    invoice = collection.collect(ledger, invoice, call.cause, method, absent=given.get("off_session", True))
    collection.check_paid(ledger, invoice, undo=False)
    return invoice


def _void(ledger: Ledger, call: Call) -> Json:
    invoice = _retrieve(ledger, call)
    invoices.check_status(invoice, ("open", "uncollectible"), "void")
    return invoices.void(test_clocks.ledger_of(ledger, invoice), invoice, call.cause)


def _mark_uncollectible(ledger: Ledger, call: Call) -> Json:
    invoice = _retrieve(ledger, call)
    invoices.check_status(invoice, ("open",), "mark as uncollectible")
    return invoices.mark_uncollectible(test_clocks.ledger_of(ledger, invoice), invoice, call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    asked: list[Condition] = [field_is(name, call.params[name]) for name in _PLAIN if name in call.params]
    if "subscription" in call.params:
        asked.append(invoices.of_subscription(call.params["subscription"]))
    return page(ledger, "invoice", call, asked)


def _lines(ledger: Ledger, call: Call) -> Json:
    return listing(call.path, _retrieve(ledger, call)["lines"]["data"])


def _planned(ledger: Ledger, invoice: Json) -> Json:
    """A draft or an open invoice that goes on by itself, or does not."""
    if not invoice["auto_advance"]:
        return invoices.stop_collecting(ledger, invoice, NOBODY)
    if invoice["status"] != "draft":
        return invoice
    final_at = ledger.now() + settings.read(ledger.store)["draft_seconds"]
    agenda.plan(ledger, invoice, "finalize", final_at)
    return ledger.save(invoice | {"automatically_finalizes_at": final_at, "next_payment_attempt": final_at})


_PLAIN = ("collection_method", "customer", "status")
_FILTERS = {
    "collection_method": Choice(("charge_automatically",)),
    "customer": Text(),
    "status": Choice(("draft", "open", "paid", "uncollectible", "void")),
    "subscription": Text(),
}
_BASE = "/v1/invoices"
_ONE = f"{_BASE}/<id>"

OPERATIONS = (
    Operation("POST", _BASE, "invoices.create", _NEW, _create),
    Operation("GET", _BASE, "invoices.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", _ONE, "invoices.retrieve", {}, _retrieve),
    Operation("POST", _ONE, "invoices.update", _SETTABLE, _update),
    Operation("DELETE", _ONE, "invoices.delete", {}, _delete),
    Operation("POST", f"{_ONE}/finalize", "invoices.finalize", {"auto_advance": Flag()}, _finalize),
    Operation("POST", f"{_ONE}/pay", "invoices.pay", _PAY, _pay),
    Operation("POST", f"{_ONE}/void", "invoices.void", {}, _void),
    Operation("POST", f"{_ONE}/mark_uncollectible", "invoices.mark_uncollectible", {}, _mark_uncollectible),
    Operation("GET", f"{_ONE}/lines", "invoices.lines", PAGING, _lines),
)
