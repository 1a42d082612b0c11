"""The shapes of what is owed and of how it was paid, as Stripe's API shows them since dahlia."""

from billing_sandbox.store import Json
from billing_sandbox.stripe.ids import new_id
from billing_sandbox.stripe.objects import listing

_FROM_CUSTOMER = ("address", "email", "name", "phone", "shipping", "tax_exempt")


def invoice(created: int, customer: Json, given: Json) -> Json:
    """A draft with no lines yet; `given` has at least currency and billing_reason."""
    empty = (
        "account_tax_ids", "application", "automatically_finalizes_at", "custom_fields", "customer_account",
        "default_payment_method", "default_source", "description", "due_date", "effective_at",
        "ending_balance", "footer", "from_invoice", "hosted_invoice_url", "invoice_pdf",
        "last_finalization_error", "latest_revision", "next_payment_attempt", "number", "on_behalf_of",
        "parent", "receipt_number", "rendering", "shipping_cost", "shipping_details", "statement_descriptor",
        "webhooks_delivered_at",
    )  # fmt: skip
    id = new_id("in")
    draft = {
        "id": id,
        "object": "invoice",
        **dict.fromkeys(empty),
        "account_country": "US",
        "account_name": "Sandbox",
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_shipping": 0,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": False,
        "automatic_tax": dict.fromkeys(("disabled_reason", "liability", "provider", "status")) | {"enabled": False},
        "collection_method": "charge_automatically",
        "created": created,
        "customer": customer["id"],
        **{f"customer_{name}": customer[name] for name in _FROM_CUSTOMER},
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"type": "self"},
        "livemode": False,
        "metadata": {},
        "payment_settings": dict.fromkeys(("default_mandate", "payment_method_options", "payment_method_types")),
        "period_end": created,
        "period_start": created,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "starting_balance": 0,
        "status": "draft",
        "status_transitions": dict.fromkeys(("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")),
        "test_clock": customer["test_clock"],
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        **given,
    }
    return with_lines(draft, [])


def with_lines(invoice: Json, data: list[Json]) -> Json:
    """The invoice with these lines and their sums, and what of them the customer's balance leaves to be paid."""
    total = sum(line["amount"] for line in data)
    listed = listing(f"/v1/invoices/{invoice['id']}/lines", data) | {"total_count": len(data)}
    sums = dict.fromkeys(("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"), total)
    return invoice | sums | {"lines": listed} | due(max(0, total + invoice["starting_balance"]))


def due(amount: int) -> Json:
    """What an invoice shows of a sum that is owed and of which nothing is paid."""
    return {"amount_due": amount, "amount_remaining": amount}


def _line(price: Json, quantity: int, given: Json) -> Json:
    amount = given["amount"]
    return {
        "id": new_id("il"),
        "object": "line_item",
        "currency": price["currency"],
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subtotal": amount,
        "taxes": [],
        **given,
    }


def cycle_line(item: Json, amount: int, period: tuple[int, int], description: str, metadata: Json) -> Json:
    """A line for a subscription's item over a period."""
    details = {
        "invoice_item": None,
        "proration": False,
        "proration_details": {"credited_items": None},
        "subscription": item["subscription"],
        "subscription_item": item["id"],
    }
    given = {
        "amount": amount,
        "description": description,
        "metadata": metadata,
        "parent": {
            "invoice_item_details": None,
            "subscription_item_details": details,
            "type": "subscription_item_details",
        },
        "period": {"end": period[1], "start": period[0]},
    }
    return _line(item["price"], item["quantity"], given)


def item_line(invoice: str, invoice_item: Json, price: Json) -> Json:
    """A line for something that was put down to be invoiced."""
    details = {
        "invoice_item": invoice_item["id"],
        "proration": invoice_item["proration"],
        "proration_details": {"credited_items": None},
        "subscription": subscription_of(invoice_item),
    }
    given = {
        "amount": invoice_item["amount"],
        "description": invoice_item["description"],
        "discountable": invoice_item["discountable"],
        "metadata": invoice_item["metadata"],
        "parent": {
            "invoice_item_details": details,
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": invoice_item["period"],
    }
    return _line(price, invoice_item["quantity"], given | {"invoice": invoice})


def invoice_item(created: int, customer: Json, price: Json, given: Json) -> Json:
    """Something to be put on the customer's next invoice; `given` has at least the amount."""
    return {
        "id": new_id("ii"),
        "object": "invoiceitem",
        "currency": price["currency"],
        "customer": customer["id"],
        "customer_account": None,
        "date": created,
        "description": None,
        "discountable": True,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "net_amount": given["amount"],
        "parent": None,
        "period": {"end": created, "start": created},
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "proration": False,
        "quantity": 1,
        "quantity_decimal": str(given.get("quantity", 1)),
        "tax_rates": [],
        "test_clock": customer["test_clock"],
        **given,
    }


def invoice_payment(created: int, invoice: Json, intent: str) -> Json:
    """The way in which an invoice is to be paid."""
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": created,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent, "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def balance_transaction(created: int, customer: Json, given: Json) -> Json:
    """A move of a customer's balance; `given` has at least amount, ending_balance and type."""
    return {
        "id": new_id("cbtxn"),
        "object": "customer_balance_transaction",
        "checkout_session": None,
        "created": created,
        "credit_note": None,
        "customer": customer["id"],
        "customer_account": None,
        "description": None,
        "invoice": None,
        "livemode": False,
        "metadata": {},
        **given,
    }


def of_subscription(subscription: Json) -> Json:
    """An invoice's `parent`: the subscription, with its metadata as it is now."""
    details = {"metadata": subscription["metadata"], "subscription": subscription["id"]}
    return {"quote_details": None, "subscription_details": details, "type": "subscription_details"}


def subscription_of(document: Json) -> str | None:
    """The subscription that an invoice, or something put down to be invoiced, belongs to."""
    details = (document["parent"] or {}).get("subscription_details")
    return details and str(details["subscription"])


def item_of(line: Json) -> str | None:
    """What was put down to be invoiced and became this line, if it did."""
    details = line["parent"]["invoice_item_details"]
    return details and str(details["invoice_item"])
