"""`/v1/invoiceitems`: what is put down for a customer's next invoice, or for one that is being drafted."""

from billing_sandbox.store import Condition, Json, field_is
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Currency, Flag, Group, Metadata, Text, Whole
from billing_sandbox.stripe.recurring import invoice_shapes, invoices, prices, shapes, test_clocks
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.updates import update

_NEW = {
    "amount": Whole(least=-(2**53)),
    "currency": Currency(),
    "customer": Text(required=True),
    "description": Text(),
    "discountable": Flag(),
    "invoice": Text(),
    "metadata": Metadata(),
    "period": Group({"end": Whole(required=True), "start": Whole(required=True)}),
    "price_data": Group(prices.PRICE_DATA),
    "pricing": Group({"price": Text(required=True)}),
    "quantity": Whole(),
    "subscription": Text(),
}
_CHANGES = {"description": Text(), "discountable": Flag(), "metadata": Metadata()}
_SHOWN = ("description", "discountable", "metadata", "period", "quantity")


def _create(ledger: Ledger, call: Call) -> Json:
    given = call.params
    customer = living(ledger, given["customer"], param="customer", status=400)
    ledger = test_clocks.ledger_of(ledger, customer)
    invoice = ledger.get("invoice", given["invoice"], param="invoice", status=400) if "invoice" in given else None
    if invoice:
        invoices.check_status(invoice, ("draft",), "add items to")
    price = _price(ledger, call)
    known = {name: given[name] for name in _SHOWN if name in given}
    amount = given.get("amount", price["unit_amount"] * given.get("quantity", 1))
    known |= {"amount": amount, "parent": _parent(ledger, given)}
    item = ledger.save(invoice_shapes.invoice_item(ledger.now(), customer, price, known))
    if invoice:
        invoices.take_in(ledger, invoice, item, call.cause)
        item = ledger.get("invoiceitem", item["id"])
    ledger.tell("invoiceitem.created", item, call.cause)
    return item


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("invoiceitem", call.id)


def _update(ledger: Ledger, call: Call) -> Json:
    return update(ledger, _retrieve(ledger, call), call.params, None, call.cause)


def _delete(ledger: Ledger, call: Call) -> Json:
    item = _retrieve(ledger, call)
    if item["invoice"]:
        invoice = ledger.get("invoice", item["invoice"])
        invoices.check_status(invoice, ("draft",), "delete items of")
        invoices.leave_out(ledger, invoice, item, call.cause)
    ledger.store.delete("invoiceitem", item["id"])
    ledger.tell("invoiceitem.deleted", item, call.cause)
    return {"id": item["id"], "object": "invoiceitem", "deleted": True}


def _list(ledger: Ledger, call: Call) -> Json:
    asked: list[Condition] = [field_is(name, call.params[name]) for name in _PLAIN if name in call.params]
    if "pending" in call.params:
        asked.append((f"json_extract(json, '$.invoice') IS {'' if call.params['pending'] else 'NOT '}NULL", ()))
    return page(ledger, "invoiceitem", call, asked)


def _parent(ledger: Ledger, given: Json) -> Json | None:
    if "subscription" not in given:
        return None
    owner = ledger.get("subscription", given["subscription"], param="subscription", status=400)
    details = {"subscription": owner["id"], "subscription_item": None}
    return {"subscription_details": details, "type": "subscription_details"}


def _price(ledger: Ledger, call: Call) -> Json:
    given = call.params
    if len({"amount", "price_data", "pricing"} & given.keys()) != 1:
        message = "You must specify exactly one of these parameters: amount, price_data, pricing."
        raise StripeError(message, code="parameter_missing", param="amount")
    if "price_data" in given:
        return prices.inline(ledger, call.cause, given["price_data"], "price_data")
    if "pricing" in given:
        return prices.usable(ledger, given["pricing"]["price"], "pricing[price]")
    if "currency" not in given:
        raise StripeError("Missing required param: currency.", code="parameter_missing", param="currency")
    # An amount alone is kept at a price of its own, of which nothing is told.
    product = shapes.product(ledger.now(), {"active": False, "name": given.get("description", "Item")})
    wanted = {"active": False, "currency": given["currency"], "product": product["id"], "unit_amount": given["amount"]}
    ledger.save(product)
    return ledger.save(shapes.price(ledger.now(), wanted))


_PLAIN = ("customer", "invoice")
_FILTERS = NEWEST_FIRST | {"customer": Text(), "invoice": Text(), "pending": Flag()}
_BASE = "/v1/invoiceitems"

OPERATIONS = (
    Operation("POST", _BASE, "invoice_items.create", _NEW, _create),
    Operation("GET", _BASE, "invoice_items.list", _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "invoice_items.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "invoice_items.update", _CHANGES, _update),
    Operation("DELETE", f"{_BASE}/<id>", "invoice_items.delete", {}, _delete),
)
