"""`/v1/checkout/sessions`: pages on which customers pay, or save a card."""

from collections.abc import Callable

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import checkout, objects, setups
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, PAGING, page
from billing_sandbox.stripe.money import check_chargeable
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Currency, Flag, Group, Many, Metadata, Text, Url, Whole
from billing_sandbox.stripe.recurring import sessions
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.resources.session_lines import LINE, lines_to_pay, lines_to_subscribe_to
from billing_sandbox.stripe.resources.subscription_data import BEGINNING

_EXPIRY_MIN_SECONDS = 30 * 60
_EXPIRY_MAX_SECONDS = 24 * 3600

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
    "line_items": Many(LINE),
    "locale": Text(length_max=10),
    "metadata": Metadata(),
    "mode": Choice(("payment", "setup", "subscription"), required=True),
    "payment_intent_data": _INTENT,
    "payment_method_collection": Choice(("always", "if_required")),
    "payment_method_types": Many(Text()),
    "allowed_payment_method_types": Many(Text()),
    "phone_number_collection": Group({"enabled": Flag(required=True)}),
    "saved_payment_method_options": Group(
        {
            "allow_redisplay_filters": Many(Choice(("always", "limited", "unspecified"))),
            "payment_method_remove": Choice(("disabled", "enabled")),
            "payment_method_save": Choice(("disabled", "enabled")),
        }
    ),
    "setup_intent_data": Group({"description": Text(length_max=1000), "metadata": Metadata()}),
    "subscription_data": Group(
        {**BEGINNING, "proration_behavior": Choice(("create_prorations", "none")), "trial_end": Whole()}
    ),
    "submit_type": Choice(("auto", "book", "donate", "pay", "subscribe")),
    "success_url": Url(required=True),
    "ui_mode": Choice(("hosted", "hosted_page")),
}
_SHOWN_OTHERWISE = (
    "allowed_payment_method_types", "currency", "expires_at", "line_items", "payment_intent_data",
    "setup_intent_data", "subscription_data", "ui_mode",
)  # fmt: skip
_OF_OTHER_MODES = {
    "payment": ("payment_method_collection", "setup_intent_data", "subscription_data"),
    "setup": ("line_items", "payment_intent_data", "payment_method_collection", "submit_type", "subscription_data"),
    "subscription": ("customer_creation", "payment_intent_data", "setup_intent_data"),
}


def _create(ledger: Ledger, call: Call) -> Json:
    given, now = call.params, ledger.now()
    _check_customer(ledger, given)
    _check_mode(given)
    session = objects.checkout_session(
        now,
        {
            **{name: value for name, value in given.items() if name not in _SHOWN_OTHERWISE},
            "expires_at": _expiry(given, now),
        },
    )
    if "allowed_payment_method_types" in given:
        session["payment_method_types"] = given["allowed_payment_method_types"]
    session["url"] = f"{call.base_url}/c/pay/{session['id']}"
    _BEGINNINGS[given["mode"]](ledger, call, session)
    return ledger.save(session)


def _begin_payment(ledger: Ledger, call: Call, session: Json) -> None:
    given = call.params
    lines = lines_to_pay(ledger, call)
    currency, total = lines[0]["currency"], sum(line["amount_total"] for line in lines)
    check_chargeable(total, currency, "line_items")
    session |= {"amount_subtotal": total, "amount_total": total, "currency": currency}
    ledger.save({"object": "line_items", "id": session["id"], "data": lines})
    intent = {"object": "payment_intent_data", "id": session["id"]}
    ledger.save(intent | {"given": given.get("payment_intent_data", {})})


def _begin_setup(ledger: Ledger, call: Call, session: Json) -> None:
    given = call.params
    if not given.keys() & {"currency", "payment_method_types", "allowed_payment_method_types"}:
        message = "You must pass `currency` when using dynamic payment methods in `setup` mode."
        raise StripeError(message, code="parameter_missing", param="currency")
    wanted = {"customer": given.get("customer"), **given.get("setup_intent_data", {})}
    session |= {"currency": given.get("currency"), "payment_status": "no_payment_required"}
    session["setup_intent"] = setups.begin(ledger, call.cause, wanted)["id"]


def _begin_subscription(ledger: Ledger, call: Call, session: Json) -> None:
    wanted = lines_to_subscribe_to(ledger, call)
    session |= sessions.prepare(ledger, session, wanted, call.params.get("subscription_data", {}))


_BEGINNINGS: dict[str, Callable[[Ledger, Call, Json], None]] = {
    "payment": _begin_payment,
    "setup": _begin_setup,
    "subscription": _begin_subscription,
}


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
    lines = ledger.store.get("line_items", call.id) or {"data": []}
    return objects.listing(call.path, lines["data"])


def _check_mode(given: Json) -> None:
    """Refuse what is only for sessions of another mode."""
    for name in _OF_OTHER_MODES[given["mode"]]:
        if name in given:
            raise StripeError(f"You can not pass `{name}` in `{given['mode']}` mode.", param=name)


def _check_customer(ledger: Ledger, given: Json) -> None:
    if "customer" in given and "customer_email" in given:
        raise StripeError("You may only specify one of these parameters: customer, customer_email.")
    if "customer" in given:
        living(ledger, given["customer"], param="customer", status=400)


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


_FILTERS = {
    "customer": Text(),
    "payment_intent": Text(),
    "status": Choice(("complete", "expired", "open")),
    "subscription": Text(),
}
_BASE = "/v1/checkout/sessions"

OPERATIONS = (
    Operation("POST", _BASE, "checkout_sessions.create", _ACCEPTED, _create),
    Operation("GET", _BASE, "checkout_sessions.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "checkout_sessions.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>/expire", "checkout_sessions.expire", {}, _expire),
    Operation("GET", f"{_BASE}/<id>/line_items", "checkout_sessions.line_items", PAGING, _line_items),
)
