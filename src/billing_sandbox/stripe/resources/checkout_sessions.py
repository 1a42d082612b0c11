"""`/v1/checkout/sessions`: pages on which customers pay, in payment mode."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import checkout, objects
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, PAGING, page
from billing_sandbox.stripe.money import check_chargeable
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Currency, Flag, Group, Many, Metadata, Text, Url, Whole

_EXPIRY_MIN_SECONDS = 30 * 60
_EXPIRY_MAX_SECONDS = 24 * 3600

_PRODUCT = Group(
    {
        "name": Text(required=True),
        "description": Text(),
        "images": Many(Url(), length_max=8),
        "metadata": Metadata(),
        "tax_code": Text(),
    },
    required=True,
)
_PRICE = Group(
    {
        "currency": Currency(required=True),
        "product_data": _PRODUCT,
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Whole(required=True),
    },
    required=True,
)
_LINE = Group({"price_data": _PRICE, "quantity": Whole(least=1, required=True), "metadata": Metadata()})
_INTENT = Group(
    {
        "description": Text(length_max=1000),
        "metadata": Metadata(),
        "receipt_email": Text(),
        "setup_future_usage": Choice(("off_session", "on_session")),
        "statement_descriptor": Text(length_max=22),
        "statement_descriptor_suffix": Text(length_max=22),
        "transfer_group": Text(),
    }
)
_ACCEPTED = {
    "billing_address_collection": Choice(("auto", "required")),
    "cancel_url": Url(),
    "client_reference_id": Text(length_max=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": Text(length_max=800),
    "expires_at": Whole(),
    "line_items": Many(_LINE, required=True),
    "locale": Text(length_max=10),
    "metadata": Metadata(),
    "mode": Choice(("payment",), required=True),
    "payment_intent_data": _INTENT,
    "payment_method_types": Many(Text()),
    "phone_number_collection": Group({"enabled": Flag(required=True)}),
    "submit_type": Choice(("auto", "book", "donate", "pay", "subscribe")),
    "success_url": Url(required=True),
    "ui_mode": Choice(("hosted", "hosted_page")),
}
_SHOWN_OTHERWISE = ("currency", "expires_at", "line_items", "payment_intent_data", "ui_mode")


def _create(ledger: Ledger, call: Call) -> Json:
    given, now = call.params, ledger.now()
    _check_customer(ledger, given)
    lines = _lines(given, now)
    currency, total = lines[0]["currency"], sum(line["amount_total"] for line in lines)
    check_chargeable(total, currency, "line_items")
    session = objects.checkout_session(
        now,
        {
            **{name: value for name, value in given.items() if name not in _SHOWN_OTHERWISE},
            "amount_subtotal": total,
            "amount_total": total,
            "currency": currency,
            "expires_at": _expiry(given, now),
        },
    )
    session["url"] = f"{call.base_url}/c/pay/{session['id']}"
    ledger.save(session)
    ledger.save({"object": "line_items", "id": session["id"], "data": lines})
    intent = {"object": "payment_intent_data", "id": session["id"]}
    ledger.save(intent | {"given": given.get("payment_intent_data", {})})
    return session


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("checkout.session", call.id, param="session")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in _FILTERS if name in call.params]
    return page(ledger, "checkout.session", call, asked)


def _expire(ledger: Ledger, call: Call) -> Json:
    session = _retrieve(ledger, call)
    if session["status"] != "open":
        message = 'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has'
        raise StripeError(f"{message} a status of {session['status']}.")
    return checkout.expire(ledger, session, call.cause)


def _line_items(ledger: Ledger, call: Call) -> Json:
    _retrieve(ledger, call)
    return objects.listing(call.path, ledger.get("line_items", call.id)["data"])


def _lines(given: Json, now: int) -> list[Json]:
    lines, currency = [], given.get("currency")
    for index, line in enumerate(given["line_items"]):
        price, at = line["price_data"], f"line_items[{index}][price_data]"
        currency = currency or price["currency"]
        if price["currency"] != currency:
            message = "All line items of a Checkout Session must have the same currency"
            raise StripeError(f"{message}: {currency}.", param=f"{at}[currency]")
        check_chargeable(price["unit_amount"], currency, f"{at}[unit_amount]")
        product = price["product_data"]
        lines.append(objects.line_item(now, currency, price["unit_amount"], line["quantity"], product))
    if not lines:
        raise StripeError("Missing required param: line_items.", code="parameter_missing", param="line_items")
    return lines


def _check_customer(ledger: Ledger, given: Json) -> None:
    if "customer" in given and "customer_email" in given:
        raise StripeError("You may only specify one of these parameters: customer, customer_email.")
    if "customer" in given:
        ledger.get("customer", given["customer"], param="customer", status=400)


def _expiry(given: Json, now: int) -> int:
    expires_at: int = given.get("expires_at", now + _EXPIRY_MAX_SECONDS)
    if expires_at > now + _EXPIRY_MAX_SECONDS:
        limit = "less than 24 hours"
    elif expires_at < now + _EXPIRY_MIN_SECONDS:
        limit = "at least 30 minutes"
    else:
        return expires_at
    message = f"The `expires_at` timestamp must be {limit} from Checkout Session creation."
    raise StripeError(message, param="expires_at")


_FILTERS = {"customer": Text(), "payment_intent": Text(), "status": Choice(("complete", "expired", "open"))}
_BASE = "/v1/checkout/sessions"

OPERATIONS = (
    Operation("POST", _BASE, "checkout_sessions.create", _ACCEPTED, _create),
    Operation("GET", _BASE, "checkout_sessions.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "checkout_sessions.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>/expire", "checkout_sessions.expire", {}, _expire),
    Operation("GET", f"{_BASE}/<id>/line_items", "checkout_sessions.line_items", PAGING, _line_items),
)
