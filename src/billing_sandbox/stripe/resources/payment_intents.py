"""`/v1/payment_intents`: charges of a method, with the customer there or not."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import attempts
from billing_sandbox.stripe.authentication import remember_return
from billing_sandbox.stripe.errors import IntentFailed, StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.money import check_chargeable
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import (
    Choice,
    Currency,
    Flag,
    Group,
    Many,
    Metadata,
    Text,
    Unsettable,
    Url,
    Whole,
)
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.resources.method_data import ADDRESS, METHOD_DATA, OPTIONS, chosen, shown
from billing_sandbox.stripe.updates import update

_SHIPPING = Group({"address": ADDRESS, "carrier": Text(), "name": Text(), "phone": Text(), "tracking_number": Text()})
_CHANGES = {
    "amount": Whole(),
    "currency": Currency(),
    "customer": Text(),
    "description": Text(length_max=1000),
    "metadata": Metadata(),
    "payment_method": Text(),
    "payment_method_data": Group(METHOD_DATA),
    "payment_method_options": OPTIONS,
    "payment_method_types": Many(Text()),
    "allowed_payment_method_types": Many(Text()),
    "receipt_email": Unsettable(Text()),
    "setup_future_usage": Unsettable(Choice(("off_session", "on_session"))),
    "shipping": _SHIPPING,
    "statement_descriptor": Text(length_max=22),
    "statement_descriptor_suffix": Text(length_max=22),
    "transfer_group": Text(),
}
_CONFIRM = {
    "error_on_requires_action": Flag(),
    "off_session": Choice(("true", "false", "one_off", "recurring")),
    "payment_method": Text(),
    "payment_method_data": Group(METHOD_DATA),
    "payment_method_options": OPTIONS,
    "receipt_email": Unsettable(Text()),
    "return_url": Url(),
    "setup_future_usage": Unsettable(Choice(("off_session", "on_session"))),
    "use_stripe_sdk": Flag(),
}
_ACCEPTED = {
    **_CHANGES,
    **_CONFIRM,
    "amount": Whole(required=True),
    "automatic_payment_methods": Group(
        {"enabled": Flag(required=True), "allow_redirects": Choice(("always", "never"))}
    ),
    "capture_method": Choice(("automatic", "automatic_async")),
    "confirm": Flag(),
    "confirmation_method": Choice(("automatic",)),
    "currency": Currency(required=True),
}
_CONFIRM_ONLY = ("error_on_requires_action", "off_session", "return_url")
_REASONS = Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer"))
_PAYABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


def _create(ledger: Ledger, call: Call) -> Json:
    given = call.params
    _check(ledger, given)
    for name in _CONFIRM_ONLY:
        if name in given and not given.get("confirm"):
            raise StripeError(f"The parameter `{name}` can only be given when `confirm` is true.", param=name)
    intent = attempts.begin(
        ledger, call.cause, shown(given, _CONFIRM_ONLY) | chosen(ledger, given, given.get("customer"))
    )
    return _attempt(ledger, intent, call) if given.get("confirm") else intent


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("payment_intent", call.id, param="intent")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is("customer", call.params["customer"])] if "customer" in call.params else []
    return page(ledger, "payment_intent", call, asked)


def _update(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), _PAYABLE, "update")
    given = {"amount": intent["amount"], "currency": intent["currency"], **call.params}
    _check(ledger, given)
    customer = given.get("customer", intent["customer"])
    return update(ledger, intent, shown(given, _CONFIRM_ONLY) | chosen(ledger, given, customer), None, call.cause)


def _confirm(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), _PAYABLE, "confirm")
    given = shown(call.params, _CONFIRM_ONLY) | chosen(ledger, call.params, intent["customer"])
    return _attempt(ledger, intent | given, call)


def _cancel(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), (*_PAYABLE, "processing"), "cancel")
    if ledger.find("checkout.session", [field_is("payment_intent", intent["id"])]):
        raise StripeError("You cannot cancel the PaymentIntent of a Checkout Session. Expire the session instead.")
    return attempts.cancel(ledger, intent, call.cause, call.params.get("cancellation_reason"))


def _attempt(ledger: Ledger, intent: Json, call: Call) -> Json:
    if intent["payment_method"] is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update"
        message += " the PaymentIntent with a payment method and then confirm it again, or confirm it again directly"
        raise StripeError(f"{message} with a payment method.", code="payment_intent_unexpected_state")
    absent = call.params.get("off_session", "false") != "false"
    may_ask = not absent and not call.params.get("error_on_requires_action")
    remember_return(ledger, intent, call.params.get("return_url"))
    method = ledger.get("payment_method", intent["payment_method"])
    intent = attempts.attempt(ledger, intent, method, call.cause, absent=absent, may_ask=may_ask)
    if intent["last_payment_error"]:
        raise IntentFailed(intent)
    return intent


def _check(ledger: Ledger, given: Json) -> None:
    check_chargeable(given["amount"], given["currency"], "amount")
    if "customer" in given:
        living(ledger, given["customer"], param="customer", status=400)


def _in_state(intent: Json, states: tuple[str, ...], what: str) -> Json:
    if intent["status"] not in states:
        message = f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}."
        raise StripeError(message, code="payment_intent_unexpected_state")
    return intent


_BASE = "/v1/payment_intents"

OPERATIONS = (
    Operation("POST", _BASE, "payment_intents.create", _ACCEPTED, _create),
    Operation("GET", _BASE, "payment_intents.list", NEWEST_FIRST | {"customer": Text()}, _list),
    Operation("GET", f"{_BASE}/<id>", "payment_intents.retrieve", {"client_secret": Text()}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "payment_intents.update", _CHANGES, _update),
    Operation("POST", f"{_BASE}/<id>/confirm", "payment_intents.confirm", _CONFIRM, _confirm),
    Operation("POST", f"{_BASE}/<id>/cancel", "payment_intents.cancel", {"cancellation_reason": _REASONS}, _cancel),
)
