"""`/v1/payment_intents`: paid by test methods such as `pm_card_visa`."""

from collections.abc import Callable

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import attempts
from billing_sandbox.stripe.errors import CardDeclined, StripeError
from billing_sandbox.stripe.ledger import Cause, Ledger
from billing_sandbox.stripe.lists import NEWEST_FIRST, page
from billing_sandbox.stripe.money import check_chargeable
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Currency, Flag, Group, Many, Metadata, Text, Url, Whole

_TEST_METHODS: dict[str, Callable[[Ledger, Json, Cause], Json]] = {
    "pm_card_visa": attempts.succeed,
    "pm_card_chargeDeclined": attempts.decline,
    "pm_sepaDebit": attempts.submit,
}
_ACCEPTED = {
    "amount": Whole(required=True),
    "automatic_payment_methods": Group(
        {"enabled": Flag(required=True), "allow_redirects": Choice(("always", "never"))}
    ),
    "confirm": Flag(),
    "currency": Currency(required=True),
    "customer": Text(),
    "description": Text(length_max=1000),
    "metadata": Metadata(),
    "off_session": Flag(),
    "payment_method": Text(),
    "payment_method_types": Many(Text()),
    "receipt_email": Text(),
    "return_url": Url(),
    "setup_future_usage": Choice(("off_session", "on_session")),
    "statement_descriptor": Text(length_max=22),
    "statement_descriptor_suffix": Text(length_max=22),
    "transfer_group": Text(),
}
_CONFIRM = {"off_session": Flag(), "payment_method": Text(), "receipt_email": Text(), "return_url": Url()}
_NOT_SHOWN = ("confirm", "off_session", "payment_method", "return_url")
_REASONS = Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer"))
_PAYABLE = ("requires_payment_method", "requires_confirmation")


def _create(ledger: Ledger, call: Call) -> Json:
    given = call.params
    check_chargeable(given["amount"], given["currency"], "amount")
    if "customer" in given:
        ledger.get("customer", given["customer"], param="customer", status=400)
    shown = {name: value for name, value in given.items() if name not in _NOT_SHOWN}
    intent = attempts.begin(ledger, call.cause, shown)
    return _attempt(ledger, intent, call) if given.get("confirm") else intent


def _retrieve(ledger: Ledger, call: Call) -> Json:
    return ledger.get("payment_intent", call.id, param="intent")


def _list(ledger: Ledger, call: Call) -> Json:
    asked = [field_is("customer", call.params["customer"])] if "customer" in call.params else []
    return page(ledger, "payment_intent", call, asked)


def _confirm(ledger: Ledger, call: Call) -> Json:
    return _attempt(ledger, _in_state(_retrieve(ledger, call), _PAYABLE, "confirm"), call)


def _cancel(ledger: Ledger, call: Call) -> Json:
    intent = _in_state(_retrieve(ledger, call), (*_PAYABLE, "processing"), "cancel")
    return attempts.cancel(ledger, intent, call.cause, call.params.get("cancellation_reason"))


def _attempt(ledger: Ledger, intent: Json, call: Call) -> Json:
    method = call.params.get("payment_method", "")
    if method not in _TEST_METHODS:
        message = f"No such PaymentMethod: '{method}' (this sandbox knows {', '.join(_TEST_METHODS)})"
        raise StripeError(message, code="resource_missing", param="payment_method")
    intent = _TEST_METHODS[method](ledger, intent, call.cause)
    if intent["last_payment_error"]:
        raise CardDeclined(intent)
    return intent


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
    Operation("POST", f"{_BASE}/<id>/confirm", "payment_intents.confirm", _CONFIRM, _confirm),
    Operation("POST", f"{_BASE}/<id>/cancel", "payment_intents.cancel", {"cancellation_reason": _REASONS}, _cancel),
)
