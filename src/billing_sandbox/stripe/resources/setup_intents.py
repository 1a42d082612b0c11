"""`/v1/setup_intents`: saving a method for later, without a payment."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import setups
from billing_sandbox.stripe.authentication import remember_return
from billing_sandbox.stripe.errors import IntentFailed, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Flag, Group, Many, Metadata, Text, Url
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.resources.method_data import METHOD_DATA, OPTIONS, chosen, shown
from billing_sandbox.stripe.updates import update

_CHANGES = {
    "allowed_payment_method_types": Many(Text()),
    "customer": Text(),
    "description": Text(length_max=1000),
    "metadata": Metadata(),
    "payment_method": Text(),
    "payment_method_data": Group(METHOD_DATA),
    "payment_method_options": OPTIONS,
    "payment_method_types": Many(Text()),
}
_CONFIRM = {
    "payment_method": Text(),
    "payment_method_data": Group(METHOD_DATA),
    "payment_method_options": OPTIONS,
    "return_url": Url(),
    "use_stripe_sdk": Flag(),
}
_ACCEPTED = {
    **_CHANGES,
    **_CONFIRM,
    "automatic_payment_methods": Group(
        {"enabled": Flag(required=True), "allow_redirects": Choice(("always", "never"))}
    ),
    "confirm": Flag(),
    "usage": Choice(("off_session", "on_session")),
}
_REASONS = Choice(("abandoned", "duplicate", "requested_by_customer"))
_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def _create(ledger: Ledger, call: Call) -> Json:
    given = call.params
    intent = setups.begin(ledger, call.cause, _shown(ledger, given) | chosen(ledger, given, given.get("customer")))
    return _attempt(ledger, intent, call) if given.get("confirm") else intent


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("setup_intent", call.id, param="intent")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is(name, call.params[name]) for name in ("customer", "payment_method") if name in call.params]
    return page(ledger, "setup_intent", call, asked)


def _update(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), "update")
    customer = call.params.get("customer", intent["customer"])
    changes = _shown(ledger, call.params) | chosen(ledger, call.params, customer)
    return update(ledger, intent, changes, None, call.cause)


def _confirm(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), "confirm")
    return _attempt(ledger, intent | chosen(ledger, call.params, intent["customer"]), call)


def _cancel(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), "cancel")
    return setups.cancel(ledger, intent, call.cause, call.params.get("cancellation_reason"))


def _attempt(ledger: Ledger, intent: Json, call: Call) -> Json:
    if intent["payment_method"] is None:
        message = "You cannot confirm this SetupIntent because it's missing a payment method. Update the SetupIntent"
        message += " with a payment method and then confirm it again."
        raise StripeError(message, code="setup_intent_unexpected_state")
    remember_return(ledger, intent, call.params.get("return_url"))
    method = ledger.get("payment_method", intent["payment_method"])
    intent = setups.attempt(ledger, intent, method, call.cause)
    if intent["last_setup_error"]:
        raise IntentFailed(intent)
    return intent


def _shown(ledger: Ledger, given: Json) -> Json:
    if "customer" in given:
        living(ledger, given["customer"], param="customer", status=400)
    return shown(given)


def _in_state(intent: Json, what: str) -> Json:
    if intent["status"] not in _OPEN:
        message = f"You cannot {what} this SetupIntent because it has a status of {intent['status']}."
        raise StripeError(message, code="setup_intent_unexpected_state")
    return intent


_BASE = "/v1/setup_intents"
_FILTERS = {"customer": Text(), "payment_method": Text()}

OPERATIONS = (
    Operation("POST", _BASE, "setup_intents.create", _ACCEPTED, _create),
    Operation("GET", _BASE, "setup_intents.list", NEWEST_FIRST | _FILTERS, _list),
    Operation("GET", f"{_BASE}/<id>", "setup_intents.retrieve", {"client_secret": Text()}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "setup_intents.update", _CHANGES, _update),
    Operation("POST", f"{_BASE}/<id>/confirm", "setup_intents.confirm", _CONFIRM, _confirm),
    Operation("POST", f"{_BASE}/<id>/cancel", "setup_intents.cancel", {"cancellation_reason": _REASONS}, _cancel),
)
