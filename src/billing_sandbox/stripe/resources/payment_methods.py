"""`/v1/payment_methods`: what customers can pay with, and whose it is."""

from billing_sandbox.store import Json, field_is
from billing_sandbox.stripe import cards, methods, objects
from billing_sandbox.stripe.errors import StripeError
from billing_sandbox.stripe.ledger import Ledger
from billing_sandbox.stripe.lists import PAGING, page
from billing_sandbox.stripe.operations import Call, Operation
from billing_sandbox.stripe.parameters import Choice, Group, Metadata, Text, Whole
from billing_sandbox.stripe.resources.customers import living
from billing_sandbox.stripe.resources.method_data import (
    BILLING_DETAILS,
    METHOD_DATA,
    REDISPLAY,
    expiry,
    made_from,
)
from billing_sandbox.stripe.updates import update

_KINDS = Choice(("card", "sepa_debit"))
_CHANGES = {
    "allow_redisplay": REDISPLAY,
    "billing_details": BILLING_DETAILS,
    "card": Group({"exp_month": Whole(), "exp_year": Whole()}),
    "metadata": Metadata(),
}
_OF_CUSTOMER = {**PAGING, "allow_redisplay": REDISPLAY, "type": _KINDS}


def _create(ledger: Ledger, call: Call) -> Json:
    return made_from(ledger, call.params)


def _retrieve(ledger: Ledger, call: Call) -> Json:
    if cards.by_token(call.id):
        return methods.named(ledger, call.id)
    return _kept(ledger, call)


def _update(ledger: Ledger, call: Call) -> Json:
    method, given = _kept(ledger, call), dict(call.params)
    if method["customer"] is None:
        raise StripeError("You must save this PaymentMethod to a customer before you can update it.")
    if "card" in given:
        given["card"] = method["card"] | expiry(ledger, method["card"] | given["card"])
    if "billing_details" in given:
        given["billing_details"] = objects.billing_details(
            method["billing_details"]
            | given["billing_details"]
            | {"address": method["billing_details"]["address"] | given["billing_details"].get("address", {})}
        )
    return update(ledger, method, given, "payment_method.updated", call.cause)


def _attach(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.params["customer"], param="customer", status=400)
    method = methods.named(ledger, call.id, status=404)
    return methods.attach(ledger, method, customer["id"], call.cause)


def _detach(ledger: Ledger, call: Call) -> Json:
    return methods.detach(ledger, _kept(ledger, call), call.cause)


def _list(ledger: Ledger, call: Call) -> Json:
    if "customer" not in call.params:
        return objects.listing(call.path, [])
    return _of_customer(ledger, call, living(ledger, call.params["customer"], param="customer", status=400))


def _list_of_customer(ledger: Ledger, call: Call) -> Json:
    return _of_customer(ledger, call, living(ledger, call.id))


def _retrieve_of_customer(ledger: Ledger, call: Call) -> Json:
    customer = living(ledger, call.id)
    method = ledger.get("payment_method", call.part, param="payment_method")
    if method["customer"] != customer["id"]:
        message = f"The payment method {call.part} does not belong to the customer {customer['id']}."
        raise StripeError(message, status=404, code="resource_missing", param="payment_method")
    return method


def _of_customer(ledger: Ledger, call: Call, customer: Json) -> Json:
    asked = [field_is(name, call.params[name]) for name in ("allow_redisplay", "type") if name in call.params]
    return page(ledger, "payment_method", call, [field_is("customer", customer["id"]), *asked])


def _kept(ledger: Ledger, call: Call) -> Json:
    return methods.kept(ledger, call.id, param="payment_method", status=404)


_BASE = "/v1/payment_methods"
_CUSTOMER = "/v1/customers/<id>/payment_methods"

OPERATIONS = (
    Operation("POST", _BASE, "payment_methods.create", METHOD_DATA, _create),
    Operation("GET", _BASE, "payment_methods.list", _OF_CUSTOMER | {"customer": Text()}, _list),
    Operation("GET", f"{_BASE}/<id>", "payment_methods.retrieve", {}, _retrieve),
    Operation("POST", f"{_BASE}/<id>", "payment_methods.update", _CHANGES, _update),
    Operation("POST", f"{_BASE}/<id>/attach", "payment_methods.attach", {"customer": Text(required=True)}, _attach),
    Operation("POST", f"{_BASE}/<id>/detach", "payment_methods.detach", {}, _detach),
    Operation("GET", _CUSTOMER, "customers.payment_methods.list", _OF_CUSTOMER, _list_of_customer),
    Operation("GET", f"{_CUSTOMER}/<part>", "customers.payment_methods.retrieve", {}, _retrieve_of_customer),
)
