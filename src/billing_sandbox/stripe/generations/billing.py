"""What the API's versions changed in subscriptions and invoices; basil took most of it apart.

Source: https://docs.stripe.com/changelog/basil
"""

from billing_sandbox.store import Json, Store, field_is
from billing_sandbox.stripe.generations.change import Change
from billing_sandbox.stripe.recurring import shapes

_ONLY_SINCE_BASIL = ("amount_overpaid", "confirmation_secret", "parent", "payments", "total_taxes")
_ONLY_SINCE_BASIL_IN_LINES = ("parent", "pricing", "subtotal", "taxes")


def _decimal_quantity(store: Store, line: Json) -> None:
    """dahlia shows quantities as decimals too."""
    line.pop("quantity_decimal", None)


def _periods(store: Store, subscription: Json) -> None:
    """basil gave each item a period of its own."""
    (first, *_) = subscription["items"]["data"]
    subscription["current_period_end"] = first["current_period_end"]
    subscription["current_period_start"] = first["current_period_start"]
    subscription["discount"] = None
    subscription.pop("billing_mode", None)


def _item_without_period(store: Store, item: Json) -> None:
    """basil gave each item a period of its own."""
    item.pop("current_period_end", None)
    item.pop("current_period_start", None)


def _one_payment(store: Store, invoice: Json) -> None:
    """basil lets an invoice have several payments, and several kinds of origin."""
    payments = store.find("invoice_payment", [field_is("invoice", invoice["id"])])
    intent = store.get("payment_intent", payments[0]["payment"]["payment_intent"]) if payments else None
    details = (invoice["parent"] or {}).get("subscription_details")
    paid = invoice["status"] == "paid"
    invoice |= {
        "application_fee_amount": None,
        "charge": intent and intent["latest_charge"],
        "discount": None,
        "paid": paid,
        "paid_out_of_band": paid and invoice["amount_due"] > 0 and not (intent and intent["status"] == "succeeded"),
        "payment_intent": intent and intent["id"],
        "quote": None,
        "subscription": details and details["subscription"],
        "subscription_details": {"metadata": details and details["metadata"]},
        "tax": None,
        "total_tax_amounts": [],
        "transfer_data": None,
    }
    for name in _ONLY_SINCE_BASIL:
        invoice.pop(name, None)


def _line_of_one_kind(store: Store, line: Json) -> None:
    """basil put where a line comes from, and its price, into `parent` and `pricing`."""
    parent = line["parent"]
    details = parent["subscription_item_details"] or parent["invoice_item_details"]
    by_subscription = parent["type"] == "subscription_item_details"
    price, plan = _price(store, line)
    line |= {
        "plan": plan,
        "price": price,
        "proration": details["proration"],
        "proration_details": details["proration_details"],
        "subscription": details["subscription"],
        "tax_amounts": [],
        "tax_rates": [],
        "type": "subscription" if by_subscription else "invoiceitem",
        "unit_amount_excluding_tax": line["pricing"]["unit_amount_decimal"],
    }
    line |= {name: details[name] for name in ("invoice_item", "subscription_item") if details.get(name)}
    for name in _ONLY_SINCE_BASIL_IN_LINES:
        line.pop(name, None)


def _item_of_one_kind(store: Store, item: Json) -> None:
    """basil did likewise with what is put down to be invoiced."""
    details = (item["parent"] or {}).get("subscription_details") or {}
    price, plan = _price(store, item)
    item |= {
        "plan": plan,
        "price": price,
        "subscription": details.get("subscription"),
        "unit_amount": price and price["unit_amount"],
        "unit_amount_decimal": item["pricing"]["unit_amount_decimal"],
    }
    if details.get("subscription_item"):
        item["subscription_item"] = details["subscription_item"]
    for name in ("net_amount", "parent", "pricing"):
        item.pop(name, None)


def _aggregate_usage(store: Store, plan: Json) -> None:
    """basil bills usage by meters alone."""
    plan["aggregate_usage"] = None


def _aggregate_usage_of_price(store: Store, price: Json) -> None:
    """basil bills usage by meters alone."""
    if price["recurring"]:
        price["recurring"]["aggregate_usage"] = None


def _price(store: Store, line: Json) -> tuple[Json | None, Json | None]:
    """The whole price of a line, and the same as a plan where it is recurring."""
    price = store.get("price", line["pricing"]["price_details"]["price"])
    return price, shapes.plan(price) if price and price["recurring"] else None


BILLING = (
    Change("dahlia", "line_item", _decimal_quantity),
    Change("dahlia", "invoiceitem", _decimal_quantity),
    Change("basil", "subscription", _periods),
    Change("basil", "subscription_item", _item_without_period),
    Change("basil", "invoice", _one_payment),
    Change("basil", "line_item", _line_of_one_kind),
    Change("basil", "invoiceitem", _item_of_one_kind),
    Change("basil", "plan", _aggregate_usage),
    Change("basil", "price", _aggregate_usage_of_price),
)
